//! Where scheduled backups are kept: makes one there, finds the newest, removes the oldest.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use crate::{
    backup_status::BackupProblem,
    cloudfront::S3,
    domain::{backups::BackupPlace, causes::with_causes, time::Timestamp},
    file_thread::FileThread,
    store::Db,
};

use super::{Backup, BackupError, S3Backups, folder, make::back_up};

/// A folder or a bucket for backups.
#[derive(Debug, Clone)]
pub enum BackupStore {
    Folder(PathBuf),
    S3(Box<S3Backups>),
}

/// A scheduled backup that was made.
#[derive(Debug)]
pub(super) struct MadeBackup {
    pub place: String,
    pub length: u64,
    pub events: u64,
    pub flaw: Option<String>,
}

impl BackupStore {
    /// `None` if the place is a bucket, and there is no client for S3.
    #[must_use]
    pub fn new(place: &BackupPlace, s3: Option<S3>) -> Option<Self> {
        Some(match place {
            BackupPlace::Folder(folder) => Self::Folder(folder.clone()),
            BackupPlace::S3(prefix) => Self::S3(Box::new(S3Backups::new(s3?, prefix.clone()))),
        })
    }

    /// When the newest backup was begun. `None` if there is none.
    pub async fn newest(&self, now: Timestamp) -> Result<Option<Timestamp>, BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.clone();
                let newest = FileThread::default().run(move || folder::newest_backup(&path, now)).await;
                newest.map_err(|error| BackupError::File(folder.clone(), error))
            }
            Self::S3(bucket) => Ok(bucket.newest(now).await?),
        }
    }

    /// Makes the backup that is begun now, unless the service stops meanwhile.
    pub(super) async fn make(
        &self,
        db: &Db,
        begun: Timestamp,
        stop: &CancellationToken,
    ) -> Result<MadeBackup, BackupError> {
        match self {
            Self::Folder(folder) => {
                let making = stop.run_until_cancelled(make_in_folder(db, folder, begun)).await;
                making.unwrap_or(Err(BackupError::GivenUp))
            }
            Self::S3(bucket) => {
                let made = bucket.make(db, begun, stop).await?;
                let place = made.object.to_string();
                Ok(MadeBackup { place, length: made.length, events: made.events, flaw: made.flaw })
            }
        }
    }

    /// Removes all backups but the newest `keep`. Returns why not, if they cannot be removed.
    pub(super) async fn remove_oldest(&self, keep: usize, now: Timestamp) -> Option<BackupProblem> {
        let (error, fix) = match self {
            Self::Folder(folder) => {
                let path = folder.clone();
                let removed =
                    FileThread::default().run(move || folder::remove_oldest(&path, keep, now)).await;
                let error = BackupError::File(folder.clone(), removed.err()?);
                (with_causes(&error), error.fix())
            }
            Self::S3(bucket) => {
                let error = bucket.remove_oldest(keep, now).await.err()?;
                let instead = "Or have a lifecycle rule of the bucket remove them.";
                let fix = if error.is_denied() { format!("{}\n{instead}", error.fix()) } else { error.fix() };
                (with_causes(&error), fix)
            }
        };
        Some(BackupProblem { at: now, message: error, fix })
    }
}

/// A backup that is broken, as the database is, takes the place of the last broken one.
async fn make_in_folder(db: &Db, folder: &Path, begun: Timestamp) -> Result<MadeBackup, BackupError> {
    let file = folder.join(folder::name(begun));
    let Backup { mut file, length, events, flaw, .. } =
        back_up(db, &folder.join(folder::PART), &file).await?;
    if flaw.is_some() {
        // The older ones may be the last that are intact.
        let made = file.clone();
        match FileThread::default().run(move || folder::set_aside(&made)).await {
            Ok(aside) => file = aside,
            Err(error) => tracing::warn!(%error, "the broken backup keeps its name"),
        }
    }
    Ok(MadeBackup { place: file.display().to_string(), length, events, flaw })
}
