//! Reads a list of the account's policies, after the configuration of a distribution that names one was read. One list
//! answers for all distributions that wait for it.

use std::{collections::HashMap, time::Duration};

use tokio::sync::Mutex;

use crate::{
    cloudfront::Page,
    domain::{
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::{Conn, StoreError, Tx, accounts},
};

use super::super::{Next, WorkerContext};

/// The least time between two readings, so that many configurations that are read one after the other need few.
const BETWEEN: Duration = Duration::from_mins(1);
/// The time after a failure before the policies are read again.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// The time after AWS denied access. It is longer, because permissions rarely change within minutes.
const AFTER_REFUSAL: Duration = Duration::from_hours(1);
/// The maximum number of pages of 100. AWS allows 20 policies in an account, if nobody asked for more.
const PAGES: u32 = 20;

/// A list of policies of the account.
pub(super) trait PolicyList {
    /// What one policy says.
    type Policy: Send + Sync;
    /// A distribution that waits for the list.
    type Wanted: Send + Sync;
    /// The policies as text for the log.
    const NAME: &'static str;
    /// The optional permission that the list needs.
    const PERMISSION: &'static str;

    /// The distributions that wait, by account.
    fn wanted(conn: &mut Conn) -> impl Future<Output = Result<Vec<Self::Wanted>, StoreError>> + Send;

    fn account(wanted: &Self::Wanted) -> &str;

    /// One page of the list, by the IDs of the policies. `before` is how many the earlier pages had.
    fn page(
        context: &WorkerContext,
        marker: Option<&str>,
        before: usize,
    ) -> impl Future<Output = Result<Page<(String, Self::Policy)>, Problem>> + Send;

    /// Stores what the policies say of a distribution.
    fn fill_in(
        tx: &mut Tx,
        wanted: Self::Wanted,
        policies: &HashMap<String, Self::Policy>,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// When policies may be read next.
#[derive(Debug, Default)]
pub(super) struct NotBefore(Option<Timestamp>);

impl NotBefore {
    /// A time further in the future than `AFTER_REFUSAL` is from before the clock was put back, and does not count.
    fn wait(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.filter(|until| *until > now && *until <= now.plus(AFTER_REFUSAL))
    }
}

/// Reads the policies if a distribution waits for them.
///
/// If AWS denies access, the survey does not fail. What the policies say is then not known.
pub(super) async fn look<L: PolicyList>(
    context: &WorkerContext,
    not_before: &Mutex<NotBefore>,
) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let mut not_before = not_before.lock().await;
    let mut wanted = L::wanted(&mut *context.db.read().await?).await?;
    let Some(account) = wanted.first().map(|first| L::account(first).to_owned()) else {
        return Ok(Next::Idle);
    };
    if let Some(until) = not_before.wait(now) {
        return Ok(Next::At(until));
    }
    wanted.retain(|one| L::account(one) == account);
    let mut tx = context.db.begin().await?;
    if let Err(wait) = accounts::take_read(&mut tx, &account, context.settings.read.sparing(), now).await? {
        return Ok(Next::At(wait));
    }
    tx.commit().await?;
    let (calls, read) = read_all::<L>(context).await;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let throttled = read.as_ref().is_err_and(Problem::is_throttling);
    // One call has already been taken from the pace.
    accounts::charge_reads(&mut tx, &account, context.settings.read, calls.saturating_sub(1), now).await?;
    accounts::note_answer(&mut tx, &account, context.settings.read, throttled, now).await?;
    let pause = match read {
        Ok(policies) => {
            for one in wanted {
                L::fill_in(&mut tx, one, &policies).await?;
            }
            BETWEEN
        }
        Err(problem) => after::<L>(&problem),
    };
    tx.commit().await?;
    not_before.0 = Some(now.plus(pause));
    context.notifier.notify();
    Ok(Next::Again)
}

/// How long to wait after a problem.
fn after<L: PolicyList>(problem: &Problem) -> Duration {
    let (name, permission) = (L::NAME, L::PERMISSION);
    if problem.kind == ProblemKind::AccessDenied {
        tracing::info!(
            said = problem.message,
            "what {name} say is not known: the optional permission {permission} is missing"
        );
        return AFTER_REFUSAL;
    }
    tracing::warn!(kind = problem.kind.as_str(), said = problem.message, "the {name} could not be read");
    // After throttling the whole account waits (`note_answer`).
    if problem.is_throttling() { Duration::ZERO } else { AFTER_FAILURE }
}

/// All policies by their IDs, and the number of calls that this took.
async fn read_all<L: PolicyList>(
    context: &WorkerContext,
) -> (u32, Result<HashMap<String, L::Policy>, Problem>) {
    let mut all = HashMap::new();
    let mut marker: Option<String> = None;
    for calls in 1..=PAGES {
        match L::page(context, marker.as_deref(), all.len()).await {
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
