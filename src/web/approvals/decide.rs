//! A second person says yes or no, with a word.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use crate::{
    domain::{id::ProposalId, invalidation::parse_reason},
    ops::{self, OpError},
    store::proposals,
};

use super::{
    super::{
        auth::Visitor,
        error::WebError,
        form::{Named, Posted},
        state::Web,
    },
    list,
};

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
    Named(id): Named<String>,
    Posted(decision): Posted<Decision>,
) -> Result<Response, WebError> {
    let id = ProposalId::parse(&id).ok_or(WebError::NotFound)?;
    visitor.require_operator(&web, "approve a request", None).await?;
    let word = match parse_reason(&decision.word) {
        Ok(word) => word,
        Err(error) => return again(&web, &visitor, &error.to_string()).await,
    };
    match ops::approve_proposal(&web.desk, &visitor.acting, &id, &word, web.options.limits).await {
        Err(OpError::TooLate) => Err(WebError::TooLate(DECIDED.to_owned())),
        other => Ok(Redirect::to(&format!("/invalidations/{}", other?)).into_response()),
    }
}

/// `POST /approvals/{id}/decline`
pub async fn decline(
    State(web): State<Web>,
    visitor: Visitor,
    Named(id): Named<String>,
    Posted(decision): Posted<Decision>,
) -> Result<Response, WebError> {
    let id = ProposalId::parse(&id).ok_or(WebError::NotFound)?;
    visitor.require_operator(&web, "decline a request", None).await?;
    let now = web.desk.clock.now();
    let found = proposals::find(&mut *web.desk.db.read().await?, &id, now).await?;
    let own = found.is_some_and(|found| found.behind == visitor.person.id.as_str());
    let word = match parse_reason(&decision.word) {
        Ok(word) if word.is_empty() && !own => {
            return again(&web, &visitor, "Say why you decline, for whoever asked. Nothing was changed.")
                .await;
        }
        Ok(word) => word,
        Err(error) => return again(&web, &visitor, &error.to_string()).await,
    };
    match ops::decline_proposal(&web.desk, &visitor.acting, &id, &word).await {
        Err(OpError::TooLate) => Err(WebError::TooLate(DECIDED.to_owned())),
        other => {
            other?;
            Ok(Redirect::to("/approvals").into_response())
        }
    }
}

async fn again(web: &Web, visitor: &Visitor, problem: &str) -> Result<Response, WebError> {
    let page = list::render(web, visitor, false, Some(problem.to_owned())).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}
