//! `GET /api/v1/checks/{id}`: a check, at once or as soon as each of its URLs has a verdict.

use std::time::Duration;

use axum::extract::{Path, State, rejection::PathRejection};

use crate::{
    api::{error::ApiError, json::Json, query::Params, state::Api, waiting::Waiting},
    domain::{
        checks::{CheckRun, Freshness},
        id::CheckRunId,
    },
    http::caller::Caller,
    store::checks,
};

use super::representation::CheckRunShape;

/// Show a check
///
/// With `wait` the answer comes as soon as each URL has a verdict, or when the time is over: look at its state.
#[utoipa::path(get, path = "/api/v1/checks/{id}", operation_id = "showCheck", tag = "Checks",
    params(
        ("id" = String, Path, description = "Its ID"),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 60, description = "So many seconds at most, 0 to 60"),
    ),
    responses((status = 200, body = CheckRunShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    mut params: Params,
) -> Result<Json<CheckRunShape>, ApiError> {
    let wait = params.wait();
    params.end()?;
    let id = id.ok().and_then(|Path(id)| CheckRunId::parse(&id));
    let id = id.ok_or_else(|| ApiError::not_found("check"))?;
    let are_checks_on = api.app.options.are_checks_on;
    let is_over = |run: &CheckRun| run.freshness != Freshness::Pending || !are_checks_on;
    let mut found = find(&api, &caller, &id).await?;
    if wait > Duration::ZERO && !is_over(&found) {
        let mut waiting = Waiting::begin(&api, &caller, wait)?;
        while !is_over(&found) && waiting.goes_on().await {
            found = find(&api, &caller, &id).await?;
        }
        // The caller's access may have changed during the wait, so it is read again.
        found = find(&api, &caller.renewed(&api).await?, &id).await?;
    }
    Ok(Json(CheckRunShape::new(&found, are_checks_on)))
}

/// The check, if the caller may see its distribution.
async fn find(api: &Api, caller: &Caller, id: &CheckRunId) -> Result<CheckRun, ApiError> {
    let found = checks::find(&mut *api.context.db.read().await?, id).await?;
    let found = found.filter(|found| caller.access.sees(&found.distribution));
    found.ok_or_else(|| ApiError::not_found("check"))
}
