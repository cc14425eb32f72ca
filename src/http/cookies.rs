//! The cookies that Unstale sets: their purposes, their names, and the secrets in them.

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};

use crate::domain::secret::Secret;

use super::state::AppState;

/// The purpose of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookieKind {
    Session,
    /// A sign-in whose password was right and whose code is still missing.
    PendingSecondFactor,
    /// A sign-in at the provider that has not come back yet.
    Provider,
}

/// The name of a cookie. The prefix `__Host-` binds it to this host and to https. Browsers reject that prefix on a
/// cookie without `Secure`, so over http the name has no prefix.
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

/// The secret in the cookie of this kind. `None` if there is no such cookie or its value is not a secret.
pub fn secret_in(headers: &HeaderMap, app: &AppState, kind: CookieKind) -> Option<Secret> {
    Secret::parse(&text_in(headers, app, kind)?)
}

/// The value of the cookie of this kind.
pub fn text_in(headers: &HeaderMap, app: &AppState, kind: CookieKind) -> Option<String> {
    let jar = CookieJar::from_headers(headers);
    Some(jar.get(cookie_name(app, kind))?.value().to_owned())
}

/// Whether the request has cookies of two different sessions. Which of them counts would depend on their order.
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

/// A session cookie: the browser drops it when it closes. The server also expires the secret in it.
pub fn cookie(app: &AppState, kind: CookieKind, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(app, kind), value))
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .build()
}

/// A cookie that makes the browser delete the one of this kind.
pub fn removal(app: &AppState, kind: CookieKind) -> Cookie<'static> {
    let mut cookie = cookie(app, kind, String::new());
    cookie.make_removal();
    cookie
}
