//! What is done to a channel by one press of a button.

use axum::{
    extract::State,
    response::{Html, Redirect},
};
use serde::Deserialize;

use crate::{
    commands::{self, ChannelChange, RulesChange},
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    web::{form::FormBody, saved::saved},
};

use super::{KeyOnce, PATH, channel, parse_id, path_of};

#[derive(Debug, Default, Deserialize)]
pub struct RemoveRuleForm {
    #[serde(default)]
    rule: String,
}

#[derive(Debug, Default, Deserialize)]
pub struct StateForm {
    /// `on`, or anything else for off.
    #[serde(default)]
    state: String,
}

/// `POST /settings/notifications/{id}/rules/remove`
pub async fn remove_rule(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<RemoveRuleForm>,
) -> Result<Redirect, HttpError> {
    let change = ChannelChange { rules: RulesChange::Remove(form.rule), ..ChannelChange::default() };
    change_it(&app, &visitor, &id, change).await
}

/// `POST /settings/notifications/{id}/state`
pub async fn change_state(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(form): FormBody<StateForm>,
) -> Result<Redirect, HttpError> {
    let change = ChannelChange { is_on: Some(form.state == "on"), ..ChannelChange::default() };
    change_it(&app, &visitor, &id, change).await
}

async fn change_it(
    app: &AppState,
    visitor: &Visitor,
    id: &str,
    change: ChannelChange,
) -> Result<Redirect, HttpError> {
    let what = "change a notification channel";
    visitor.require_admin(app, what).await?;
    let id = parse_id(app, visitor, what, id).await?;
    let changed = commands::change_channel(&app.context, &visitor.acting, &id, &change).await;
    visitor.keep(app, what, changed).await?;
    Ok(saved(&path_of(&id)))
}

/// `POST /settings/notifications/{id}/test`
pub async fn test(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "test a notification channel";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    let done = commands::test_channel(&app.context, &visitor.acting, &id).await;
    visitor.keep(&app, what, done).await?;
    Ok(saved(&path_of(&id)))
}

/// `POST /settings/notifications/{id}/retry`
pub async fn retry(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "send messages of a notification channel again";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    let done = commands::retry_messages(&app.context, &visitor.acting, &id).await;
    visitor.keep(&app, what, done).await?;
    Ok(saved(&path_of(&id)))
}

/// `POST /settings/notifications/{id}/key`: the page shows the new key once.
pub async fn change_key(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Html<String>, HttpError> {
    let what = "change the signing key of a notification channel";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    let done = commands::change_signing_key(&app.context, &visitor.acting, &id).await;
    let (changed, key) = visitor.keep(&app, what, done).await?;
    channel::render_with_key(&app, &visitor, &id, KeyOnce::new(&changed, &key)).await
}

/// `POST /settings/notifications/{id}/remove`
pub async fn remove(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
) -> Result<Redirect, HttpError> {
    let what = "remove a notification channel";
    visitor.require_admin(&app, what).await?;
    let id = parse_id(&app, &visitor, what, &id).await?;
    let done = commands::remove_channel(&app.context, &visitor.acting, &id).await;
    visitor.keep(&app, what, done).await?;
    Ok(saved(PATH))
}
