//! Makes backups of an SQLite database: one now for the command line, and one every few hours inside the service. Restores
//! them, and copies a database into another one.

mod copy;
mod error;
mod flaw;
mod folder;
mod make;
mod owner;
mod partial_file;
mod restore;

use std::{path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::Mutex;
use tokio_util::task::AbortOnDropHandle;

pub use copy::{CopiedDatabase, CopyError, copy};
pub use error::BackupError;
pub use folder::newest_backup;
pub use make::{Backup, back_up};
pub use restore::{RestoreError, RestoredBackup, RestoredContent, restore};

use crate::{
    clock::Clock,
    domain::{causes::with_causes, time::Timestamp},
    file_thread::FileThread,
    metrics,
    store::{Db, StoreError},
};

use super::{Next, Worker};

/// How often the worker looks whether a backup has ended.
const LOOK: Duration = Duration::from_secs(1);
/// The longest pause before a backup that failed is tried again.
const AGAIN: Duration = Duration::from_mins(10);

/// Where the service puts its backups, how often it makes one, and how many it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupSchedule {
    pub folder: PathBuf,
    pub every: Duration,
    pub keep: usize,
}

/// The worker that makes backups. A backup runs beside its ticks, because it may take minutes.
#[derive(Debug, Clone)]
pub struct BackupWorker {
    db: Db,
    clock: Clock,
    schedule: BackupSchedule,
    files: FileThread,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct RunningBackup {
    begun: Timestamp,
    task: AbortOnDropHandle<Result<Backup, BackupError>>,
}

#[derive(Debug, Default)]
struct State {
    /// When the next one is due. `None` until the folder was read.
    due: Option<Timestamp>,
    running: Option<RunningBackup>,
}

impl BackupWorker {
    #[must_use]
    pub fn new(db: Db, clock: Clock, schedule: BackupSchedule) -> Self {
        Self { db, clock, schedule, files: FileThread::default(), state: Arc::default() }
    }

    /// Starts a backup that is due, or says how one ended.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(running) = state.running.take_if(|running| running.task.is_finished()) {
            let ended = running.task.await.map_err(|error| with_causes(&error));
            let ended = ended.and_then(|made| made.map_err(|error| with_causes(&error)));
            state.due = Some(now.plus(self.settle(running.begun, ended).await));
        }
        if state.running.is_some() {
            return Ok(Next::At(now.plus(LOOK)));
        }
        let due = match state.due {
            Some(due) => due.min(now.plus(self.schedule.every)),
            None => self.first_due(now).await,
        };
        state.due = Some(due);
        if due > now {
            return Ok(Next::At(due));
        }
        let (db, schedule) = (self.db.clone(), self.schedule.clone());
        let backup = async move {
            let file = schedule.folder.join(folder::name(now));
            back_up(&db, &schedule.folder.join(folder::PART), &file).await
        };
        state.running =
            Some(RunningBackup { begun: now, task: AbortOnDropHandle::new(tokio::spawn(backup)) });
        Ok(Next::At(now.plus(LOOK)))
    }

    /// Logs how a backup ended and removes those that are not kept. Returns the pause before the next one.
    async fn settle(&self, begun: Timestamp, ended: Result<Backup, String>) -> Duration {
        let made = match ended {
            Ok(made) => made,
            Err(error) => {
                metrics::worker_error(Self::NAME);
                tracing::error!(folder = %self.schedule.folder.display(), error, "no backup was made; it is tried again in ten minutes at the latest");
                return AGAIN.min(self.schedule.every);
            }
        };
        let Backup { file, length, events, flaw, .. } = made;
        if let Some(flaw) = flaw {
            // The older ones may be the last that are intact.
            let made = file.clone();
            let aside = self.files.run(move || folder::set_aside(&made)).await;
            let aside = aside.inspect_err(|error| tracing::warn!(%error, "the broken backup keeps its name"));
            let place = aside.unwrap_or(file);
            tracing::error!(
                file = %place.display(),
                flaw,
                "the backup is broken, as the database is; no older backup is removed. Run: unstale audit verify"
            );
            return self.schedule.every;
        }
        tracing::info!(file = %file.display(), length, events, "a backup was made and checked");
        metrics::backup_made(begun);
        let (folder, keep, now) = (self.schedule.folder.clone(), self.schedule.keep, self.clock.now());
        if let Err(error) = self.files.run(move || folder::remove_oldest(&folder, keep, now)).await {
            tracing::warn!(%error, "older backups could not be removed");
        }
        self.schedule.every
    }

    /// A restart makes no backup before its time.
    async fn first_due(&self, now: Timestamp) -> Timestamp {
        metrics::backups_are_made(self.schedule.every);
        let schedule = self.schedule.clone();
        let newest = self.files.run(move || schedule.newest(now)).await.ok().flatten();
        let Some(newest) = newest else { return now };
        metrics::backup_made(newest);
        newest.plus(self.schedule.every)
    }
}
