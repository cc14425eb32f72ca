//! `POST /invalidations/{id}/retry`: sends again what CloudFront refused.

use axum::{extract::State, response::Redirect};

use crate::{
    commands::{self, CommandError},
    domain::id::InvalidationId,
    http::{error::WebError, params::PathParams, session::Visitor, state::Web},
};

const WHAT: &str = "retry an invalidation";

pub async fn retry(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, WebError> {
    visitor.require_operator(&web, WHAT, None).await?;
    let Some(id) = InvalidationId::parse(&id) else { return Err(visitor.no_such(&web, WHAT).await) };
    let done = commands::retry_invalidation(&web.context, &visitor.acting, &id).await;
    match visitor.keep(&web, WHAT, done).await {
        Err(CommandError::TooLate) => Err(WebError::TooLate(
            "Nothing of it stands refused any more, so nothing was sent again.".to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}
