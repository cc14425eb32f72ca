//! Makes backups of an SQLite database: one now for the command line, and one every few hours inside the service. Restores
//! them, and copies a database into another one.

mod copy;
mod error;
mod flaw;
mod folder;
mod job;
mod make;
mod owner;
mod partial_file;
mod restore;
mod s3;
mod store;

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

pub use copy::{CopiedDatabase, CopyError, copy};
pub use error::BackupError;
pub use folder::{make_folder, newest_backup};
pub use make::{Backup, back_up};
pub use owner::part_of;
pub use restore::{RestoreError, RestoredBackup, RestoredContent, restore, restore_object};
pub use s3::{S3BackupError, S3Backups, UploadedBackup};
pub use store::BackupStore;

use crate::{
    backup_status::BackupStatus,
    clock::Clock,
    domain::{backups::BackupPlace, causes::with_causes, time::Timestamp},
    metrics,
    store::{Db, StoreError},
};

use super::Next;

use job::BackupJob;

/// How often the worker looks whether a backup has ended.
const LOOK: Duration = Duration::from_secs(1);
/// Where the service puts its backups, how often it makes one, and how many it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSchedule {
    pub place: BackupPlace,
    pub every: Duration,
    pub keep: usize,
}

/// The worker that makes backups. A backup runs beside its ticks, because it may take minutes.
#[derive(Debug, Clone)]
pub struct BackupWorker {
    job: BackupJob,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// When the next one is due. `None` until the backups that are there were looked at.
    due: Option<Timestamp>,
    /// Makes a backup, and returns the pause before the next one.
    running: Option<AbortOnDropHandle<Duration>>,
}

impl BackupWorker {
    /// What it finds and does is told to `status`.
    #[must_use]
    pub fn new(
        db: Db,
        clock: Clock,
        schedule: BackupSchedule,
        store: BackupStore,
        status: BackupStatus,
    ) -> Self {
        let stop = CancellationToken::new();
        Self { job: BackupJob { db, clock, schedule, store, status, stop }, state: Arc::default() }
    }

    /// Starts a backup that is due, or says how one ended.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut state = self.state.lock().await;
        let now = self.job.clock.now();
        if let Some(ended) = state.running.take_if(|running| running.is_finished()) {
            let pause = ended.await.unwrap_or_else(|error| {
                self.job.failed(with_causes(&error), "It is a fault of Unstale's: report it with the log.")
            });
            state.due = Some(now.plus(pause));
        }
        if state.running.is_some() {
            return Ok(Next::At(now.plus(LOOK)));
        }
        let due = match state.due {
            Some(due) => due.min(now.plus(self.job.schedule.every)),
            None => self.first_due(now).await,
        };
        state.due = Some(due);
        if due > now {
            return Ok(Next::At(due));
        }
        let job = self.job.clone();
        let running = tokio::spawn(async move { job.run(now).await });
        state.running = Some(AbortOnDropHandle::new(running));
        Ok(Next::At(now.plus(LOOK)))
    }

    /// Gives up the backup that runs, and waits until nothing is left of it.
    pub async fn end(&self) {
        self.job.stop.cancel();
        if let Some(running) = self.state.lock().await.running.take() {
            // How it ended is of no interest any more.
            let _ = running.await;
        }
    }

    /// A restart makes no backup before its time.
    async fn first_due(&self, now: Timestamp) -> Timestamp {
        let every = self.job.schedule.every;
        metrics::backups_are_made(every);
        let Some(newest) = self.job.find_newest(now).await else { return now };
        metrics::backup_made(newest);
        self.job.status.found(newest);
        newest.plus(every)
    }
}
