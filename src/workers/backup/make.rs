//! Makes one backup: copies the database at one moment, checks the copy, and gives it its name.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    domain::audit::{head::Head, verify::Walk},
    file_thread::FileThread,
    store::{Db, StoreError},
};

use super::{BackupError, flaw::find_flaw, partial_file::PartialFile};

/// A copy that was written and checked.
#[derive(Debug, Clone)]
pub struct Backup {
    pub file: PathBuf,
    /// Its length in bytes.
    pub length: u64,
    /// How many events were checked.
    pub events: u64,
    /// The last event that was checked.
    pub last: Head,
    /// What is wrong with it, as it is with the database. `None` if it is intact.
    pub flaw: Option<String>,
}

/// Copies the database into `file` while it is served, and checks the copy: the file with SQLite's own check, the
/// history by its chain and against the tables. Until then it is called `part`, in the same folder. What is wrong with the
/// database is wrong with the copy too: such a copy is kept, and says so in [`Backup::flaw`].
pub async fn back_up(db: &Db, part: &Path, file: &Path) -> Result<Backup, BackupError> {
    let files = FileThread::default();
    let (part, file) = (part.to_owned(), file.to_owned());
    if part.to_str().is_none() {
        // SQLite takes no other names.
        let error = io::Error::new(io::ErrorKind::InvalidInput, "its name is not UTF-8");
        return Err(BackupError::File(file, error));
    }
    if file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file));
    }
    let CheckedCopy { partial, events, last, flaw } = write_copy(&files, db, &part, &file).await?;
    let name = file.clone();
    let length = on_file_thread(&files, move || partial.finish(&name)).await?;
    Ok(Backup { file, length, events, last, flaw })
}

/// A copy that was checked and has no name yet. It is removed when it is dropped.
#[derive(Debug)]
pub(super) struct CheckedCopy {
    pub partial: PartialFile,
    pub events: u64,
    pub last: Head,
    pub flaw: Option<String>,
}

/// Copies the database into the file `part` and checks the copy. A disk that is full is said of `file`.
pub(super) async fn write_copy(
    files: &FileThread,
    db: &Db,
    part: &Path,
    file: &Path,
) -> Result<CheckedCopy, BackupError> {
    let partial = take_partial(files, part).await?;
    let (walk, flaw) = copy_and_check(db, part).await.map_err(|error| match error {
        BackupError::Store(StoreError::Full(_)) => BackupError::Full(file.to_owned()),
        error => error,
    })?;
    Ok(CheckedCopy { partial, events: walk.checked(), last: walk.last().clone(), flaw })
}

/// Makes the empty file that a copy is written into, or takes it over.
pub(super) async fn take_partial(files: &FileThread, part: &Path) -> Result<PartialFile, BackupError> {
    let part = part.to_owned();
    on_file_thread(files, move || PartialFile::take(&part)).await
}

/// Does blocking work on files on their thread.
pub(super) async fn on_file_thread<T: Send + 'static>(
    files: &FileThread,
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    files.run(move || Ok(work())).await.map_err(|error| BackupError::File(PathBuf::new(), error))?
}

/// Copies the database into the file, which is empty, and checks the copy. Returns what was checked, and what is wrong.
async fn copy_and_check(db: &Db, part: &Path) -> Result<(Walk, Option<String>), BackupError> {
    if !db.copy_to(part).await? {
        return Err(BackupError::NotAFile);
    }
    let copy = Db::open_copy(part).await?;
    let found = find_flaw(&copy).await;
    copy.close().await;
    found
}
