//! Adds the staging distributions of a continuous deployment to what was asked for, and says in a plan that they are
//! there. It only reads.
//!
//! Whoever may not see one of a pair is told nothing of it.

use crate::{
    domain::{
        access::Access,
        distributions::{continuous_deployment::StagingPair, distribution::Distribution},
        invalidations::plan::{Plan, PlanInput, Surroundings},
    },
    store::{
        Conn, StoreError,
        distributions::{self, continuous_deployments},
    },
};

use super::planning::plan;

/// What was asked for, by distribution.
pub type PlannedParts = Vec<(Distribution, PlanInput)>;

/// The staging distribution of a primary one, as far as the actor may see it. AWS lets a policy name one.
pub async fn staging_of(
    conn: &mut Conn,
    primary: &Distribution,
    access: &Access,
) -> Result<Option<(StagingPair, Distribution)>, StoreError> {
    let pairs = continuous_deployments::pairs_of(conn, &[&primary.id]).await?;
    let pair = pairs.into_iter().find(|pair| pair.primary == primary.id && access.sees(&pair.staging));
    let Some(pair) = pair else { return Ok(None) };
    let found = distributions::find(conn, &pair.staging).await?;
    Ok(found.map(|staging| (pair, staging)))
}

/// The pair of a staging distribution, and its primary one as far as the actor may see it.
pub async fn primary_of(
    conn: &mut Conn,
    staging: &Distribution,
    access: &Access,
) -> Result<Option<(StagingPair, Option<Distribution>)>, StoreError> {
    if !staging.staging {
        return Ok(None);
    }
    let pairs = continuous_deployments::pairs_of(conn, &[&staging.id]).await?;
    let Some(pair) = pairs.into_iter().find(|pair| pair.staging == staging.id) else { return Ok(None) };
    let primary =
        if access.sees(&pair.primary) { distributions::find(conn, &pair.primary).await? } else { None };
    Ok(Some((pair, primary)))
}

/// Says in the plan which cache it does not reach, and how viewers reach a staging distribution.
pub(super) async fn tell(
    conn: &mut Conn,
    plan: &mut Plan,
    distribution: &Distribution,
    access: &Access,
) -> Result<(), StoreError> {
    if let Some((pair, primary)) = primary_of(conn, distribution, access).await? {
        plan.tell_how_reached(&pair, primary.as_ref());
    } else if let Some((pair, staging)) = staging_of(conn, distribution, access).await? {
        plan.offer_staging(&pair, &staging, access);
    }
    Ok(())
}

/// The parts with the same items for the staging distribution of each, in the order of the distributions' IDs. `None` if
/// the actor may see no staging distribution of any part.
pub async fn with_staging(
    conn: &mut Conn,
    parts: PlannedParts,
    around: Surroundings,
    access: &Access,
) -> Result<Option<PlannedParts>, StoreError> {
    let (mut all, mut staged) = (Vec::with_capacity(parts.len() * 2), Vec::new());
    let mut is_one_known = false;
    for (distribution, input) in parts {
        if let Some((_, staging)) = staging_of(conn, &distribution, access).await? {
            is_one_known = true;
            let plan = plan(conn, input.clone(), &distribution, around, access).await?;
            // What cannot be sent here is said of this part, and not of its copy.
            staged.extend(plan.is_sendable().then(|| (staging, plan.input_for_staging())));
        }
        all.push((distribution, input));
    }
    if !is_one_known {
        return Ok(None);
    }
    for (staging, items) in staged {
        match all.iter_mut().find(|(distribution, _)| distribution.id == staging.id) {
            // Lines name it too.
            Some((_, input)) => *input = input.clone().and(items),
            None => all.push((staging, items)),
        }
    }
    all.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    Ok(Some(all))
}
