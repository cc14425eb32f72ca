//! Reads the account's own cache policies, after the configuration of a distribution that names one was read. One list
//! answers for all distributions that wait for it.

use std::{collections::HashMap, time::Duration};

use tokio::sync::Mutex;

use crate::{
    domain::{
        distributions::cache_policy::CachePolicy,
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::{StoreError, accounts, distributions::cache_policies},
};

use super::super::{Next, WorkerContext};

/// The least time between two readings, so that many configurations that are read one after the other need few.
pub(super) const BETWEEN: Duration = Duration::from_mins(1);
/// The time after a failure before the policies are read again.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// The time after AWS denied access. It is longer, because permissions rarely change within minutes.
const AFTER_REFUSAL: Duration = Duration::from_hours(1);
/// The maximum number of pages of 100. AWS allows 20 policies of its own in an account, if nobody asked for more.
const PAGES: u32 = 20;

/// When policies may be read next.
#[derive(Debug, Default)]
pub(super) struct NotBefore(Option<Timestamp>);

impl NotBefore {
    /// A time further in the future than `AFTER_REFUSAL` is from before the clock was put back, and does not count.
    pub fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.filter(|until| *until > now && *until <= now.plus(AFTER_REFUSAL))
    }

    pub const fn set(&mut self, until: Timestamp) {
        self.0 = Some(until);
    }
}

/// Reads the policies if a distribution waits for them.
///
/// If AWS denies access, the survey does not fail. What the policies say is then not known.
pub(super) async fn look(context: &WorkerContext, not_before: &Mutex<NotBefore>) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let mut not_before = not_before.lock().await;
    let mut wanted = cache_policies::wanted(&mut *context.db.read().await?).await?;
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
            for mut one in wanted {
                one.delivery.fill_in_policies(|id| policies.get(id).cloned());
                cache_policies::fill_in(&mut tx, &one).await?;
            }
            BETWEEN
        }
        Err(problem) => after(&problem, "cache policies", "cloudfront:ListCachePolicies"),
    };
    tx.commit().await?;
    not_before.set(now.plus(pause));
    context.notifier.notify();
    Ok(Next::Again)
}

/// How long to wait after a problem with the list of these policies, which needs this optional permission.
pub(super) fn after(problem: &Problem, what: &str, permission: &str) -> Duration {
    if problem.kind == ProblemKind::AccessDenied {
        tracing::info!(
            said = problem.message,
            "what {what} say is not known: the optional permission {permission} is missing"
        );
        return AFTER_REFUSAL;
    }
    tracing::warn!(kind = problem.kind.as_str(), said = problem.message, "the {what} could not be read");
    // After throttling the whole account waits (`note_answer`).
    if problem.is_throttling() { Duration::ZERO } else { AFTER_FAILURE }
}

/// All of the account's own policies by their IDs, and the number of calls that this took.
async fn read_all(context: &WorkerContext) -> (u32, Result<HashMap<String, CachePolicy>, Problem>) {
    let mut all = HashMap::new();
    let mut marker: Option<String> = None;
    for calls in 1..=PAGES {
        match context.cloudfront.list_cache_policies(marker.as_deref()).await {
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
