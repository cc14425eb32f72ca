//! Lets only one service work on an SQLite file: the workers of two would not know of each other.

use std::{
    fs::{File, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Held for as long as the service runs; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub struct InstanceLock(#[expect(dead_code, reason = "held, not used")] File);

/// Why the lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("another Unstale is serving {0} already; stop it first, or use PostgreSQL to run several")]
    Held(PathBuf),
    #[error("the lock file {0} cannot be used: {1}")]
    File(PathBuf, #[source] io::Error),
}

/// Takes the lock beside the database file, without waiting.
pub fn take(database: &Path) -> Result<InstanceLock, LockError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let failed = |error| LockError::File(path.clone(), error);
    let file = File::options().create(true).write(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(InstanceLock(file)),
        Err(TryLockError::WouldBlock) => Err(LockError::Held(database.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
