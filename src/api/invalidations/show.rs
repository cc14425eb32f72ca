//! `GET /api/v1/invalidations/{id}`: the state of one, at once or as soon as it has ended.

use std::time::Duration;

use axum::extract::{Path, State, rejection::PathRejection};

use crate::{
    api::{
        error::ApiError,
        invalidations::representation::InvalidationShape,
        json::Json,
        query::{Params, whole},
        state::Api,
    },
    domain::{
        id::InvalidationId,
        invalidations::invalidation::{Invalidation, InvalidationState},
    },
    http::caller::Caller,
    store::invalidations,
};

/// The maximum wait, in seconds.
const WAIT_MAX: u64 = 60;
/// The longest time between two reads. Other replicas do not notify this process, so this is how soon their changes
/// are seen.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The pause after a notification before the read, so that one read covers several commits.
const TOGETHER: Duration = Duration::from_millis(100);

/// Show an invalidation
///
/// With `wait` the answer comes as soon as it has ended, or when the time is over: look at its state. One token or
/// person may wait 20 times at once; more is answered with 429.
#[utoipa::path(get, path = "/api/v1/invalidations/{id}", operation_id = "showInvalidation", tag = "Invalidations",
    params(
        ("id" = String, Path, description = "Its ID"),
        ("wait" = Option<u64>, Query, minimum = 0, maximum = 60, description = "So many seconds at most, 0 to 60"),
    ),
    responses((status = 200, body = InvalidationShape)))]
pub async fn show(
    State(api): State<Api>,
    caller: Caller,
    id: Result<Path<String>, PathRejection>,
    mut params: Params,
) -> Result<Json<InvalidationShape>, ApiError> {
    let wait = params.read("wait", "a number of seconds from 0 to 60", |text| {
        whole::<u64>(text).filter(|seconds| *seconds <= WAIT_MAX)
    });
    params.end()?;
    let id = parse_id(id)?;
    let mut found = find(&api, &caller, &id).await?;
    if let Some(seconds) = wait.filter(|seconds| *seconds > 0 && is_open(&found)) {
        found = wait_for_end(&api, &caller, found, Duration::from_secs(seconds)).await?;
    }
    let shape = InvalidationShape::load(&mut *api.context.db.read().await?, &found, &caller.base).await?;
    Ok(Json(shape))
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

fn is_open(invalidation: &Invalidation) -> bool {
    matches!(invalidation.state, InvalidationState::Queued | InvalidationState::InProgress)
}

async fn wait_for_end(
    api: &Api,
    caller: &Caller,
    mut found: Invalidation,
    most: Duration,
) -> Result<Invalidation, ApiError> {
    let _permit = api.waiters.acquire(&caller.acting.actor)?;
    let mut notifier = api.context.notifier.listen();
    let until = tokio::time::Instant::now() + most;
    while is_open(&found) {
        tokio::select! {
            () = notifier.notified() => tokio::time::sleep(TOGETHER).await,
            () = tokio::time::sleep(HEARTBEAT) => {}
            () = tokio::time::sleep_until(until) => break,
            () = api.stop.cancelled() => break,
        }
        found = find(api, caller, &found.id).await?;
    }
    // The caller's access may have changed during the wait, so it is read again.
    find(api, &caller.renewed(api).await?, &found.id).await
}
