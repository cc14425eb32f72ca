//! The one-time link with which a person sets their password.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{
        actor::{Acting, Actor},
        audit::Target,
        secret::Secret,
    },
    http::{error::HttpError, params::QueryParams, request_origin::RequestOrigin, state::AppState},
    store::sign_in::password_links,
};

use super::{
    super::{form::FormBody, view},
    throttle,
};

#[derive(Template)]
#[template(path = "sign_in/link.html")]
struct LinkPage {
    key: String,
    email: String,
    error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct PasswordLinkQuery {
    #[serde(default)]
    key: String,
}

/// What the history says of a rejected password. It never contains what was typed.
pub const NOT_GOOD: &str = "the new password was not strong enough";

fn link_is_not_good() -> HttpError {
    HttpError::NotAllowed {
        what: "This link is no longer valid".to_owned(),
        advice: "It works once and for a day. Ask an administrator for a new one.".to_owned(),
    }
}

async fn whose(app: &AppState, link: &Secret) -> Result<Option<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let found = password_links::find(&mut conn, &link.hash(), app.context.clock.now()).await?;
    Ok(found.map(|person| person.email))
}

/// `GET /password?key=…`
pub async fn show(
    State(app): State<AppState>,
    QueryParams(PasswordLinkQuery { key }): QueryParams<PasswordLinkQuery>,
) -> Result<Response, HttpError> {
    let link = Secret::parse(&key).ok_or_else(link_is_not_good)?;
    let email = whose(&app, &link).await?.ok_or_else(link_is_not_good)?;
    Ok(view::page(&LinkPage { key, email, error: None })?.into_response())
}

#[derive(Debug, Deserialize)]
pub struct LinkForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    password: String,
}

/// `POST /password`: sets the password. The person then signs in with it, and with their second step if they have
/// one.
pub async fn submit(
    State(app): State<AppState>,
    RequestOrigin(origin): RequestOrigin,
    FormBody(form): FormBody<LinkForm>,
) -> Result<Response, HttpError> {
    let link = Secret::parse(&form.key).ok_or_else(link_is_not_good)?;
    throttle::begin_link(&app, &origin)?;
    let Some(email) = whose(&app, &link).await? else {
        throttle::refuse_link(&app, &origin, "set a password").await?;
        return Err(link_is_not_good());
    };
    throttle::link_was_good(&app, &origin);
    match commands::set_password_with_link(&app.context, &origin, &link, &form.password).await {
        Ok(true) => Ok(Redirect::to("/sign-in").into_response()),
        Ok(false) => Err(link_is_not_good()),
        Err(CommandError::Person(error)) => {
            let acting = Acting { actor: Actor::nobody(&email), origin };
            let what = Target::act("set a password");
            commands::refuse(&app.context, &acting, &what, None, NOT_GOOD).await?;
            let page = view::page(&LinkPage { key: form.key, email, error: Some(error.to_string()) })?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
