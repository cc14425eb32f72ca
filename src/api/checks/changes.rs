//! `GET` and `POST /api/v1/distributions/{id}/changes`: the files of its buckets that changed since they were last
//! invalidated.

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
        checks::{BucketChanges, BucketComparison, ChangesProblem},
        id::DistributionId,
    },
    http::{caller::Caller, problem::ProblemType},
    store::checks,
};

/// The files of a distribution's buckets that changed since they were last invalidated.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Changes)]
pub struct ChangesShape {
    /// The ID of the distribution.
    pub distribution: String,
    /// When the buckets were last listed; null where they were not.
    #[schema(format = DateTime)]
    pub looked_at: Option<String>,
    /// Whether a listing that somebody asked for is still to be made.
    pub pending: bool,
    /// How many files changed since they were last invalidated; null where that is not known.
    pub count: Option<usize>,
    /// How many of them no known invalidation covers; null where that is not known.
    pub never_invalidated: Option<usize>,
    /// What refreshes them: the paths of the first 1,000 files, and `/` for the default root object.
    pub items: Vec<String>,
    /// Why nothing was compared; null where it was.
    pub problem: Option<ChangesProblemShape>,
}

/// Why the buckets were not compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ChangesProblem)]
pub struct ChangesProblemShape {
    /// A stable word, such as `list_denied`.
    pub name: String,
    /// What was found, for people.
    pub found: String,
    /// What to do next, for people.
    pub step: String,
    /// A policy to be copied; null where there is none.
    pub snippet: Option<String>,
}

impl ChangesShape {
    fn new(id: &DistributionId, changes: Option<&BucketChanges>, are_checks_on: bool) -> Self {
        let seen = changes.and_then(BucketChanges::comparison);
        let compared = seen.filter(|seen| seen.problem.is_none());
        Self {
            distribution: id.to_string(),
            looked_at: changes.and_then(|changes| changes.seen.as_ref()).map(|(at, _)| at.to_string()),
            pending: are_checks_on && changes.is_some_and(|changes| changes.asked_at.is_some()),
            count: compared.map(|seen| seen.changed),
            never_invalidated: compared.map(|seen| seen.never_invalidated),
            items: compared
                .into_iter()
                .flat_map(BucketComparison::items)
                .map(|item| item.to_string())
                .collect(),
            problem: seen.and_then(|seen| seen.problem.as_ref()).map(ChangesProblemShape::new),
        }
    }
}

impl ChangesProblemShape {
    fn new(problem: &ChangesProblem) -> Self {
        Self {
            name: problem.name.as_str().to_owned(),
            found: problem.found(),
            step: problem.step().to_owned(),
            snippet: problem.snippet(),
        }
    }
}

/// Show which files changed in the buckets of a distribution
///
/// What the last listing showed, without what was invalidated since. Buckets are listed where `ask_origin` is switched
/// on in the settings of checks. Files that were deleted are not in a listing.
#[utoipa::path(get, path = "/api/v1/distributions/{id}/changes", operation_id = "showChanges", tag = "Checks",
    params(("id" = String, Path, description = "The distribution's ID")),
    responses((status = 200, body = ChangesShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    params: Params,
) -> Result<Json<ChangesShape>, ApiError> {
    params.end()?;
    Ok(Json(load(&api, &caller, &name_in(id)?).await?))
}

/// Look for changed files in the buckets of a distribution
///
/// 202: the buckets are listed at once; ask for the changes until they are no longer `pending`. Where somebody waits
/// for a listing already, or the origin of the distribution is not to be asked, the answer is 409.
#[utoipa::path(post, path = "/api/v1/distributions/{id}/changes", operation_id = "lookForChanges", tag = "Checks",
    params(("id" = String, Path, description = "The distribution's ID")),
    responses((status = 202, body = ChangesShape)))]
pub async fn submit(
    State(api): State<Api>,
    caller: Caller,
    id: NamedPath,
    params: Params,
) -> Result<(StatusCode, Json<ChangesShape>), ApiError> {
    let named = name_in(id)?;
    caller.require_operator(&named)?;
    let id = caller.distribution(&mut *api.context.db.read().await?, &named).await?.id;
    let about = |error: ApiError| error.about(Some(id.clone()));
    params.end().map_err(about)?;
    require_checks(&api).map_err(about)?;
    match commands::look_for_changes(&api.context, &caller.acting, &id).await {
        Err(CommandError::TooLate) => {
            let detail = "CloudFront no longer lists this distribution, or no viewer uses it directly.";
            return Err(about(ApiError::new(ProblemType::TooLate, detail)));
        }
        other => other.map_err(|error| about(error.into()))?,
    }
    Ok((StatusCode::ACCEPTED, Json(load(&api, &caller, id.as_str()).await?)))
}

async fn load(api: &Api, caller: &Caller, named: &str) -> Result<ChangesShape, ApiError> {
    let mut conn = api.context.db.read().await?;
    let id = caller.distribution(&mut conn, named).await?.id;
    let changes = checks::changes::find(&mut conn, &id).await?;
    Ok(ChangesShape::new(&id, changes.as_ref(), api.app.options.are_checks_on))
}
