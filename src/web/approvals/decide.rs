//! The forms with which a second person approves or declines a request.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{
        id::ProposalId,
        invalidations::{
            freeze_window::{FreezeAnswer, LacksForFreeze},
            invalidation::parse_reason,
        },
    },
    http::{error::HttpError, params::PathParams, session::Visitor, state::AppState},
    store::invalidations::proposals,
    web::saved::saved,
};

use super::{super::form::FormBody, list};

#[derive(Debug, Deserialize)]
pub struct Decision {
    #[serde(default)]
    word: String,
    /// Set if it may be sent during the freeze windows that it meets.
    override_freeze: Option<String>,
}

const DECIDED: &str =
    "This request was decided already, or it expired. Nothing was changed. The list shows its state.";

/// `POST /approvals/{id}/approve`
pub async fn approve(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(decision): FormBody<Decision>,
) -> Result<Response, HttpError> {
    let what = "approve a request";
    visitor.require_operator(&app, what, None).await?;
    let Some(id) = ProposalId::parse(&id) else { return Err(visitor.no_such(&app, what).await) };
    let word = match parse_reason(&decision.word) {
        Ok(word) => word,
        Err(error) => return again(&app, &visitor, what, &error.to_string()).await,
    };
    let answer = FreezeAnswer { overrides: decision.override_freeze.is_some(), reason: &word };
    let done =
        commands::approve_proposal(&app.context, &visitor.acting, &id, answer, app.options.throughput.limits)
            .await;
    match visitor.keep(&app, what, done).await {
        Err(CommandError::Frozen(refusal)) => {
            let problem = match refusal.lacks {
                LacksForFreeze::Override => {
                    format!(
                        "Refused: {}. Tick the box and write a comment that says why. Nothing was sent.",
                        refusal.met.describe()
                    )
                }
                LacksForFreeze::Reason => {
                    "Write a comment that says why it is sent during the freeze window. Nothing was sent."
                        .to_owned()
                }
            };
            let page = list::render(&app, &visitor, false, Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(CommandError::TooLate) => Err(HttpError::TooLate(DECIDED.to_owned())),
        other => Ok(Redirect::to(&format!("/invalidations/{}", other?)).into_response()),
    }
}

/// `POST /approvals/{id}/decline`
pub async fn decline(
    State(app): State<AppState>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(decision): FormBody<Decision>,
) -> Result<Response, HttpError> {
    let what = "decline a request";
    visitor.require_operator(&app, what, None).await?;
    let Some(id) = ProposalId::parse(&id) else { return Err(visitor.no_such(&app, what).await) };
    let now = app.context.clock.now();
    let found = proposals::find(&mut *app.context.db.read().await?, &id, now).await?;
    let own = found.is_some_and(|found| found.behind == visitor.person.id.as_str());
    let word = match parse_reason(&decision.word) {
        Ok(word) if word.is_empty() && !own => {
            let problem = "Write a comment that says why you decline. The person who asked reads it. Nothing was changed.";
            return again(&app, &visitor, what, problem).await;
        }
        Ok(word) => word,
        Err(error) => return again(&app, &visitor, what, &error.to_string()).await,
    };
    let done = commands::decline_proposal(&app.context, &visitor.acting, &id, &word).await;
    match visitor.keep(&app, what, done).await {
        Err(CommandError::TooLate) => Err(HttpError::TooLate(DECIDED.to_owned())),
        other => {
            other?;
            Ok(saved("/approvals").into_response())
        }
    }
}

async fn again(app: &AppState, visitor: &Visitor, what: &str, problem: &str) -> Result<Response, HttpError> {
    visitor.refuse_invalid(app, what, None, problem).await?;
    let page = list::render(app, visitor, false, Some(problem.to_owned())).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
