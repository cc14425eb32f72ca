//! One backup of the schedule: makes it, removes those that are not kept, and says how it ended.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::{
    backup_status::{BackupProblem, BackupStatus},
    clock::Clock,
    domain::{causes::with_causes, time::Timestamp},
    metrics,
    store::Db,
};

use super::{super::Worker, BackupError, BackupSchedule, BackupStore, BackupWorker, store::MadeBackup};

/// The longest pause before a backup that failed is tried again.
const AGAIN: Duration = Duration::from_mins(10);
/// What to do about a database that is broken.
const BROKEN: &str = "Keep the older backups, and run: unstale audit verify";

/// What the backups of the schedule are made with.
#[derive(Debug, Clone)]
pub(super) struct BackupJob {
    pub db: Db,
    pub clock: Clock,
    pub schedule: BackupSchedule,
    pub store: BackupStore,
    pub status: BackupStatus,
    /// Ends the backup that runs.
    pub stop: CancellationToken,
}

impl BackupJob {
    /// Makes the backup that is begun now. Returns the pause before the next one.
    pub(super) async fn run(&self, begun: Timestamp) -> Duration {
        match self.store.make(&self.db, begun, &self.stop).await {
            Ok(MadeBackup { place, flaw: Some(flaw), .. }) => {
                tracing::error!(
                    place,
                    flaw,
                    "the backup is broken, as the database is; no older backup is removed. Run: unstale audit verify"
                );
                self.tell(format!("{place} is broken, as the database is: {flaw}"), BROKEN);
            }
            Ok(MadeBackup { place, length, events, flaw: None }) => {
                tracing::info!(place, length, events, "a backup was made and checked");
                metrics::backup_made(begun);
                self.status.made(begun);
                // The service does not wait for it when it stops: the next backup goes on.
                self.stop.run_until_cancelled(self.remove_oldest()).await;
            }
            Err(BackupError::GivenUp) => {}
            Err(error) => return self.failed(with_causes(&error), &error.fix()),
        }
        self.schedule.every
    }

    /// Says that no backup was made, and what to do. Returns the pause before it is tried again.
    pub(super) fn failed(&self, error: String, fix: &str) -> Duration {
        let place = &self.schedule.place;
        metrics::worker_error(BackupWorker::NAME);
        tracing::error!(%place, error, "no backup was made; it is tried again in ten minutes at the latest");
        self.tell(error, fix);
        AGAIN.min(self.schedule.every)
    }

    /// When the newest backup was begun. `None` if there is none or it is not known.
    pub(super) async fn find_newest(&self, now: Timestamp) -> Option<Timestamp> {
        match self.store.newest(now).await {
            Ok(newest) => newest,
            Err(error) => {
                let (place, said) = (&self.schedule.place, with_causes(&error));
                tracing::warn!(%place, error = said, "the backups that are there are not known; one is made now");
                self.tell(said, &error.fix());
                None
            }
        }
    }

    async fn remove_oldest(&self) {
        let problem = self.store.remove_oldest(self.schedule.keep, self.clock.now()).await;
        if let Some(BackupProblem { message, fix, .. }) = &problem {
            tracing::warn!(error = message, fix, "older backups could not be removed");
        }
        self.status.removed(problem);
    }

    fn tell(&self, message: String, fix: &str) {
        self.status.failed(BackupProblem { at: self.clock.now(), message, fix: fix.to_owned() });
    }
}
