//! `POST /settings/account/password`: sets a new password for the visitor.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use crate::{
    commands,
    domain::{
        audit::Target,
        sign_in::{password::check_password, person::PASSWORD_MAX},
    },
    http::{
        cookies::{self, CookieKind},
        error::HttpError,
        session::Visitor,
        state::AppState,
    },
    web::saved::saved,
};

use super::{
    super::{form::FormBody, sign_in::throttle},
    account::{self, Problems},
};

/// The message for a wrong current password.
pub const WRONG: &str = "That is not your current password.";

#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

pub async fn submit(
    State(app): State<AppState>,
    visitor: Visitor,
    jar: CookieJar,
    FormBody(form): FormBody<PasswordForm>,
) -> Result<Response, HttpError> {
    if let Err(error) = check_password(&form.new, &visitor.person.email) {
        let what = Target::act("change the password");
        commands::refuse(
            &app.context,
            &visitor.acting,
            &what,
            None,
            "the new password was not strong enough",
        )
        .await?;
        let problems = Problems { new: Some(error.to_string()), ..Problems::default() };
        return account::refused(&app, &visitor, problems).await;
    }
    if !is_current(&app, &visitor, &form.current, "change the password").await? {
        let problems = Problems { current: Some(WRONG.to_owned()), ..Problems::default() };
        return account::refused(&app, &visitor, problems).await;
    }
    let session = visitor.session.as_ref().ok_or(HttpError::NotFound)?;
    let secret =
        commands::change_password(&app.context, &visitor.acting, &visitor.person.id, session, &form.new)
            .await?;
    let jar = jar.add(cookies::cookie(&app, CookieKind::Session, secret.reveal().to_owned()));
    Ok((jar, saved("/settings/account")).into_response())
}

/// Whether this is the visitor's password. Attempts are limited like those at sign-in.
pub async fn is_current(
    app: &AppState,
    visitor: &Visitor,
    current: &str,
    what: &str,
) -> Result<bool, HttpError> {
    let (origin, account) = (&visitor.acting.origin, visitor.person.email.as_str());
    if let Some(wait) = throttle::begin(app, origin, account).await? {
        return Err(HttpError::TooOften(wait));
    }
    let current = if current.len() > PASSWORD_MAX { "" } else { current };
    let person = &visitor.person.id;
    let right = commands::check_own_password(&app.context, &visitor.acting, person, current, what).await?;
    if right {
        throttle::succeeded(app, origin, account);
    }
    Ok(right)
}
