//! Sign-in with a local account, and sign-out.

pub mod code;
pub mod link;
pub mod oidc;
pub mod throttle;

use std::time::Duration;

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use crate::{
    commands::{self, SignIn, SignedIn},
    domain::{actor::Origin, audit::Target, sign_in::person::Email},
    http::{
        cookies::{self, CookieKind},
        error::HttpError,
        params::QueryParams,
        request_origin::RequestOrigin,
        session::Visitor,
        state::AppState,
    },
    store::sign_in::people,
};

use super::{
    form::{Field, FormBody},
    view,
};

#[derive(Template)]
#[template(path = "sign_in/page.html")]
struct SignInPage {
    email: Field,
    problem: Option<String>,
    next: String,
    demo: bool,
    nobody_yet: bool,
    provider: Option<Provider>,
}

/// The button that leads to the provider.
struct Provider {
    name: String,
    /// The address that starts the sign-in with the provider.
    address: String,
    /// What went wrong with the provider.
    problem: Option<String>,
}

impl SignInPage {
    fn new(app: &AppState, next: String) -> Self {
        let demo = app.options.demo.is_some();
        let provider = app.options.authentication_methods.oidc.as_ref().map(|oidc| Provider {
            name: oidc.settings.name.clone(),
            address: oidc::address(&next),
            problem: None,
        });
        Self { email: Field::default(), problem: None, demo, nobody_yet: false, provider, next }
    }
}

#[derive(Debug, Deserialize)]
pub struct Where {
    next: Option<String>,
    /// Set to show this page even if people are sent straight to the provider.
    stay: Option<String>,
}

/// The maximum length of `next` in an address, in bytes. It becomes a part of a `Location`, and proxies limit the
/// headers of a response: nginx allows 4 KiB in all by default (`proxy_buffer_size`).
const NEXT_MAX: usize = 1_024;

/// The address of the sign-in page. The sign-in then goes on to `path`.
pub fn address(path: &str) -> String {
    leading_on("/sign-in", path)
}

/// The address of a sign-in page with `next`. If `next` is too long, its query is dropped; if it is still too long,
/// all of it.
fn leading_on(page: &str, next: &str) -> String {
    let encoded = |next: &str| url::form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
    let bare = next.split('?').next().unwrap_or_default();
    let fits = [next, bare].into_iter().map(encoded).find(|next| next.len() <= NEXT_MAX);
    match fits {
        Some(next) if bare != "/" || next != "%2F" => format!("{page}?next={next}"),
        _ => page.to_owned(),
    }
}

/// `next` if it is a path of this service, `/` otherwise: anything else could redirect to another site. Control
/// characters are refused, because browsers remove tabs and line breaks from URLs: a slash, a tab and a slash would
/// become two slashes.
fn own_path(next: Option<String>) -> String {
    let own = |path: &String| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains(|c: char| c == '\\' || c.is_control())
            && path.len() <= NEXT_MAX
    };
    next.filter(own).unwrap_or_else(|| "/".to_owned())
}

/// `GET /sign-in`
pub async fn show(
    State(app): State<AppState>,
    QueryParams(Where { next, stay }): QueryParams<Where>,
) -> Result<Response, HttpError> {
    if stay.is_none() && goes_straight_on(&app) {
        return Ok(Redirect::to(&oidc::address(&own_path(next))).into_response());
    }
    let nobody_yet = people::is_empty(&mut *app.context.db.read().await?).await?;
    let page = SignInPage { nobody_yet, ..SignInPage::new(&app, own_path(next)) };
    Ok(view::page(&page)?.into_response())
}

fn goes_straight_on(app: &AppState) -> bool {
    app.options.authentication_methods.oidc.as_ref().is_some_and(|oidc| oidc.settings.auto)
}

/// The answer to a write whose session has ended.
pub fn session_over(app: &AppState) -> Response {
    let problem =
        "Your session has ended. Nothing was saved or sent. Sign in, go back to the form and send it again.";
    let page = SignInPage { problem: Some(problem.to_owned()), ..SignInPage::new(app, "/".to_owned()) };
    let page = view::page(&page);
    (StatusCode::UNAUTHORIZED, page).into_response()
}

#[derive(Debug, Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    next: Option<String>,
}

/// `POST /sign-in`
pub async fn submit(
    State(app): State<AppState>,
    RequestOrigin(origin): RequestOrigin,
    jar: CookieJar,
    FormBody(form): FormBody<SignInForm>,
) -> Result<Response, HttpError> {
    let next = own_path(form.next);
    let mut email = Field::new(form.email.trim());
    let parsed = Email::parse(&form.email);
    let account = parsed.as_ref().map_or("", Email::as_str).to_owned();
    if let Some(wait) = throttle::begin(&app, &origin, &account).await? {
        return slowed_down(&app, email, wait, next);
    }
    let Some(address) = email.check(parsed) else {
        // What was typed is not recorded. It may be a password in the wrong field, and events of the history are
        // never changed.
        commands::refuse_sign_in(&app.context, &origin, "", "what was typed is no e-mail address").await?;
        return refused(&app, email, None, next);
    };
    if form.password.len() > crate::domain::sign_in::person::PASSWORD_MAX {
        commands::refuse_sign_in(&app.context, &origin, address.as_str(), "").await?;
        return refused(&app, email, Some(MISMATCH), next);
    }
    let require = app.options.authentication_methods.require_second_step;
    match commands::sign_in(&app.context, &origin, &address, &form.password, require).await? {
        SignIn::Done(signed_in) => {
            throttle::succeeded(&app, &origin, &account);
            Ok(welcome(&app, jar, &signed_in, &next))
        }
        SignIn::CodeAsked(half) => {
            throttle::was_right(&app, &origin, &account);
            let jar =
                jar.add(cookies::cookie(&app, CookieKind::PendingSecondFactor, half.reveal().to_owned()));
            Ok((jar, Redirect::to(&code::address(&next))).into_response())
        }
        SignIn::Refused => refused(&app, email, Some(MISMATCH), next),
    }
}

const MISMATCH: &str = "The e-mail address and the password do not match.";

fn refused(
    app: &AppState,
    email: Field,
    problem: Option<&'static str>,
    next: String,
) -> Result<Response, HttpError> {
    let problem = problem.map(str::to_owned);
    let page = view::page(&SignInPage { email, problem, ..SignInPage::new(app, next) })?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

fn slowed_down(app: &AppState, email: Field, wait: Duration, next: String) -> Result<Response, HttpError> {
    let seconds = wait.as_secs().max(1);
    let problem = Some(format!("Too many attempts from your network. Wait {seconds} s, then try again."));
    let page = view::page(&SignInPage { email, problem, ..SignInPage::new(app, next) })?;
    let retry_after = [(header::RETRY_AFTER, seconds.to_string())];
    Ok((StatusCode::TOO_MANY_REQUESTS, retry_after, page).into_response())
}

/// Sets the session cookie and redirects to `next`.
pub fn welcome(app: &AppState, jar: CookieJar, signed_in: &SignedIn, next: &str) -> Response {
    let jar = jar.add(cookies::cookie(app, CookieKind::Session, signed_in.secret.reveal().to_owned()));
    (jar, Redirect::to(next)).into_response()
}

/// `POST /sign-in/demo`: signs in with one click. Only in the demo.
pub async fn demo(
    State(app): State<AppState>,
    RequestOrigin(origin): RequestOrigin,
    jar: CookieJar,
) -> Result<Response, HttpError> {
    let demo = app.options.demo.as_ref().ok_or(HttpError::NotFound)?;
    let email = Email::parse(&demo.email).map_err(|error| HttpError::Internal(error.to_string()))?;
    let found = people::find(&mut *app.context.db.read().await?, &email).await?;
    let (person, _) = found.ok_or(HttpError::NotFound)?;
    let origin = Origin { sign_in: "demo".to_owned(), ..origin };
    let signed_in = commands::open_session(&app.context, &origin, person).await?;
    Ok(welcome(&app, jar, &signed_in, "/"))
}

/// `POST /sign-out`
pub async fn sign_out(
    State(app): State<AppState>,
    visitor: Visitor,
    jar: CookieJar,
) -> Result<Response, HttpError> {
    let Some(session) = &visitor.session else {
        let what = Target::act("sign out");
        let why = "the proxy signs in and out";
        commands::refuse(&app.context, &visitor.acting, &what, None, why).await?;
        return Err(HttpError::NotAllowed {
            what: "You are signed in by the proxy in front of Unstale".to_owned(),
            advice: "The proxy signs you in on each page. Sign out there to sign out here.".to_owned(),
        });
    };
    commands::end_session(&app.context, &visitor.acting, session).await?;
    let jar = jar.add(cookies::removal(&app, CookieKind::Session));
    // The browser may still have pages for its back button. The next person at this browser must not see them.
    let forget = [(HeaderName::from_static("clear-site-data"), HeaderValue::from_static("\"cache\""))];
    let address = if goes_straight_on(&app) { "/sign-in?stay=1" } else { "/sign-in" };
    Ok((jar, forget, Redirect::to(address)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_paths_lead_on() {
        let leads = |next: &str| own_path(Some(next.to_owned()));
        assert_eq!(leads("/history?before=3"), "/history?before=3");
        for foreign in
            ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "evil", ""]
        {
            assert_eq!(leads(foreign), "/", "{foreign}");
        }
        assert_eq!(address("/history?before=3"), "/sign-in?next=%2Fhistory%3Fbefore%3D3");
    }

    #[test]
    fn an_address_that_leads_on_is_never_long() {
        let long = "ü".repeat(4_000);
        assert_eq!(address("/"), "/sign-in");
        assert_eq!(address(&format!("/?q={long}")), "/sign-in");
        assert_eq!(address(&format!("/history?q={long}")), "/sign-in?next=%2Fhistory");
        assert_eq!(address(&format!("/{long}")), "/sign-in");
        assert_eq!(address(&format!("/{long}?q={long}")), "/sign-in");
        assert_eq!(address("/?distribution=E1"), "/sign-in?next=%2F%3Fdistribution%3DE1");
        assert_eq!(own_path(Some(format!("/history?q={long}"))), "/");
    }
}
