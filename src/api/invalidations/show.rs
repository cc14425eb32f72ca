//! `GET /api/v1/invalidations/{id}`: the state of one, at once or as soon as it has ended.

use std::time::Duration;

use axum::extract::{Path, State, rejection::PathRejection};

use crate::{
    api::{
        error::ApiError, invalidations::representation::InvalidationShape, json::Json, query::Params,
        state::Api, waiting::Waiting,
    },
    domain::{
        checks::Freshness,
        id::InvalidationId,
        invalidations::invalidation::{Invalidation, InvalidationState},
    },
    http::caller::Caller,
    store::{StoreError, invalidations},
};

use super::freshness;

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The invalidation has ended.
    Completed,
    /// It has ended, and where viewers get the new version was looked at.
    Checked,
}

impl Until {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "completed" => Some(Self::Completed),
            "checked" => Some(Self::Checked),
            _ => None,
        }
    }
}

/// Show an invalidation
///
/// With `wait` the answer comes as soon as it has ended, or when the time is over: look at its state. With
/// `until=checked` it comes as soon as there is a verdict of what viewers get, or nothing is looked at: look at its
/// freshness. One token or person may wait 20 times at once; more is answered with 429.
#[utoipa::path(get, path = "/api/v1/invalidations/{id}", operation_id = "showInvalidation", tag = "Invalidations",
    params(
        ("id" = String, Path, description = "Its ID"),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 60, description = "So many seconds at most, 0 to 60"),
        ("until" = Option<String>, Query, description = "What to wait for: `completed`, as where it is left out, or `checked`"),
    ),
    responses((status = 200, body = InvalidationShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    mut params: Params,
) -> Result<Json<InvalidationShape>, ApiError> {
    let wait = params.wait();
    let until = params.read("until", "completed or checked", Until::parse).unwrap_or(Until::Completed);
    params.end()?;
    let id = parse_id(id)?;
    let mut found = find(&api, &caller, &id).await?;
    if wait > Duration::ZERO && !is_over(&api, &found, until).await? {
        let mut waiting = Waiting::begin(&api, &caller, wait)?;
        while !is_over(&api, &found, until).await? && waiting.goes_on().await {
            found = find(&api, &caller, &id).await?;
        }
        // The caller's access may have changed during the wait, so it is read again.
        found = find(&api, &caller.renewed(&api).await?, &id).await?;
    }
    let mut conn = api.context.db.read().await?;
    Ok(Json(InvalidationShape::load(&api, &mut conn, &found, &caller.base).await?))
}

/// The ID in the address. Text that cannot be an ID gets the same error as an ID that does not exist.
pub fn parse_id(id: Result<Path<String>, PathRejection>) -> Result<InvalidationId, ApiError> {
    let id = id.ok().and_then(|Path(id)| InvalidationId::parse(&id));
    id.ok_or_else(|| ApiError::not_found("invalidation"))
}

/// The invalidation, if the caller may see it.
pub async fn find(api: &Api, caller: &Caller, id: &InvalidationId) -> Result<Invalidation, ApiError> {
    let found = invalidations::find(&mut *api.context.db.read().await?, id).await?;
    let found = found.filter(|found| caller.access.sees(&found.distribution));
    found.ok_or_else(|| ApiError::not_found("invalidation"))
}

/// Whether nothing more is waited for. One that did not end as completed gets no verdict.
async fn is_over(api: &Api, found: &Invalidation, until: Until) -> Result<bool, StoreError> {
    use InvalidationState::{Completed, InProgress, Queued};
    match (found.state, until) {
        (Queued | InProgress, _) => Ok(false),
        (Completed, Until::Checked) => {
            let all = std::slice::from_ref(found);
            let known = freshness::of_all(api, &mut *api.context.db.read().await?, all).await?;
            Ok(known.get(&found.id) != Some(&Freshness::Pending))
        }
        _ => Ok(true),
    }
}
