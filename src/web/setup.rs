//! Makes the first account with the one-time link that the first start prints.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use crate::{
    commands::{self, SetUp},
    domain::{
        actor::{Acting, Actor},
        audit::Target,
        secret::Secret,
        sign_in::{password::check_password, person::Email},
    },
    http::{error::HttpError, params::QueryParams, request_origin::RequestOrigin, state::AppState},
    store::sign_in::people,
};

use super::{
    form::{Field, FormBody},
    sign_in::{self, link, throttle},
    view,
};

#[derive(Template)]
#[template(path = "setup/page.html")]
struct SetUpPage {
    key: String,
    email: Field,
    password_error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct SetupLink {
    #[serde(default)]
    key: String,
}

fn link_is_not_good() -> HttpError {
    HttpError::NotAllowed {
        what: "This link is no longer valid".to_owned(),
        advice: "It works once, for a day, and only while there is no account. Start Unstale again to have a new one printed, or add an account with: unstale user add EMAIL --role admin --password-stdin".to_owned(),
    }
}

/// `GET /setup?key=…`
pub async fn show(
    State(app): State<AppState>,
    QueryParams(SetupLink { key }): QueryParams<SetupLink>,
) -> Result<Response, HttpError> {
    let link = Secret::parse(&key).ok_or_else(link_is_not_good)?;
    if !is_good(&app, &link).await? {
        return Err(link_is_not_good());
    }
    Ok(view::page(&SetUpPage { key, email: Field::default(), password_error: None })?.into_response())
}

async fn is_good(app: &AppState, link: &Secret) -> Result<bool, HttpError> {
    let mut conn = app.context.db.read().await?;
    let good = people::set_up_link_is_good(&mut conn, &link.hash(), app.context.clock.now()).await?;
    Ok(good && people::is_empty(&mut conn).await?)
}

#[derive(Debug, Deserialize)]
pub struct SetUpForm {
    #[serde(default)]
    key: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// `POST /setup`
pub async fn submit(
    State(app): State<AppState>,
    RequestOrigin(origin): RequestOrigin,
    jar: CookieJar,
    FormBody(form): FormBody<SetUpForm>,
) -> Result<Response, HttpError> {
    let link = Secret::parse(&form.key).ok_or_else(link_is_not_good)?;
    throttle::begin_link(&app, &origin)?;
    if !is_good(&app, &link).await? {
        throttle::refuse_link(&app, &origin, "set Unstale up").await?;
        return Err(link_is_not_good());
    }
    throttle::link_was_good(&app, &origin);
    let mut email = Field::new(form.email.trim());
    let address = email.check(Email::parse(&form.email));
    let known = address.as_ref().map_or("", Email::as_str);
    let password_error = check_password(&form.password, known).err().map(|error| error.to_string());
    let (Some(address), None) = (address, &password_error) else {
        let acting = Acting { actor: Actor::nobody(""), origin };
        let why = if email.error.is_some() { "what was typed is no e-mail address" } else { link::NOT_GOOD };
        let what = Target::act("set Unstale up");
        commands::refuse(&app.context, &acting, &what, None, why).await?;
        let page = view::page(&SetUpPage { key: form.key, email, password_error })?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    match commands::set_up(&app.context, &origin, &link, &address, &form.password).await? {
        SetUp::Done(signed_in) => Ok(sign_in::welcome(&app, jar, &signed_in, "/")),
        SetUp::LinkIsNotGood => Err(link_is_not_good()),
    }
}
