//! Reads the configurations that changed, one a tick, within the account's pace. What is left to read stands in the
//! database, so that a restart goes on there.

use std::{collections::HashMap, time::Duration};

use tokio::sync::Mutex;

use crate::{
    domain::{
        id::DistributionId,
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::{StoreError, accounts, distributions},
};

use super::super::{Next, WorkerContext};

/// After a failure that may pass it is read again soon.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// What AWS does not allow is rarely allowed a moment later.
const AFTER_REFUSAL: Duration = Duration::from_hours(1);

/// Configurations that could not be read, and until when they wait.
#[derive(Debug, Default)]
pub(super) struct PutOff(HashMap<DistributionId, Timestamp>);

impl PutOff {
    /// Lets those go on that have waited. A time further ahead than any that is noted is of a clock that was put back.
    fn release(&mut self, now: Timestamp) {
        self.0.retain(|_, until| *until > now && *until <= now.plus(AFTER_REFUSAL));
    }
}

/// Reads the configuration of one distribution that lacks it, those that were used last first.
pub(super) async fn look(context: &WorkerContext, put_off: &Mutex<PutOff>) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let mut put_off = put_off.lock().await;
    put_off.release(now);
    // At least one of so many is not put off, if there is any.
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
            distributions::set_config(&mut tx, &id, &config, last_modified).await?;
            tx.commit().await?;
        }
        Err(problem) => {
            tx.commit().await?;
            tracing::warn!(
                distribution = %id, kind = problem.kind.as_str(), said = problem.message,
                "the distribution's configuration could not be read"
            );
            // Where AWS asks for a slower pace, the account waits as a whole.
            if !throttled {
                let denied = problem.kind == ProblemKind::AccessDenied;
                put_off.0.insert(id, now.plus(if denied { AFTER_REFUSAL } else { AFTER_FAILURE }));
            }
        }
    }
    Ok(Next::Again)
}
