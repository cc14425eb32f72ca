//! `POST /invalidations/{id}/cancel`: cancels the batches that have not been sent.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::id::InvalidationId,
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
};

const WHAT: &str = "cancel an invalidation";

pub async fn cancel(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    visitor.require_operator(&app, WHAT, None).await?;
    let Some(id) = InvalidationId::parse(&id) else { return Err(visitor.no_such(&app, WHAT).await) };
    let done = commands::cancel_invalidation(&app.context, &visitor.acting, &id).await;
    match visitor.keep(&app, WHAT, done).await {
        Err(CommandError::TooLate) => Err(HttpError::TooLate(
            "Nothing of it is queued now, and CloudFront cannot cancel what it has accepted. Nothing was changed.".to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}
