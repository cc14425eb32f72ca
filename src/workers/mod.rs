//! What goes on by itself: sending, watching and surveying, each in ticks that can be driven by hand.
//!
//! A tick works in three beats: claim in a transaction, call CloudFront with none open, write the outcome in another
//! that is guarded by the lease of the first.

mod audit;
mod audit_webhook;
mod clock_rollback;
mod file_watcher;
mod indexer;
mod list;
mod poller;
mod reconcile;
mod runner;
mod submitter;
mod sync;

use std::time::Duration;

pub use audit::{
    AuditSettings, AuditWorker, Check, CheckError, Facts, HEADS, Retention, SigningKeyError, TrustedHeads,
    VerificationStep, open_key,
};
pub use audit_webhook::{AuditWebhook, PostError, Webhook};
pub use clock_rollback::ClockRollback;
pub use file_watcher::FileWatcher;
pub use indexer::Indexer;
pub use poller::Poller;
pub use runner::{Next, Worker, run, run_in_turn};
pub use submitter::Submitter;
pub use sync::CloudFrontSync;

use crate::{
    clock::Clock,
    cloudfront::{CloudFront, CloudTrail},
    domain::invalidations::{
        batching::{self, Limits},
        pace::Pace,
    },
    notify::Notifier,
    store::Db,
};

/// What every worker works with.
#[derive(Debug, Clone)]
pub struct WorkerContext {
    pub db: Db,
    pub cloudfront: CloudFront,
    /// Where it may be asked who made what was made outside.
    pub trail: Option<CloudTrail>,
    pub clock: Clock,
    pub notifier: Notifier,
    pub settings: WorkerSettings,
}

/// What workers keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerSettings {
    pub limits: Limits,
    /// Of `CreateInvalidation`, for each account.
    pub create: Pace,
    /// Of all calls, for each account. Creating is counted and never waits for it; what only reads waits.
    pub read: Pace,
    /// How long a piece of work may be held before somebody else takes it up. Longer than any call can take.
    pub lease: Duration,
    /// How often the distributions are read.
    pub survey_every: Duration,
    /// How often each distribution is looked through for invalidations made outside.
    pub outside_every: Duration,
    /// How often the tags of each distribution are read.
    pub tags_every: Duration,
}

/// Calls of all kinds a second, for each account, where creating takes no more than half of them.
const CALLS: f64 = 5.0;

impl WorkerSettings {
    /// So many creates a second, with a burst. Whoever may create more may ask more too: what is created has to be
    /// watched.
    #[must_use]
    pub fn with_create(rate: f64, burst: u32) -> Self {
        Self {
            limits: batching::OURS,
            create: Pace::new(rate, burst),
            read: Pace::new(CALLS.max(2.0 * rate), burst.max(15)),
            lease: Duration::from_mins(1),
            survey_every: Duration::from_mins(5),
            outside_every: Duration::from_mins(2),
            tags_every: Duration::from_hours(1),
        }
    }
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self::with_create(0.5, 5)
    }
}

/// A name for one holding of a piece of work.
fn new_lease() -> String {
    uuid::Uuid::new_v4().hyphenated().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn what_is_created_as_fast_as_may_be_is_still_watched() {
        for rate in [0.5, 5.0, 10.0, 1_000.0] {
            let WorkerSettings { create, read, .. } = WorkerSettings::with_create(rate, 5);
            let start = Timestamp::from_micros(1_000_000_000);
            let (mut create_next, mut all_next, mut looks) = (start, start, 0);
            for tick in 0..60_000 {
                let now = start.plus(Duration::from_millis(tick));
                while let Ok(next) = create.take(create_next, now) {
                    create_next = next;
                    all_next = read.charge(all_next, now, 1);
                }
                if let Ok(next) = read.take(all_next, now) {
                    all_next = next;
                    looks += 1;
                }
            }
            assert!(looks >= 240, "{looks} looks in a minute of {rate} creates a second");
        }
    }
}
