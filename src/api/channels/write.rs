//! Adds, changes, removes and tests notification channels.

use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::StatusCode,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{body::JsonFields, error::ApiError, json::Json, query::Params, state::Api},
    commands::{self, ChannelChange, CommandError, RulesChange},
    domain::notifications::{
        ChannelErrors, ChannelField, NotificationTopic, RULES_MAX, TypedChannel, TypedRule,
    },
    http::{caller::Caller, problem::Fault},
};

use super::{ChannelShape, no_such, parse_id};

/// What to add.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NewNotificationChannel, example = json!({"name": "Web team", "kind": "webhook", "address": "https://hooks.example.com/unstale", "signing": "hmac", "rules": [{"topics": ["failed"], "scope": "everything"}]}))]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub struct NewChannelShape {
    #[schema(max_length = 60)]
    pub name: String,
    /// `webhook`, `slack`, `teams`, `teams_card`, `email`, `sns` or `eventbridge`
    pub kind: String,
    /// An https address, which is stored encrypted; an e-mail address; or the ARN of a topic of Amazon SNS or of an event
    /// bus of Amazon EventBridge.
    #[schema(max_length = 2000)]
    pub address: String,
    /// `hmac` or `ed25519`, for a webhook.
    pub signing: Option<String>,
    #[schema(max_items = 20)]
    pub rules: Vec<NewRuleShape>,
}

/// What a channel is to be told of.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NewNotificationRule)]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub struct NewRuleShape {
    /// At least one, as `listChannels` gives them.
    #[schema(min_items = 1)]
    pub topics: Vec<String>,
    /// `everything`, `distribution`, `group` or `person`
    pub scope: String,
    /// The ID of the distribution, the name of the group, or the e-mail address of the person.
    pub scope_name: Option<String>,
}

/// What to change. A field that is left out stays as it is.
#[derive(Debug, Clone, ToSchema)]
#[schema(as = NotificationChannelChange, example = json!({"enabled": false}))]
#[expect(dead_code, reason = "it describes the body, which is read field by field")]
pub struct ChannelChangeShape {
    #[schema(max_length = 60)]
    pub name: Option<String>,
    #[schema(max_length = 2000)]
    pub address: Option<String>,
    /// All rules: those that are not named are removed.
    #[schema(max_items = 20)]
    pub rules: Option<Vec<NewRuleShape>>,
    pub enabled: Option<bool>,
}

/// A new channel, with what its receiver needs to check signatures.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AddedNotificationChannel)]
pub struct AddedChannelShape {
    #[serde(flatten)]
    pub channel: ChannelShape,
    /// The secret, `whsec_…`, or the public key, `whpk_…`. It is told only now. Null for a channel that does not sign.
    pub signing_key: Option<String>,
}

/// A test message.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TestMessage)]
pub struct TestMessageShape {
    /// The message's ID, which a webhook gets as `webhook-id`.
    pub id: String,
}

/// Add a notification channel
///
/// Only an administrator may: no token is one.
#[utoipa::path(post, path = "/api/v1/channels", operation_id = "addChannel", tag = "Notifications",
    request_body = NewChannelShape, responses((status = 201, body = AddedChannelShape)))]
pub async fn add(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    mut fields: JsonFields,
) -> Result<(StatusCode, Json<AddedChannelShape>), ApiError> {
    caller.require_admin()?;
    params.end()?;
    let typed = TypedChannel {
        name: fields.needed_text("name"),
        kind: fields.needed_text("kind"),
        address: fields.needed_text("address"),
        signing: fields.text("signing").unwrap_or_default(),
    };
    let rules = read_rules(&mut fields);
    fields.end()?;
    let added = commands::add_channel(&api.context, &caller.acting, &typed, &rules).await;
    let (channel, key) = added.map_err(refused)?;
    let signing_key = key.map(|key| key.for_receiver());
    let shape = AddedChannelShape { channel: ChannelShape::new(&channel), signing_key };
    Ok((StatusCode::CREATED, Json(shape)))
}

/// Change a notification channel
///
/// Only an administrator may: no token is one.
#[utoipa::path(put, path = "/api/v1/channels/{id}", operation_id = "changeChannel", tag = "Notifications",
    params(("id" = String, Path, description = "Its ID")),
    request_body = ChannelChangeShape, responses((status = 200, body = ChannelShape)))]
pub async fn set(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    id: Result<Path<String>, PathRejection>,
    mut fields: JsonFields,
) -> Result<Json<ChannelShape>, ApiError> {
    caller.require_admin()?;
    params.end()?;
    let id = parse_id(id)?;
    let change = ChannelChange {
        name: fields.text("name"),
        address: fields.text("address"),
        is_on: fields.flag("enabled"),
        rules: if fields.has("rules") {
            RulesChange::Replace(read_rules(&mut fields))
        } else {
            RulesChange::Keep
        },
    };
    fields.end()?;
    let changed = commands::change_channel(&api.context, &caller.acting, &id, &change).await;
    Ok(Json(ChannelShape::new(&changed.map_err(refused)?)))
}

/// Remove a notification channel
///
/// Messages that wait are not sent. Only an administrator may: no token is one.
#[utoipa::path(delete, path = "/api/v1/channels/{id}", operation_id = "removeChannel", tag = "Notifications",
    params(("id" = String, Path, description = "Its ID")), responses((status = 204)))]
pub async fn remove(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    caller.require_admin()?;
    params.end()?;
    let id = parse_id(id)?;
    commands::remove_channel(&api.context, &caller.acting, &id).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send a test message to a notification channel
///
/// It is sent in a moment. Whether it was delivered is then told by the channel. Only an administrator may: no token is
/// one.
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", operation_id = "testChannel", tag = "Notifications",
    params(("id" = String, Path, description = "Its ID")), responses((status = 202, body = TestMessageShape)))]
pub async fn test(
    State(api): State<Api>,
    caller: Caller,
    params: Params,
    id: Result<Path<String>, PathRejection>,
) -> Result<(StatusCode, Json<TestMessageShape>), ApiError> {
    caller.require_admin()?;
    params.end()?;
    let id = parse_id(id)?;
    let message = commands::test_channel(&api.context, &caller.acting, &id).await.map_err(refused)?;
    Ok((StatusCode::ACCEPTED, Json(TestMessageShape { id: message.to_string() })))
}

fn read_rules(fields: &mut JsonFields) -> Vec<TypedRule> {
    fields.objects("rules", RULES_MAX, |rule| TypedRule {
        topics: rule.needed_lines("topics", NotificationTopic::ALL.len()),
        scope: rule.needed_text("scope"),
        scope_name: rule.text("scope_name").unwrap_or_default(),
    })
}

fn refused(error: CommandError) -> ApiError {
    match error {
        CommandError::NotFound => no_such(),
        CommandError::Channel(ChannelErrors(errors)) => {
            let faults =
                errors.into_iter().map(|error| Fault::new(pointer(error.field()), error.to_string()));
            ApiError::invalid(faults.collect())
        }
        other => other.into(),
    }
}

const fn pointer(field: ChannelField) -> &'static str {
    match field {
        ChannelField::Name => "/name",
        ChannelField::Kind => "/kind",
        ChannelField::Signing => "/signing",
        ChannelField::Address => "/address",
        ChannelField::Topics | ChannelField::Scope | ChannelField::ScopeName => "/rules",
    }
}
