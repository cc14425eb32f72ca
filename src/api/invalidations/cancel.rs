//! `POST /api/v1/invalidations/{id}/cancel`: cancels the batches that have not been sent.

use axum::extract::{Path, State, rejection::PathRejection};

use crate::{
    api::{error::ApiError, invalidations::representation::InvalidationShape, json::Json, state::Api},
    commands::{self, CommandError},
    http::caller::Caller,
    http::problem::ProblemType,
    store::invalidations,
};

use super::show::{find, parse_id};

/// Cancel what was not sent yet
///
/// What CloudFront has accepted cannot be cancelled: where nothing is queued any more the answer is 409.
#[utoipa::path(post, path = "/api/v1/invalidations/{id}/cancel", operation_id = "cancelInvalidation",
    tag = "Invalidations", params(("id" = String, Path, description = "Its ID")),
    responses((status = 200, body = InvalidationShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<InvalidationShape>, ApiError> {
    let id = parse_id(id)?;
    let there = invalidations::find(&mut *api.context.db.read().await?, &id).await?;
    let there = there.ok_or_else(|| ApiError::not_found("invalidation"))?;
    match commands::cancel_invalidation(&api.context, &caller.acting, &id).await {
        Err(CommandError::NotFound | CommandError::Hidden) => {
            return Err(ApiError::not_found("invalidation").told());
        }
        Err(CommandError::TooLate) => {
            let detail = "Nothing of it is queued now, so nothing was changed.";
            return Err(ApiError::new(ProblemType::TooLate, detail).about(Some(there.distribution)));
        }
        other => other?,
    }
    let found = find(&api, &caller, &id).await?;
    let mut conn = api.context.db.read().await?;
    Ok(Json(InvalidationShape::load(&api, &mut conn, &found, &caller.base).await?))
}
