//! `POST /api/v1/invalidations/{id}/override-freeze`: lets a waiting request go during the freeze windows that hold it.

use axum::extract::{Path, State, rejection::PathRejection};
use utoipa::ToSchema;

use crate::{
    api::{
        body::JsonFields, error::ApiError, invalidations::representation::InvalidationShape, json::Json,
        query::Params, state::Api,
    },
    commands::{self, CommandError},
    domain::invalidations::freeze_window::{FreezeAnswer, LacksForFreeze},
    http::{caller::Caller, problem::Fault},
};

use super::{acted, show::parse_id};

/// Why the request is sent anyway.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = OverrideFreezeRequest, example = json!({"reason": "WEB-412: the price is wrong"}))]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub struct OverrideFreezeShape {
    /// It is kept in the history.
    #[schema(max_length = 500)]
    pub reason: String,
}

/// Send what waits during a freeze window
///
/// A request whose time fell into a freeze window that was added later is sent at the time that was chosen for it, or now.
/// Where no window holds it the answer is 409.
#[utoipa::path(post, path = "/api/v1/invalidations/{id}/override-freeze", operation_id = "overrideFreeze",
    tag = "Invalidations", params(("id" = String, Path, description = "Its ID")), request_body = OverrideFreezeShape,
    responses((status = 200, body = InvalidationShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    id: Result<Path<String>, PathRejection>,
    mut fields: JsonFields,
) -> Result<Json<InvalidationShape>, ApiError> {
    params.end()?;
    let id = parse_id(id)?;
    let reason = fields.needed_text("reason");
    fields.end()?;
    let there = acted::existing(&api, &id).await?;
    let answer = FreezeAnswer { overrides: true, reason: &reason };
    let done = commands::override_freeze(&api.context, &caller.acting, &there.id, answer).await;
    if let Err(CommandError::Frozen(refusal)) = &done
        && refusal.lacks == LacksForFreeze::Reason
    {
        // The command has recorded the attempt.
        let fault = Fault::new("/reason", "Say why; it is kept in the history.");
        return Err(ApiError::invalid(vec![fault]).told());
    }
    acted::answer(&api, &caller, there, done, "No freeze window holds it now, so nothing was changed.").await
}
