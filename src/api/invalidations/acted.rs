//! What the acts on one invalidation have in common: it has to be there, and the answer is how it stands afterwards.

use crate::{
    api::{error::ApiError, invalidations::representation::InvalidationShape, json::Json, state::Api},
    commands::CommandError,
    domain::{id::InvalidationId, invalidations::invalidation::Invalidation},
    http::{caller::Caller, problem::ProblemType},
    store::invalidations,
};

use super::show::find;

/// The invalidation, also one that the caller may not see: the command refuses that, and records the attempt.
pub async fn existing(api: &Api, id: &InvalidationId) -> Result<Invalidation, ApiError> {
    let there = invalidations::find(&mut *api.context.db.read().await?, id).await?;
    there.ok_or_else(|| ApiError::not_found("invalidation"))
}

/// The answer to what the command did. `too_late` says why nothing was changed any more.
pub async fn answer(
    api: &Api,
    caller: &Caller,
    there: Invalidation,
    done: Result<(), CommandError>,
    too_late: &str,
) -> Result<Json<InvalidationShape>, ApiError> {
    match done {
        Err(CommandError::NotFound | CommandError::Hidden) => {
            return Err(ApiError::not_found("invalidation").told());
        }
        Err(CommandError::TooLate) => {
            return Err(ApiError::new(ProblemType::TooLate, too_late).about(Some(there.distribution)));
        }
        other => other?,
    }
    let found = find(api, caller, &there.id).await?;
    let mut conn = api.context.db.read().await?;
    Ok(Json(InvalidationShape::load(api, &mut conn, &found, &caller.base).await?))
}
