//! `POST /api/v1/invalidations/{id}/cancel`: cancels the batches that have not been sent.

use axum::extract::{Path, State, rejection::PathRejection};

use crate::{
    api::{error::ApiError, invalidations::representation::InvalidationShape, json::Json, state::Api},
    commands,
    http::caller::Caller,
};

use super::{acted, show::parse_id};

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
    let there = acted::existing(&api, &parse_id(id)?).await?;
    let done = commands::cancel_invalidation(&api.context, &caller.acting, &there.id).await;
    acted::answer(&api, &caller, there, done, "Nothing of it is queued now, so nothing was changed.").await
}
