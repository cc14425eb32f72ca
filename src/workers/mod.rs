//! The background workers: they send, watch and survey. Each runs in ticks, which tests can call one by one.
//!
//! A tick that calls CloudFront has three parts. It claims work in one transaction, calls CloudFront without an
//! open transaction, and writes the result in a second transaction. The result is written only if the lease of the
//! claim still holds.

mod audit;
mod audit_webhook;
mod backup;
mod checker;
mod clock_rollback;
mod file_watcher;
mod indexer;
mod insights;
mod list;
mod notifications;
mod poller;
mod post;
mod reconcile;
mod runner;
mod submitter;
mod sync;
mod warmer;

use std::time::Duration;

pub use audit::{
    AuditSettings, AuditWorker, Check, CheckError, Facts, HEADS, Retention, SigningKeyError, TrustedHeads,
    VerificationStep, check_history, compare_with_tables, open_key,
};
pub use audit_webhook::{AuditWebhook, Webhook};
pub use backup::{
    Backup, BackupError, BackupSchedule, BackupStore, BackupWorker, CopiedDatabase, CopyError, RestoreError,
    RestoredBackup, RestoredContent, S3BackupError, S3Backups, UploadedBackup, back_up, copy, make_folder,
    newest_backup, part_of, restore, restore_object,
};
pub use checker::{Checker, LOOKING, UrlLooker, in_pairs};
pub use clock_rollback::ClockRollback;
pub use file_watcher::FileWatcher;
pub use indexer::Indexer;
pub use insights::InsightsCounter;
pub use notifications::{
    MailEncryption, MailError, MailServer, NotificationCollector, NotificationSender, SenderSettings,
};
pub use poller::Poller;
pub use post::PostError;
pub use runner::{Next, Worker, run, run_in_turn};
pub use submitter::Submitter;
pub use sync::CloudFrontSync;
pub use warmer::{Warmer, WarmerEdges};

use crate::{
    clock::Clock,
    cloudfront::{CloudFront, CloudTrail, CloudWatch, PricingPlanManager, S3},
    domain::invalidations::{
        batching::{self, Limits},
        pace::Pace,
    },
    notify::Notifier,
    store::Db,
};

/// What every worker uses.
#[derive(Debug, Clone)]
pub struct WorkerContext {
    pub db: Db,
    pub cloudfront: CloudFront,
    /// Says who made invalidations outside Unstale. `None` if CloudTrail is not to be asked.
    pub cloudtrail: Option<CloudTrail>,
    /// Says how much viewers ask for. `None` if CloudWatch is not to be asked.
    pub cloudwatch: Option<CloudWatch>,
    /// Says which distributions are on flat-rate plans. `None` if it cannot be asked.
    pub pricing_plan_manager: Option<PricingPlanManager>,
    /// Says what a bucket has. `None` if there are no credentials for it.
    pub s3: Option<S3>,
    pub clock: Clock,
    pub notifier: Notifier,
    pub settings: WorkerSettings,
}

impl WorkerContext {
    /// With CloudFront alone: no other service of AWS is asked.
    #[must_use]
    pub fn new(
        db: Db,
        cloudfront: CloudFront,
        clock: Clock,
        notifier: Notifier,
        settings: WorkerSettings,
    ) -> Self {
        Self {
            db,
            cloudfront,
            cloudtrail: None,
            cloudwatch: None,
            pricing_plan_manager: None,
            s3: None,
            clock,
            notifier,
            settings,
        }
    }
}

/// The limits and intervals of the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkerSettings {
    pub limits: Limits,
    /// The pace of `CreateInvalidation`, for each account.
    pub create: Pace,
    /// The pace of all calls, for each account. `CreateInvalidation` counts but never waits for it. Only reads
    /// wait.
    pub read: Pace,
    /// How long a worker holds its work. After that, another worker may claim it. Longer than any call can take.
    pub lease: Duration,
    /// How often the distributions are read.
    pub survey_every: Duration,
    /// How often each distribution is searched for invalidations that were made outside Unstale.
    pub outside_every: Duration,
    /// How often the tags of each distribution are read.
    pub tags_every: Duration,
}

/// Calls of all kinds per second, for each account, while the rate of creates is at most half of this.
const CALLS: f64 = 5.0;

impl WorkerSettings {
    /// Settings with `rate` creates a second and up to `burst` at once. A higher rate of creates raises the rate of
    /// all calls too, because what was created has to be watched.
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

/// A new, unique name for one lease.
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
