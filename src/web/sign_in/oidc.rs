//! Sign-in with an OpenID Connect provider: the redirect to it, and the callback.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    commands,
    domain::{actor::Origin, secret::Secret, time::Timestamp},
    http::{
        cookies::{self, CookieKind},
        error::HttpError,
        params::QueryParams,
        request_origin::RequestOrigin,
        state::AppState,
    },
    identity::{
        IdentityError,
        oidc::{AuthorizationResponse, Oidc, Question},
    },
};

use super::{super::view, Provider, SignInPage, Where, own_path, throttle, welcome};

/// How long a sign-in at the provider may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(15);

/// The name of this authentication method in the history.
const WAY: &str = "OpenID Connect";

/// The address that starts the sign-in. It then goes on to `next`.
pub fn address(next: &str) -> String {
    super::leading_on("/sign-in/oidc", next)
}

fn provider(app: &AppState) -> Result<&Oidc, HttpError> {
    app.options.authentication_methods.oidc.as_deref().ok_or(HttpError::NotFound)
}

pub fn redirect_uri(app: &AppState) -> String {
    let base = app.options.public_url.as_deref().unwrap_or_default();
    format!("{base}/sign-in/oidc/callback")
}

/// `GET /sign-in/oidc`: redirects to the provider.
pub async fn start(
    State(app): State<AppState>,
    QueryParams(Where { next, .. }): QueryParams<Where>,
    jar: CookieJar,
) -> Result<Response, HttpError> {
    let provider = provider(&app)?;
    let now = app.context.clock.now();
    let next = own_path(next);
    let question = Question {
        state: commands::new_secret()?,
        nonce: commands::new_secret()?,
        verifier: commands::new_secret()?,
    };
    match provider.ask(&question, &redirect_uri(&app), now).await {
        Ok(address) => {
            let kept = keep(&question, now.plus(PATIENCE), &next);
            let jar = jar.add(cookies::cookie(&app, CookieKind::Provider, kept));
            Ok((jar, Redirect::to(&address)).into_response())
        }
        Err(error) => {
            tracing::warn!(%error, "the provider cannot be asked");
            let words = format!("{} does not answer. Try again in a moment.", provider.settings.name);
            page(&app, StatusCode::BAD_GATEWAY, next, words)
        }
    }
}

/// `GET /sign-in/oidc/callback`: takes the provider's response.
pub async fn callback(
    State(app): State<AppState>,
    RequestOrigin(origin): RequestOrigin,
    QueryParams(answer): QueryParams<AuthorizationResponse>,
    headers: HeaderMap,
    jar: CookieJar,
) -> Result<Response, HttpError> {
    let provider = provider(&app)?;
    let now = app.context.clock.now();
    let origin = Origin { sign_in: WAY.to_owned(), ..origin };
    let kept = cookies::text_in(&headers, &app, CookieKind::Provider).and_then(|kept| read_kept(&kept, now));
    // Each authorization request is answered once, so its cookie is removed.
    let jar = jar.add(cookies::removal(&app, CookieKind::Provider));
    let Some((question, next)) = kept else {
        let why = "no question of this browser is open";
        return failed(&app, &origin, jar, "/".to_owned(), &IdentityError::Answer(why)).await;
    };
    let roles = &app.options.authentication_methods.external.roles;
    let who = match provider.finish(&question, &answer, &redirect_uri(&app), roles, now).await {
        Ok(who) => who,
        Err(error) => return failed(&app, &origin, jar, next, &error).await,
    };
    match commands::sign_in_by_provider(
        &app.context,
        &origin,
        &who,
        &app.options.authentication_methods.external,
    )
    .await?
    {
        Ok(signed_in) => Ok(welcome(&app, jar, &signed_in, &next)),
        Err(refusal) => {
            let page = page(&app, StatusCode::FORBIDDEN, next, refusal.label().to_owned())?;
            Ok((jar, page).into_response())
        }
    }
}

/// Shows the sign-in page with what to do. The cause is in the log, and in the history unless there are too many
/// attempts.
async fn failed(
    app: &AppState,
    origin: &Origin,
    jar: CookieJar,
    next: String,
    error: &IdentityError,
) -> Result<Response, HttpError> {
    tracing::warn!(%error, client = origin.client_address, "a sign-in with the provider failed");
    if throttle::begin_unnamed(app, origin).is_none() {
        commands::refuse_sign_in(&app.context, origin, "", &error.to_string()).await?;
    }
    let name = provider(app)?.settings.name.as_str();
    let (status, words) = match error {
        IdentityError::Unreachable(_) => {
            (StatusCode::BAD_GATEWAY, format!("{name} does not answer. Try again in a moment."))
        }
        IdentityError::Refused(_) => (
            StatusCode::FORBIDDEN,
            format!("{name} did not sign you in. Try again, or ask its administrator."),
        ),
        IdentityError::Answer(_) => (
            StatusCode::BAD_REQUEST,
            format!(
                "That sign-in was started in another browser, or too long ago. Press Continue with {name} to start again."
            ),
        ),
        IdentityError::Unreadable(_) | IdentityError::Signature(_) | IdentityError::Claims(_) => (
            StatusCode::BAD_GATEWAY,
            format!("The answer of {name} could not be verified. The cause is in Unstale's log and history."),
        ),
    };
    Ok((jar, page(app, status, next, words)?).into_response())
}

fn page(app: &AppState, status: StatusCode, next: String, problem: String) -> Result<Response, HttpError> {
    let mut page = SignInPage::new(app, next);
    page.provider = page.provider.map(|provider| Provider { problem: Some(problem), ..provider });
    Ok((status, view::page(&page)?).into_response())
}

/// The value of the cookie that holds the authorization request. Scripts and other sites cannot read it.
fn keep(question: &Question, until: Timestamp, next: &str) -> String {
    let Question { state, nonce, verifier } = question;
    let next = URL_SAFE_NO_PAD.encode(next);
    format!("{}.{}.{}.{}.{next}", state.reveal(), nonce.reveal(), verifier.reveal(), until.as_micros())
}

fn read_kept(kept: &str, now: Timestamp) -> Option<(Question, String)> {
    let mut parts = kept.split('.');
    let mut secret = || Secret::parse(parts.next()?);
    let question = Question { state: secret()?, nonce: secret()?, verifier: secret()? };
    let until: i64 = parts.next()?.parse().ok()?;
    let next = String::from_utf8(URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()?;
    (now.as_micros() < until && parts.next().is_none()).then(|| (question, own_path(Some(next))))
}
