//! A second person says yes or no, with a word.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    commands::{self, CommandError},
    domain::{id::ProposalId, invalidations::invalidation::parse_reason},
    http::{error::WebError, params::PathParams, session::Visitor, state::Web},
    store::invalidations::proposals,
};

use super::{super::form::FormBody, list};

#[derive(Debug, Deserialize)]
pub struct Decision {
    #[serde(default)]
    word: String,
}

const DECIDED: &str =
    "Somebody decided already, or it expired. Nothing was changed; the list shows how it stands.";

/// `POST /approvals/{id}/approve`
pub async fn approve(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(decision): FormBody<Decision>,
) -> Result<Response, WebError> {
    let what = "approve a request";
    visitor.require_operator(&web, what, None).await?;
    let Some(id) = ProposalId::parse(&id) else { return Err(visitor.no_such(&web, what).await) };
    let word = match parse_reason(&decision.word) {
        Ok(word) => word,
        Err(error) => return again(&web, &visitor, what, &error.to_string()).await,
    };
    let done =
        commands::approve_proposal(&web.context, &visitor.acting, &id, &word, web.options.limits).await;
    match visitor.keep(&web, what, done).await {
        Err(CommandError::TooLate) => Err(WebError::TooLate(DECIDED.to_owned())),
        other => Ok(Redirect::to(&format!("/invalidations/{}", other?)).into_response()),
    }
}

/// `POST /approvals/{id}/decline`
pub async fn decline(
    State(web): State<Web>,
    visitor: Visitor,
    PathParams(id): PathParams<String>,
    FormBody(decision): FormBody<Decision>,
) -> Result<Response, WebError> {
    let what = "decline a request";
    visitor.require_operator(&web, what, None).await?;
    let Some(id) = ProposalId::parse(&id) else { return Err(visitor.no_such(&web, what).await) };
    let now = web.context.clock.now();
    let found = proposals::find(&mut *web.context.db.read().await?, &id, now).await?;
    let own = found.is_some_and(|found| found.behind == visitor.person.id.as_str());
    let word = match parse_reason(&decision.word) {
        Ok(word) if word.is_empty() && !own => {
            let problem = "Say why you decline, for whoever asked. Nothing was changed.";
            return again(&web, &visitor, what, problem).await;
        }
        Ok(word) => word,
        Err(error) => return again(&web, &visitor, what, &error.to_string()).await,
    };
    let done = commands::decline_proposal(&web.context, &visitor.acting, &id, &word).await;
    match visitor.keep(&web, what, done).await {
        Err(CommandError::TooLate) => Err(WebError::TooLate(DECIDED.to_owned())),
        other => {
            other?;
            Ok(Redirect::to("/approvals").into_response())
        }
    }
}

async fn again(web: &Web, visitor: &Visitor, what: &str, problem: &str) -> Result<Response, WebError> {
    visitor.refuse_invalid(web, what, None, problem).await?;
    let page = list::render(web, visitor, false, Some(problem.to_owned())).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
