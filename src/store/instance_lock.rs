//! Lets only one service work on an SQLite file: the workers of two would not know of each other.
//!
//! The lock is flock(2) on the database file itself, so that it is one lock whatever the file is called: a symbolic link,
//! a hard link and a mount of it lead to the same file. SQLite locks that file too, but with fcntl(2), and on Linux the
//! two do not see each other on local disks (flock(2), "NOTES"). Over NFS and SMB they do, and SQLite would be shut out by
//! our own lock; a write-ahead log does not work there anyway (<https://sqlite.org/wal.html>, "disadvantages"). On other
//! systems the two see each other as well, so that only the lock beside the file is taken there.
//!
//! Closing any descriptor of a file drops all fcntl locks that the process has on it (fcntl(2)): SQLite would go on
//! without its own. So the descriptor of this lock is never closed, only unlocked; the system closes it with the process.
//!
//! The second lock, on `FILE.lock` beside the file that links lead to, is the one that earlier versions take.

use std::{
    fs::{File, TryLockError},
    io,
    mem::ManuallyDrop,
    path::{Path, PathBuf},
};

/// Held for as long as the service runs; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct InstanceLock {
    itself: Option<ManuallyDrop<File>>,
    beside: File,
}

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another Unstale is serving {0} already; stop it first, or use PostgreSQL to run several")]
    Held(PathBuf),
    #[error("the lock on {0} cannot be taken: {1}")]
    File(PathBuf, #[source] io::Error),
}

/// Takes the lock on a database file, without waiting. Where there is no such file an empty one is made for its owner.
pub fn take(database: &Path) -> Result<InstanceLock, LockError> {
    let failed = |path: &Path, error| LockError::File(path.to_owned(), error);
    let held = || LockError::Held(database.to_owned());
    let file = open_or_make(database).map_err(|error| failed(database, error))?;
    let file = ManuallyDrop::new(file);
    warn_of_other_names(database, &file);
    let itself = cfg!(target_os = "linux").then_some(file);
    if let Some(file) = &itself {
        lock(file).map_err(|error| error.map_or_else(held, |error| failed(database, error)))?;
    }
    let canonical = database.canonicalize().map_err(|error| failed(database, error))?;
    let mut path = canonical.into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    let beside = File::options().create(true).write(true).truncate(false).open(&path);
    let lock = InstanceLock { itself, beside: beside.map_err(|error| failed(&path, error))? };
    self::lock(&lock.beside).map_err(|error| error.map_or_else(held, |error| failed(&path, error)))?;
    Ok(lock)
}

impl Drop for InstanceLock {
    fn drop(&mut self) {
        if let Some(file) = &self.itself {
            let _ = file.unlock();
        }
        let _ = self.beside.unlock();
    }
}

/// `None` where somebody else has it.
fn lock(file: &File) -> Result<(), Option<io::Error>> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(None),
        Err(TryLockError::Error(error)) => Err(Some(error)),
    }
}

fn open_or_make(database: &Path) -> io::Result<File> {
    match File::open(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(database),
        opened => opened,
    }
}

/// Readable for its owner only; SQLite gives the files beside it the same mode.
fn make(database: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(database)
}

/// SQLite names the write-ahead log after the database: under another name it would not find what was written last
/// (<https://sqlite.org/howtocorrupt.html>, 2.5).
#[cfg(unix)]
fn warn_of_other_names(database: &Path, file: &File) {
    use std::os::unix::fs::MetadataExt;
    if file.metadata().is_ok_and(|about| about.nlink() > 1) {
        tracing::warn!(
            file = %database.display(),
            "the database has several names (hard links); open it by one of them only, and remove the others"
        );
    }
}

#[cfg(not(unix))]
fn warn_of_other_names(_: &Path, _: &File) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_one_lock_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let (file, elsewhere) = (folder.path().join("unstale.db"), folder.path().join("other"));
        std::fs::create_dir(&elsewhere).unwrap();
        let lock = take(&file).unwrap();
        let (soft, hard) = (elsewhere.join("soft.db"), elsewhere.join("hard.db"));
        std::os::unix::fs::symlink(&file, &soft).unwrap();
        std::fs::hard_link(&file, &hard).unwrap();
        for name in [&file, &soft, &hard] {
            assert!(matches!(take(name), Err(LockError::Held(held)) if held == *name), "{}", name.display());
        }
        drop(lock);
        for name in [&soft, &hard] {
            drop(take(name).unwrap());
        }
        // A copy is another file.
        let _lock = take(&file).unwrap();
        std::fs::copy(&file, elsewhere.join("copy.db")).unwrap();
        take(&elsewhere.join("copy.db")).unwrap();
    }
}
