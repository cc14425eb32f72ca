//! `/api/v1/channels`: the notification channels.

pub mod payload;
mod representation;
pub mod write;

pub use representation::ChannelShape;

use axum::extract::{Path, State, rejection::PathRejection};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{error::ApiError, json::Json, query::Params, state::Api},
    domain::id::ChannelId,
    http::caller::Caller,
    store::notifications::channels,
};

/// All channels, ordered by name.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = NotificationChannels)]
pub struct ChannelsShape {
    pub channels: Vec<ChannelShape>,
}

/// Show the notification channels
///
/// Only an administrator may: no token is one.
#[utoipa::path(get, path = "/api/v1/channels", operation_id = "listChannels", tag = "Notifications",
    responses((status = 200, body = ChannelsShape)))]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
) -> Result<Json<ChannelsShape>, ApiError> {
    caller.require_admin()?;
    params.end()?;
    let found = channels::list(&mut *api.context.db.read().await?).await?;
    Ok(Json(ChannelsShape { channels: found.iter().map(ChannelShape::new).collect() }))
}

/// Show a notification channel
///
/// Only an administrator may: no token is one.
#[utoipa::path(get, path = "/api/v1/channels/{id}", operation_id = "showChannel", tag = "Notifications",
    params(("id" = String, Path, description = "Its ID")), responses((status = 200, body = ChannelShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<ChannelShape>, ApiError> {
    caller.require_admin()?;
    params.end()?;
    let id = parse_id(id)?;
    let found = channels::find(&mut *api.context.db.read().await?, &id).await?;
    found.as_ref().map(|channel| Json(ChannelShape::new(channel))).ok_or_else(no_such)
}

fn parse_id(id: Result<Path<String>, PathRejection>) -> Result<ChannelId, ApiError> {
    id.ok().and_then(|Path(id)| ChannelId::parse(&id)).ok_or_else(no_such)
}

fn no_such() -> ApiError {
    ApiError::not_found("channel")
}
