//! `POST /settings/account/password`: another password for oneself.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
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
        error::WebError,
        session::Visitor,
        state::Web,
    },
};

use super::{
    super::{form::FormBody, sign_in::throttle},
    account::{self, Problems},
};

/// What a current password that does not fit is told.
pub const WRONG: &str = "That is not your current password.";

#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    #[serde(default)]
    current: String,
    #[serde(default)]
    new: String,
}

pub async fn submit(
    State(web): State<Web>,
    visitor: Visitor,
    jar: CookieJar,
    FormBody(form): FormBody<PasswordForm>,
) -> Result<Response, WebError> {
    if let Err(error) = check_password(&form.new, &visitor.person.email) {
        let what = Target::new("act", "change the password");
        commands::refuse(&web.context, &visitor.acting, &what, None, "the new password was not good enough")
            .await?;
        let problems = Problems { new: Some(error.to_string()), ..Problems::default() };
        return account::refused(&web, &visitor, problems).await;
    }
    if !is_current(&web, &visitor, &form.current, "change the password").await? {
        let problems = Problems { current: Some(WRONG.to_owned()), ..Problems::default() };
        return account::refused(&web, &visitor, problems).await;
    }
    let session = visitor.session.as_ref().ok_or(WebError::NotFound)?;
    let secret =
        commands::change_password(&web.context, &visitor.acting, &visitor.person.id, session, &form.new)
            .await?;
    let jar = jar.add(cookies::cookie(&web, CookieKind::Session, secret.reveal().to_owned()));
    Ok((jar, Redirect::to("/settings/account")).into_response())
}

/// Is this the visitor's password? Guesses are slowed down as they are at the sign-in.
pub async fn is_current(web: &Web, visitor: &Visitor, current: &str, what: &str) -> Result<bool, WebError> {
    let (origin, account) = (&visitor.acting.origin, visitor.person.email.as_str());
    if let Some(wait) = throttle::begin(web, origin, account).await? {
        return Err(WebError::TooOften(wait));
    }
    let current = if current.len() > PASSWORD_MAX { "" } else { current };
    let person = &visitor.person.id;
    let right = commands::check_own_password(&web.context, &visitor.acting, person, current, what).await?;
    if right {
        throttle::succeeded(web, origin, account);
    }
    Ok(right)
}
