//! The visitor's own second step: offered, confirmed with a first code, given new recovery codes, removed.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands,
    domain::{audit::Target, sign_in::second_step::RecoveryCode},
    http::{error::HttpError, session::Visitor, state::AppState},
    store::sign_in::{people, second_steps},
    web::saved::saved,
};

use super::{
    super::{
        form::FormBody,
        view::{self, Frame, Tab},
    },
    account::{self, Problems},
    password::{WRONG, is_current},
    qr::Offer,
};

#[derive(Template)]
#[template(path = "settings/second_step.html")]
struct StepPage {
    frame: Frame,
    offer: Offer,
    problem: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "settings/codes.html")]
struct RecoveryCodesPage {
    frame: Frame,
    codes: Vec<String>,
}

const PATH: &str = "/settings/account/second-step";

/// `GET /settings/account/second-step`
pub async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Response, HttpError> {
    page(&app, &visitor, None).await
}

async fn page(
    app: &AppState,
    visitor: &Visitor,
    problem: Option<&'static str>,
) -> Result<Response, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::Settings, "Second step", PATH).await?;
    let step = second_steps::find(&mut conn, &visitor.person.id).await?;
    drop(conn);
    let offered = step.filter(|step| step.confirmed_at.is_none());
    let Some(offer) = offered.and_then(|step| Offer::new(&step.secret, &visitor.person.email)) else {
        return Ok(Redirect::to("/settings/account").into_response());
    };
    Ok(view::page(&StepPage { frame, offer, problem })?.into_response())
}

/// `POST /settings/account/second-step`: makes a secret for an authenticator app. It asks for the password. With a
/// stolen session alone, an attacker could otherwise set up their own device and lock the person out.
pub async fn offer(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<CurrentForm>,
) -> Result<Response, HttpError> {
    let mut conn = app.context.db.read().await?;
    let found = people::find_by_id(&mut conn, &visitor.person.id).await?;
    let step = second_steps::find(&mut conn, &visitor.person.id).await?;
    drop(conn);
    if found.is_none_or(|(_, hash)| hash.is_empty()) {
        return refuse(&app, &visitor, "begin a second step", "there is no local password").await;
    }
    if step.is_some_and(|step| step.confirmed_at.is_some()) {
        return refuse(&app, &visitor, "begin a second step", "it is on already").await;
    }
    if !is_current(&app, &visitor, &form.current, "begin a second step").await? {
        return wrong_password(&app, &visitor).await;
    }
    if !commands::offer_second_step(&app.context, &visitor.acting, &visitor.person.id).await? {
        return refuse(&app, &visitor, "begin a second step", "it is on already").await;
    }
    Ok(Redirect::to(PATH).into_response())
}

async fn refuse(app: &AppState, visitor: &Visitor, what: &str, why: &str) -> Result<Response, HttpError> {
    commands::refuse(&app.context, &visitor.acting, &Target::act(what), None, why).await?;
    Err(HttpError::TooLate(format!("Nothing was changed: {why}.")))
}

#[derive(Debug, Deserialize)]
pub struct ConfirmForm {
    #[serde(default)]
    code: String,
}

/// `POST /settings/account/second-step/confirm`: shows the recovery codes, once.
pub async fn confirm(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<ConfirmForm>,
) -> Result<Response, HttpError> {
    let person = &visitor.person.id;
    let confirmed = commands::confirm_second_step(&app.context, &visitor.acting, person, &form.code).await?;
    if let Some(codes) = confirmed {
        return codes_page(&app, &visitor, &codes).await;
    }
    let problem = "That code is not valid. Wait for the next one, and check the clock of your device.";
    let page = page(&app, &visitor, Some(problem)).await?;
    // The page redirects if no second step is offered any more.
    if page.status().is_redirection() {
        return Ok(page);
    }
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn codes_page(
    app: &AppState,
    visitor: &Visitor,
    codes: &[RecoveryCode],
) -> Result<Response, HttpError> {
    let mut conn = app.context.db.read().await?;
    let frame = view::frame(&mut conn, app, visitor, Tab::Settings, "Recovery codes", PATH).await?;
    drop(conn);
    let codes = codes.iter().map(RecoveryCode::reveal).collect();
    Ok(view::page(&RecoveryCodesPage { frame, codes })?.into_response())
}

#[derive(Debug, Deserialize)]
pub struct CurrentForm {
    #[serde(default)]
    current: String,
}

/// `POST /settings/account/second-step/codes`: replaces the recovery codes and shows the new ones, once.
pub async fn new_codes(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<CurrentForm>,
) -> Result<Response, HttpError> {
    if !is_current(&app, &visitor, &form.current, "make recovery codes").await? {
        return wrong_password(&app, &visitor).await;
    }
    match commands::make_recovery_codes(&app.context, &visitor.acting, &visitor.person.id).await? {
        Some(codes) => codes_page(&app, &visitor, &codes).await,
        None => refuse(&app, &visitor, "make recovery codes", "the second step is not on").await,
    }
}

/// `POST /settings/account/second-step/remove`
pub async fn remove(
    State(app): State<AppState>,
    visitor: Visitor,
    FormBody(form): FormBody<CurrentForm>,
) -> Result<Response, HttpError> {
    if !is_current(&app, &visitor, &form.current, "remove the second step").await? {
        return wrong_password(&app, &visitor).await;
    }
    let keep = visitor.session.as_ref();
    match commands::take_second_step_away(&app.context, &visitor.acting, &visitor.person.id, keep).await {
        Ok(_) => Ok(saved("/settings/account").into_response()),
        Err(commands::CommandError::TooLate) => {
            refuse(&app, &visitor, "remove the second step", "it is not on").await
        }
        Err(error) => Err(error.into()),
    }
}

async fn wrong_password(app: &AppState, visitor: &Visitor) -> Result<Response, HttpError> {
    let problems = Problems { second_step: Some(WRONG.to_owned()), ..Problems::default() };
    account::refused(app, visitor, problems).await
}
