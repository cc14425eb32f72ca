//! Reads the configurations that changed, one a tick, within the account's pace. The database stores which ones are
//! still to be read, so that a restart continues there.

use std::{collections::HashMap, time::Duration};

use tokio::sync::Mutex;

use crate::{
    domain::{
        distributions::{distribution::DistributionConfig, drift::changes},
        id::DistributionId,
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::{
        StoreError, Tx, accounts,
        distributions::{self, cache_policies, continuous_deployments, drift},
    },
};

use super::super::{Next, WorkerContext};

/// The time after a failure before a configuration is read again.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// The time after AWS denied access. It is longer, because permissions rarely change within minutes.
const AFTER_REFUSAL: Duration = Duration::from_hours(1);

/// The configurations that could not be read, and until when they wait.
#[derive(Debug, Default)]
pub(super) struct PutOff(HashMap<DistributionId, Timestamp>);

impl PutOff {
    /// Removes the configurations that have waited long enough. A time further in the future than `AFTER_REFUSAL`
    /// is from before the clock was put back, and is removed too.
    fn release(&mut self, now: Timestamp) {
        self.0.retain(|_, until| *until > now && *until <= now.plus(AFTER_REFUSAL));
    }
}

/// Reads the configuration of one distribution whose configuration is unknown or has changed. The distributions
/// that were used last come first.
pub(super) async fn look(context: &WorkerContext, put_off: &Mutex<PutOff>) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let mut put_off = put_off.lock().await;
    put_off.release(now);
    // One more than the number that wait, so that at least one of them does not wait.
    let most = put_off.0.len() + 1;
    let lacking = distributions::without_config(&mut *context.db.read().await?, most).await?;
    let Some((id, last_modified)) = lacking.into_iter().find(|(id, _)| !put_off.0.contains_key(id)) else {
        return Ok(put_off.0.values().min().map_or(Next::Idle, |until| Next::At(*until)));
    };
    let mut tx = context.db.begin().await?;
    let account = distributions::account(&mut tx, &id).await?;
    if let Err(wait) = accounts::take_read(&mut tx, &account, context.settings.read.sparing(), now).await? {
        return Ok(Next::At(wait));
    }
    tx.commit().await?;
    let read = context.cloudfront.distribution_config(&id).await;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let throttled = read.as_ref().is_err_and(Problem::is_throttling);
    accounts::note_answer(&mut tx, &account, context.settings.read, throttled, now).await?;
    match read {
        Ok(config) => {
            write(&mut tx, &id, config, last_modified, now).await?;
            tx.commit().await?;
        }
        Err(problem) => {
            tx.commit().await?;
            tracing::warn!(
                distribution = %id, kind = problem.kind.as_str(), said = problem.message,
                "the distribution's configuration could not be read"
            );
            // After throttling the whole account waits (`note_answer`), so this distribution need not.
            if !throttled {
                let denied = problem.kind == ProblemKind::AccessDenied;
                put_off.0.insert(id, now.plus(if denied { AFTER_REFUSAL } else { AFTER_FAILURE }));
            }
        }
    }
    Ok(Next::Again)
}

/// Keeps the configuration that is replaced, where a request was made since the one that is kept already. So that one
/// stays from which the next request is told what changed, however often that happens meanwhile.
async fn keep_earlier(
    tx: &mut Tx,
    id: &DistributionId,
    before: &DistributionConfig,
    now: Timestamp,
) -> Result<(), StoreError> {
    // Without a request there is nothing to compare with.
    let Some(last) = drift::last_request(tx, id).await? else { return Ok(()) };
    match drift::earlier_config(tx, id).await? {
        Some(kept) if kept.until > last => Ok(()),
        _ => drift::set_earlier_config(tx, id, before, now).await,
    }
}

/// Writes the configuration. What was known of its policies stays until the lists of them are read again.
async fn write(
    tx: &mut Tx,
    id: &DistributionId,
    mut config: DistributionConfig,
    read_for: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let before = distributions::find(tx, id).await?.and_then(|before| before.config);
    if let Some(before) = before {
        config.delivery.fill_in_policies(|policy| before.delivery.policy(policy).cloned());
        if !changes(&before, &config).is_empty() {
            keep_earlier(tx, id, &before, now).await?;
        }
    }
    distributions::set_config(tx, id, &config, read_for).await?;
    cache_policies::want(tx, id, config.delivery.has_own_policies()).await?;
    continuous_deployments::want(tx, id, config.delivery.deployment_policy.as_deref(), read_for).await
}
