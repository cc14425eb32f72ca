//! What is known of whether viewers get the new version.

use std::collections::HashMap;

use crate::{
    api::state::Api,
    domain::{
        checks::{CheckRun, Freshness, may_get_run},
        id::{DistributionId, InvalidationId},
        invalidations::invalidation::{Invalidation, InvalidationState},
    },
    store::{Conn, StoreError, checks, distributions},
};

/// The freshness of each of these invalidations.
pub async fn of_all(
    api: &Api,
    conn: &mut Conn,
    invalidations: &[Invalidation],
) -> Result<HashMap<InvalidationId, Freshness>, StoreError> {
    let ids: Vec<&InvalidationId> = invalidations.iter().map(|one| &one.id).collect();
    // What is unread is asked first: a run and the mark that its event was read are committed together.
    let unread = checks::unread(conn, &ids).await?;
    let of_runs = checks::freshness_of(conn, &ids).await?;
    let each = invalidations.iter().map(|one| {
        let of_run = of_runs.get(&one.id).copied();
        (one.id.clone(), told(api, one, of_run, unread.contains(&one.id)))
    });
    Ok(each.collect())
}

/// The freshness of an invalidation, and its run if there is one.
pub async fn of(
    api: &Api,
    conn: &mut Conn,
    invalidation: &Invalidation,
) -> Result<(Freshness, Option<CheckRun>), StoreError> {
    let is_unread = !checks::unread(conn, &[&invalidation.id]).await?.is_empty();
    let run = checks::of_invalidation(conn, &invalidation.id).await?;
    let freshness = told(api, invalidation, run.as_ref().map(|run| run.freshness), is_unread);
    Ok((freshness, run))
}

/// The freshness at the moment when the invalidation was accepted: nothing was looked at yet.
pub async fn as_accepted(
    api: &Api,
    conn: &mut Conn,
    invalidation: &Invalidation,
) -> Result<Freshness, StoreError> {
    // The settings may have changed since a run was made.
    let is_on = api.app.options.are_checks_on;
    if is_on && checks::freshness_of(conn, &[&invalidation.id]).await?.contains_key(&invalidation.id) {
        return Ok(Freshness::Pending);
    }
    of_new(api, conn, &invalidation.distribution).await
}

/// The freshness of a new invalidation of this distribution.
pub async fn of_new(
    api: &Api,
    conn: &mut Conn,
    distribution: &DistributionId,
) -> Result<Freshness, StoreError> {
    if !api.app.options.are_checks_on {
        return Ok(Freshness::Off);
    }
    let settings = checks::settings::find(conn, distribution).await?;
    let found = distributions::find(conn, distribution).await?;
    let is_covered = found.is_some_and(|distribution| settings.cover(&distribution));
    Ok(if is_covered { Freshness::Pending } else { Freshness::Off })
}

/// Where there is no run yet, one may still be made as long as the checks have not read the history of the invalidation
/// to its end.
fn told(api: &Api, invalidation: &Invalidation, of_run: Option<Freshness>, is_unread: bool) -> Freshness {
    use InvalidationState::{Cancelled, Failed};
    let is_on = api.app.options.are_checks_on;
    match of_run {
        // No look follows: the checks are switched off, or there is nothing to look for.
        Some(Freshness::Pending) if !is_on || matches!(invalidation.state, Failed | Cancelled) => {
            Freshness::Off
        }
        Some(freshness) => freshness,
        None if is_on && is_unread && may_get_run(invalidation, api.context.clock.now()) => {
            Freshness::Pending
        }
        None => Freshness::Off,
    }
}
