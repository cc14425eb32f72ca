//! `POST /invalidations/{id}/retry`: sends again what CloudFront refused.

use axum::{extract::State, response::Redirect};

use crate::{
    domain::id::InvalidationId,
    ops::{self, OpError},
};

use super::super::{auth::Visitor, error::WebError, form::Named, state::Web};

pub async fn retry(
    State(web): State<Web>,
    visitor: Visitor,
    Named(id): Named<String>,
) -> Result<Redirect, WebError> {
    let id = InvalidationId::parse(&id).ok_or(WebError::NotFound)?;
    visitor.require_operator(&web, "retry an invalidation", None).await?;
    match ops::retry_invalidation(&web.desk, &visitor.acting, &id).await {
        Err(OpError::TooLate) => Err(WebError::TooLate(
            "Nothing of it stands refused any more, so nothing was sent again.".to_owned(),
        )),
        other => {
            other?;
            Ok(Redirect::to(&format!("/invalidations/{id}")))
        }
    }
}
