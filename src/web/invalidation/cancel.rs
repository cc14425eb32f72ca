//! `POST /invalidations/{id}/cancel`: takes back what was not sent yet.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::id::InvalidationId,
    http::{error::WebError, params::PathParams, session::Visitor, state::Web},
};

const WHAT: &str = "cancel an invalidation";

pub async fn cancel(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, WebError> {
    visitor.require_operator(&web, WHAT, None).await?;
    let Some(id) = InvalidationId::parse(&id) else { return Err(visitor.no_such(&web, WHAT).await) };
    let done = commands::cancel_invalidation(&web.context, &visitor.acting, &id).await;
    match visitor.keep(&web, WHAT, done).await {
        Err(CommandError::TooLate) => Err(WebError::TooLate(
            "Nothing of it is queued any more, and CloudFront cannot cancel what it has accepted. Nothing was changed.".to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}
