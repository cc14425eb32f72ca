//! The cookies of Unstale: what they are for, their names, and the secrets in them.

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::domain::secret::Secret;

use super::state::AppState;

/// What a cookie of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    Session,
    /// The password was right and the code is still to come.
    PendingSecondFactor,
    /// A question to the provider that is not answered yet.
    Provider,
}

/// `__Host-` binds the cookie to this host and to https; browsers refuse it without.
fn cookie_name(app: &AppState, kind: CookieKind) -> &'static str {
    match (kind, app.is_https()) {
        (CookieKind::Session, true) => "__Host-unstale",
        (CookieKind::Session, false) => "unstale",
        (CookieKind::PendingSecondFactor, true) => "__Host-unstale-half",
        (CookieKind::PendingSecondFactor, false) => "unstale-half",
        (CookieKind::Provider, true) => "__Host-unstale-provider",
        (CookieKind::Provider, false) => "unstale-provider",
    }
}

/// The secret in a cookie of ours.
pub fn secret_in(headers: &HeaderMap, app: &AppState, kind: CookieKind) -> Option<Secret> {
    Secret::parse(&text_in(headers, app, kind)?)
}

/// The text in a cookie of ours.
pub fn text_in(headers: &HeaderMap, app: &AppState, kind: CookieKind) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    Some(jar.get(cookie_name(app, kind))?.value().to_owned())
}

/// Do cookies name two sessions? Which of them counts would be a matter of their order.
pub fn has_two_sessions(headers: &HeaderMap, app: &AppState) -> bool {
    let name = cookie_name(app, CookieKind::Session);
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|text| text.to_str().ok());
    let mut sessions = texts
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter_map(|(key, value)| (key == name).then_some(value));
    let first = sessions.next();
    sessions.any(|other| Some(other) != first)
}

pub fn has_session_cookie(headers: &HeaderMap, app: &AppState) -> bool {
    CookieJar::from_headers(headers).get(cookie_name(app, CookieKind::Session)).is_some()
}

/// A cookie that goes with the browser; the server ends what it stands for by itself too.
pub fn cookie(app: &AppState, kind: CookieKind, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(app, kind), value))
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .build()
}

/// A cookie that takes ours away.
pub fn removal(app: &AppState, kind: CookieKind) -> Cookie<'static> {
    let mut cookie = cookie(app, kind, String::new());
    cookie.make_removal();
    cookie
}
