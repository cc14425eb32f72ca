//! Reads the account's continuous deployment policies, after the configuration of a distribution that names one was read:
//! from them it is known which staging distribution belongs to it. One list answers for all distributions that wait for it.

use std::collections::HashMap;

use tokio::sync::Mutex;

use crate::{
    domain::{
        distributions::continuous_deployment::ContinuousDeploymentPolicy, invalidations::problem::Problem,
    },
    store::{StoreError, accounts, distributions::continuous_deployments},
};

use super::{
    super::{Next, WorkerContext},
    policies::{BETWEEN, NotBefore, after},
};

/// The maximum number of pages of 100. AWS allows 20 policies in an account, if nobody asked for more.
const PAGES: u32 = 20;

/// Reads the policies if a distribution waits for them.
///
/// If AWS denies access, the survey does not fail. Which staging distribution belongs to which primary is then not known.
pub(super) async fn look(context: &WorkerContext, not_before: &Mutex<NotBefore>) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let mut not_before = not_before.lock().await;
    let mut wanted = continuous_deployments::wanted(&mut *context.db.read().await?).await?;
    let Some(account) = wanted.first().map(|first| first.account.clone()) else { return Ok(Next::Idle) };
    if let Some(until) = not_before.wait(now) {
        return Ok(Next::At(until));
    }
    wanted.retain(|one| one.account == account);
    let mut tx = context.db.begin().await?;
    if let Err(wait) = accounts::take_read(&mut tx, &account, context.settings.read.sparing(), now).await? {
        return Ok(Next::At(wait));
    }
    tx.commit().await?;
    let (calls, read) = read_all(context).await;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let throttled = read.as_ref().is_err_and(Problem::is_throttling);
    // One call has already been taken from the pace.
    accounts::charge_reads(&mut tx, &account, context.settings.read, calls.saturating_sub(1), now).await?;
    accounts::note_answer(&mut tx, &account, context.settings.read, throttled, now).await?;
    let pause = match read {
        Ok(policies) => {
            for one in wanted {
                continuous_deployments::fill_in(&mut tx, &one, policies.get(&one.policy_id)).await?;
            }
            BETWEEN
        }
        Err(problem) => {
            after(&problem, "continuous deployment policies", "cloudfront:ListContinuousDeploymentPolicies")
        }
    };
    tx.commit().await?;
    not_before.set(now.plus(pause));
    context.notifier.notify();
    Ok(Next::Again)
}

/// All policies of the account by their IDs, and the number of calls that this took.
async fn read_all(
    context: &WorkerContext,
) -> (u32, Result<HashMap<String, ContinuousDeploymentPolicy>, Problem>) {
    let mut all = HashMap::new();
    let mut marker: Option<String> = None;
    for calls in 1..=PAGES {
        match context.cloudfront.list_continuous_deployment_policies(marker.as_deref(), all.len()).await {
            Ok(page) => {
                all.extend(page.rows);
                marker = page.next;
            }
            Err(problem) => return (calls, Err(problem)),
        }
        if marker.is_none() {
            return (calls, Ok(all));
        }
    }
    (PAGES, Ok(all))
}
