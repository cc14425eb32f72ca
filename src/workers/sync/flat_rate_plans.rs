//! Reads which distributions are on flat-rate plans.

use crate::{
    cloudfront::PricingPlanManager,
    domain::{
        distributions::flat_rate_plan::FlatRatePlan, id::DistributionId, invalidations::problem::Problem,
    },
    store::{
        StoreError,
        distributions::{self, flat_rate_plans, optional_readings::OptionalReading},
    },
};

use super::{
    super::{Next, WorkerContext},
    optional_reading,
};

/// The maximum number of pages. An account has no more subscriptions than distributions.
const PAGES: usize = 100;

/// Reads the subscriptions of the account if that is due.
///
/// If AWS denies access, nothing fails. Prices are then shown as if no distribution were on a plan.
pub(super) async fn look(context: &WorkerContext) -> Result<Next, StoreError> {
    let what = OptionalReading::FlatRatePlans;
    let Some(manager) = &context.pricing_plan_manager else { return Ok(Next::Idle) };
    let before = match optional_reading::due(context, what).await? {
        Ok(before) => before,
        Err(due_at) => return Ok(Next::At(due_at)),
    };
    if distributions::account_listed(&mut *context.db.read().await?).await?.is_none() {
        return Ok(Next::Idle);
    }
    if !optional_reading::claim(context, what).await? {
        return Ok(Next::Again);
    }
    let read = read_all(manager).await;
    optional_reading::settle(context, what, &before, read, flat_rate_plans::replace).await
}

async fn read_all(manager: &PricingPlanManager) -> Result<Vec<(DistributionId, FlatRatePlan)>, Problem> {
    let mut all = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let page = manager.list_subscriptions(next.as_deref()).await?;
        all.extend(page.rows.into_iter().map(|one| (one.distribution, one.plan)));
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(all)
}
