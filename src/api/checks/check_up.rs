//! `GET` and `POST /api/v1/distributions/{id}/check-up`: the findings about a distribution, and looks for them.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    api::{
        caller::{NamedPath, name_in},
        checks::require_checks,
        error::ApiError,
        json::Json,
        query::Params,
        state::Api,
    },
    commands::{self, CommandError},
    domain::{
        checks::{CheckUp, Finding, check_up},
        distributions::distribution::Distribution,
    },
    http::{caller::Caller, problem::ProblemType},
    store::checks,
};

/// What the configuration of a distribution and a few looks at its site say.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CheckUp)]
pub struct CheckUpShape {
    /// The ID of the distribution.
    pub distribution: String,
    /// When the last looks were made; null where none were: then the findings are from the configuration alone.
    #[schema(format = DateTime)]
    pub looked_at: Option<String>,
    /// Whether looks that somebody asked for are still to be made.
    pub pending: bool,
    /// The worst first.
    pub findings: Vec<FindingShape>,
}

/// One finding.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingShape {
    /// A stable word, such as `https_only`.
    pub name: String,
    /// `problem`, `advice`, `unknown` or `good`.
    pub state: String,
    /// What was found, for people.
    pub found: String,
    /// What to do next, for people; null where there is nothing to do.
    pub step: Option<String>,
    /// A command, a policy or a function to be copied; null where there is none. What is not known stands there as a
    /// placeholder, such as `YOUR-BUCKET`.
    pub snippet: Option<String>,
}

impl CheckUpShape {
    /// Where the service makes no looks, nobody has to wait for any.
    fn new(distribution: &Distribution, last: Option<&CheckUp>, are_checks_on: bool) -> Self {
        let findings = check_up(distribution, last.and_then(CheckUp::looks));
        Self {
            distribution: distribution.id.to_string(),
            looked_at: last.and_then(|last| last.seen.as_ref()).map(|(at, _)| at.to_string()),
            pending: are_checks_on && last.is_some_and(|last| last.is_open),
            findings: findings.into_iter().map(FindingShape::new).collect(),
        }
    }
}

impl FindingShape {
    fn new(finding: Finding) -> Self {
        Self {
            name: finding.name.as_str().to_owned(),
            state: finding.state.as_str().to_owned(),
            found: finding.found,
            step: Some(finding.step).filter(|step| !step.is_empty()),
            snippet: finding.snippet,
        }
    }
}

/// Show the check-up of a distribution
///
/// The findings from its configuration are always there. Those that need looks are `unknown` until somebody has asked
/// for looks by POST.
#[utoipa::path(get, path = "/api/v1/distributions/{id}/check-up", operation_id = "showCheckUp", tag = "Checks",
    params(("id" = String, Path, description = "The distribution's ID")),
    responses((status = 200, body = CheckUpShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    params: Params,
) -> Result<Json<CheckUpShape>, ApiError> {
    params.end()?;
    Ok(Json(load(&api, &caller, &name_in(id)?).await?))
}

/// Look at a distribution for its check-up
///
/// 202: the looks are made at once; ask for the check-up until it is no longer `pending`. Where looks are still to be
/// made the answer is 409.
#[utoipa::path(post, path = "/api/v1/distributions/{id}/check-up", operation_id = "lookForCheckUp", tag = "Checks",
    params(("id" = String, Path, description = "The distribution's ID")),
    responses((status = 202, body = CheckUpShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    params: Params,
) -> Result<(StatusCode, Json<CheckUpShape>), ApiError> {
    let named = name_in(id)?;
    caller.require_operator(&named)?;
    let id = caller.distribution(&mut *api.context.db.read().await?, &named).await?.id;
    let about = |error: ApiError| error.about(Some(id.clone()));
    params.end().map_err(about)?;
    require_checks(&api).map_err(about)?;
    match commands::ask_for_check_up(&api.context, &caller.acting, &id).await {
        Err(CommandError::TooLate) => {
            let detail = "Viewers do not use this distribution directly, so there is nothing to look at.";
            return Err(about(ApiError::new(ProblemType::TooLate, detail)));
        }
        other => other.map_err(|error| about(error.into()))?,
    }
    Ok((StatusCode::ACCEPTED, Json(load(&api, &caller, id.as_str()).await?)))
}

async fn load(api: &Api, caller: &Caller, named: &str) -> Result<CheckUpShape, ApiError> {
    let mut conn = api.context.db.read().await?;
    let distribution = caller.distribution(&mut conn, named).await?;
    let last = checks::check_up::find(&mut conn, &distribution.id).await?;
    Ok(CheckUpShape::new(&distribution, last.as_ref(), api.app.options.are_checks_on))
}
