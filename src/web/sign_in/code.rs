//! The second page of a sign-in: asks for the code of an authenticator app, or sets one up if it is required.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use axum_extra::extract::cookie::CookieJar;
use serde::Deserialize;

use crate::{
    commands::{self, SecondStepPassed},
    domain::secret::Secret,
    http::{
        cookies::{self, CookieKind},
        error::HttpError,
        params::QueryParams,
        request_origin::RequestOrigin,
        state::AppState,
    },
    store::sign_in::pending_second_factors::{self, PendingSecondFactor},
};

use super::{
    super::{form::FormBody, settings::qr, view},
    Where, own_path, throttle, welcome,
};

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    next: String,
    problem: Option<&'static str>,
    /// The secret to set up first. `None` if the person has a second step.
    offer: Option<qr::Offer>,
}

#[derive(Template)]
#[template(path = "sign_in/codes.html")]
struct CodesPage {
    codes: Vec<String>,
    next: String,
}

/// The address of this page. The sign-in then goes on to `next`.
pub fn address(next: &str) -> String {
    super::leading_on("/sign-in/code", next)
}

/// `GET /sign-in/code`
pub async fn show(
    State(app): State<AppState>,
    QueryParams(Where { next, .. }): QueryParams<Where>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let half = cookies::secret_in(&headers, &app, CookieKind::PendingSecondFactor);
    let Some(found) = half_way(&app, half.as_ref()).await? else {
        return Ok(Redirect::to("/sign-in").into_response());
    };
    Ok(page(&found, own_path(next), None)?.into_response())
}

async fn half_way(app: &AppState, half: Option<&Secret>) -> Result<Option<PendingSecondFactor>, HttpError> {
    let Some(half) = half else { return Ok(None) };
    let mut conn = app.context.db.read().await?;
    Ok(pending_second_factors::find(&mut conn, &half.hash(), app.context.clock.now()).await?)
}

fn page(
    half: &PendingSecondFactor,
    next: String,
    problem: Option<&'static str>,
) -> Result<impl IntoResponse + use<>, HttpError> {
    let offer = half.offered.as_ref().and_then(|secret| qr::Offer::new(secret, &half.person.email));
    view::page(&CodePage { next, problem, offer })
}

#[derive(Debug, Deserialize)]
pub struct CodeForm {
    #[serde(default)]
    code: String,
    next: Option<String>,
}

/// `POST /sign-in/code`
pub async fn submit(
    State(app): State<AppState>,
    RequestOrigin(origin): RequestOrigin,
    headers: HeaderMap,
    jar: CookieJar,
    FormBody(form): FormBody<CodeForm>,
) -> Result<Response, HttpError> {
    let next = own_path(form.next);
    let half = cookies::secret_in(&headers, &app, CookieKind::PendingSecondFactor);
    let found = half_way(&app, half.as_ref()).await?;
    let account = found.as_ref().map_or(String::new(), |found| found.person.email.clone());
    if let Some(wait) = throttle::begin(&app, &origin, &account).await? {
        return Err(HttpError::TooOften(wait));
    }
    // Without a cookie, a random secret leads to the same refusal, and to the same event in the history.
    let half = half.map_or_else(commands::new_secret, Ok)?;
    match commands::pass_second_step(&app.context, &origin, &half, &form.code).await? {
        SecondStepPassed::Done(signed_in, codes) => {
            throttle::succeeded(&app, &origin, &account);
            let jar = jar.add(cookies::removal(&app, CookieKind::PendingSecondFactor));
            match codes {
                None => Ok(welcome(&app, jar, &signed_in, &next)),
                Some(codes) => {
                    let secret = signed_in.secret.reveal().to_owned();
                    let jar = jar.add(cookies::cookie(&app, CookieKind::Session, secret));
                    let codes =
                        codes.iter().map(crate::domain::sign_in::second_step::RecoveryCode::reveal).collect();
                    Ok((jar, view::page(&CodesPage { codes, next })?).into_response())
                }
            }
        }
        SecondStepPassed::Wrong => {
            let Some(found) = found else { return Ok(Redirect::to("/sign-in").into_response()) };
            let problem = "That code is not valid, or was used before. Wait for the next one.";
            let page = page(&found, next, Some(problem))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        SecondStepPassed::Over => {
            let jar = jar.add(cookies::removal(&app, CookieKind::PendingSecondFactor));
            Ok((jar, Redirect::to(&super::address(&next))).into_response())
        }
    }
}
