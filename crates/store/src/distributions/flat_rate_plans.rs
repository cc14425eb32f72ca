//! The distributions on flat-rate plans.

use unstale_domain::{distributions::flat_rate_plan::FlatRatePlan, id::DistributionId};

use crate::{StoreError, Tx, db::execute};

/// Writes which distributions are on flat-rate plans, in place of everything that was known. Those that are not listed here
/// are passed over.
pub async fn replace(tx: &mut Tx, plans: &[(DistributionId, FlatRatePlan)]) -> Result<(), StoreError> {
    execute!(tx, "UPDATE distribution SET flat_rate_plan = NULL WHERE flat_rate_plan IS NOT NULL")?;
    for (id, plan) in plans {
        execute!(
            tx,
            "UPDATE distribution SET flat_rate_plan = $2 WHERE id = $1",
            id.as_str(),
            plan.as_str()
        )?;
    }
    Ok(())
}
