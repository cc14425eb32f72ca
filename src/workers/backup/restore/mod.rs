//! Puts a backup in the place of the database, for the command line. The service does not run meanwhile.

mod files;

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    clock::Clock,
    domain::{
        actor::Acting,
        audit::{Action, Event, head::Head},
        backups::S3Object,
        causes::with_causes,
        time::Timestamp,
    },
    file_thread::FileThread,
    store::{
        Db, StoreError, audit,
        instance_lock::{self, LockError},
        invalidations::batches,
        sign_in::sessions,
    },
};

use files::Place;

use super::{
    super::audit::CheckError, BackupError, S3Backups, flaw::find_flaw, make::take_partial, owner::beside,
};

/// A backup that is in the place of the database now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredBackup {
    pub content: RestoredContent,
    /// Where it is now.
    pub file: PathBuf,
    /// Where the database before it is. `None` if there was none.
    pub before: Option<PathBuf>,
}

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredContent {
    /// How many events were checked.
    pub events: u64,
    /// The last event of the backup.
    pub last: Head,
    /// When that event was. `None` if the backup has no event.
    pub last_at: Option<Timestamp>,
    /// How many batches wait that may have been sent since.
    pub may_have_been_sent: u64,
}

/// Why a backup was not restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{0} cannot be read")]
    Backup(PathBuf, #[source] io::Error),
    #[error("{0} is no file; name a backup, such as unstale-20261130T120000Z.db")]
    NotAFile(PathBuf),
    #[error("{0} is the database itself; name a backup")]
    Itself(PathBuf),
    #[error(
        "there is a database at {0}. With --replace the backup takes its place, and it is kept beside it under another name"
    )]
    Exists(PathBuf),
    #[error("there is no folder {0}; make it, or name another file with --database")]
    NoFolder(PathBuf),
    #[error("the backup cannot be restored: {0}")]
    Broken(String),
    #[error(transparent)]
    Locked(#[from] LockError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Copy(#[from] BackupError),
    #[error("the files beside {0} cannot be changed")]
    Files(PathBuf, #[source] io::Error),
}

/// Checks the backup, and puts a copy of it in the place of the database at `file`. What waits in it and may have been sent
/// since is marked, so that the service looks for it at CloudFront before it sends it. All sessions end. A database that is
/// there is kept under another name if `replace` is set, else nothing is done.
pub async fn restore(
    backup: &Path,
    file: &Path,
    replace: bool,
    acting: &Acting,
    clock: &Clock,
) -> Result<RestoredBackup, RestoreError> {
    let place = {
        let (backup, database) = (backup.to_owned(), file.to_owned());
        examined(file, move || files::examine(&backup, &database, replace)).await?
    };
    let _lock = instance_lock::take(&place.file)?;
    // The lock has made an empty file where there was none.
    let _empty = files::EmptyFiles::of(&place);
    let name = backup.file_name().unwrap_or_default().to_string_lossy();
    put_back(backup, &name, &place, acting, clock).await
}

/// Downloads the object beside the database, and goes on as [`restore`] does with a file. Nothing is left of the download.
pub async fn restore_object(
    backups: &S3Backups,
    object: &S3Object,
    file: &Path,
    replace: bool,
    acting: &Acting,
    clock: &Clock,
) -> Result<RestoredBackup, RestoreError> {
    let place = {
        let database = file.to_owned();
        examined(file, move || files::examine_place(&database, replace)).await?
    };
    let _lock = instance_lock::take(&place.file)?;
    let _empty = files::EmptyFiles::of(&place);
    let partial = take_partial(&FileThread::default(), &beside(&place.file, ".unstale-download")).await?;
    if let Some(difference) = backups.download(object, partial.path()).await? {
        return Err(RestoreError::Broken(difference));
    }
    put_back(partial.path(), &object.to_string(), &place, acting, clock).await
}

async fn examined(
    file: &Path,
    examine: impl FnOnce() -> Result<Place, RestoreError> + Send + 'static,
) -> Result<Place, RestoreError> {
    let examined = FileThread::default().run(move || Ok(examine())).await;
    examined.map_err(|error| RestoreError::Files(file.to_owned(), error))?
}

async fn put_back(
    backup: &Path,
    name: &str,
    place: &Place,
    acting: &Acting,
    clock: &Clock,
) -> Result<RestoredBackup, RestoreError> {
    let changing = |error| RestoreError::Files(place.file.clone(), error);
    let part = beside(&place.file, ".unstale-restore");
    let partial = take_partial(&FileThread::default(), &part).await?;
    let source = Db::open_to_copy(backup).await.map_err(unusable)?;
    source.copy_to(&part).await.map_err(unusable)?;
    source.close().await;
    let content = prepare(&part, name, acting, clock).await?;
    let before = files::keep(place, clock.now()).map_err(changing)?;
    if place.is_taken
        && let Err(error) = Db::fold(&place.file).await
    {
        // It is damaged. Its log is kept beside it.
        tracing::warn!(error = %with_causes(&error), "the write-ahead log of the old database stays apart");
    }
    // Not on the other thread: whoever gives up meanwhile would not know whether it was done.
    files::put_in_place(partial, place, before.as_deref()).map_err(changing)?;
    Ok(RestoredBackup { content, file: place.file.clone(), before })
}

/// What is wrong with a backup that cannot be read, and not with the disk or the database.
fn unusable(error: StoreError) -> RestoreError {
    match error {
        StoreError::Tables(what) => RestoreError::Broken(what),
        StoreError::Database(_) | StoreError::Unreadable(_) | StoreError::Migration(_) => {
            RestoreError::Broken(with_causes(&error))
        }
        other => RestoreError::Store(other),
    }
}

/// Checks the copy, and marks in it what may have been sent since.
async fn prepare(
    part: &Path,
    name: &str,
    acting: &Acting,
    clock: &Clock,
) -> Result<RestoredContent, RestoreError> {
    let db = Db::open_file(part).await.map_err(unusable)?;
    let prepared = check_and_mark(&db, name, acting, clock).await;
    // Its write-ahead log is folded into it.
    db.close().await;
    prepared
}

async fn check_and_mark(
    db: &Db,
    name: &str,
    acting: &Acting,
    clock: &Clock,
) -> Result<RestoredContent, RestoreError> {
    let (walk, flaw) = find_flaw(db).await.map_err(|error| match error {
        BackupError::Store(error) | BackupError::Check(CheckError::Store(error)) => unusable(error),
        other => RestoreError::Copy(other),
    })?;
    let missing = db.missing_objects().await.map_err(unusable)?.into_iter().next();
    let missing = missing.map(|missing| format!("it lacks the {missing}: somebody changed its tables"));
    if let Some(flaw) = flaw.or(missing) {
        return Err(RestoreError::Broken(flaw));
    }
    let last = walk.last().clone();
    let last_at = audit::find(&mut *db.read().await?, last.sequence).await?.map(|last| last.event.at);
    let now = clock.now();
    let mut tx = db.begin().await?;
    let may_have_been_sent = batches::mark_restored(&mut tx, now).await?;
    let sessions = sessions::delete_all(&mut tx).await?;
    let event = Event {
        note: note(name, last_at, may_have_been_sent, sessions),
        ..Event::new(now, acting, Action::BackupRestored)
    };
    audit::append(&mut tx, event);
    tx.commit().await?;
    Ok(RestoredContent { events: walk.checked(), last, last_at, may_have_been_sent })
}

/// What the history says of the restore.
fn note(name: &str, last_at: Option<Timestamp>, may_have_been_sent: u64, sessions: u64) -> String {
    let until = last_at.map(|at| format!(", whose last event is of {at}")).unwrap_or_default();
    format!(
        "from {name}{until}; batches that may have been sent since: {may_have_been_sent}; sessions ended: {sessions}"
    )
}
