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
    thread,
    time::Duration,
};

/// Whoever only asks who has the lock holds it for a moment: it is tried so often before somebody else has it.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(20);

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
    #[error(
        "{0} is another name of a file that Unstale is serving (a hard link or a mount). What is written under this \
         name the service does not see, and it damages the database. Nothing was changed; use the name that the service \
         was started with"
    )]
    ServedElsewhere(PathBuf),
    #[error(
        "{0} is a symbolic link that leads to {1}, where there is nothing; mend the link, or name the file itself"
    )]
    LeadsNowhere(PathBuf, PathBuf),
    #[error("{0} is {1}; a database is a regular file")]
    NotAFile(PathBuf, &'static str),
    #[error("the lock on {0} cannot be taken")]
    File(PathBuf, #[source] io::Error),
}

/// Takes the lock on a database file, waiting a tenth of a second at most. Where there is no such file an empty one is made for its owner.
pub fn take(database: &Path) -> Result<InstanceLock, LockError> {
    let failed = |path: &Path, error| LockError::File(path.to_owned(), error);
    let held = || LockError::Held(database.to_owned());
    require_regular(database)?;
    let file = open_or_make(database).map_err(|error| leads_nowhere(database, error))?;
    let file = ManuallyDrop::new(file);
    warn_of_other_names(database, &file);
    let itself = cfg!(target_os = "linux").then_some(file);
    if let Some(file) = &itself {
        lock(file).map_err(|error| error.map_or_else(held, |error| failed(database, error)))?;
    }
    let path = lock_file(database)?;
    let beside = File::options().create(true).write(true).truncate(false).open(&path);
    let lock = InstanceLock { itself, beside: beside.map_err(|error| failed(&path, error))? };
    self::lock(&lock.beside).map_err(|error| error.map_or_else(held, |error| failed(&path, error)))?;
    Ok(lock)
}

/// A folder, a pipe or a device is no database; opening a pipe would wait for whoever writes it.
pub(super) fn require_regular(database: &Path) -> Result<(), LockError> {
    let Ok(about) = database.metadata() else { return Ok(()) };
    if about.is_file() {
        return Ok(());
    }
    let kind = if about.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
    Err(LockError::NotAFile(database.to_owned(), kind))
}

/// What a command that opens the file beside a service needs: it is a regular file, and nobody serves it under another
/// name. SQLite names the write-ahead log after the database, so that a command under another name would work with a log
/// of its own (<https://sqlite.org/howtocorrupt.html>, 2.5).
///
/// To be asked before SQLite opens the file.
pub(super) fn require_same_name(database: &Path) -> Result<(), LockError> {
    require_regular(database)?;
    for _ in 0..TRIES {
        if !is_served_elsewhere(database)? {
            return Ok(());
        }
        // A service that starts takes one lock after the other.
        thread::sleep(PAUSE);
    }
    Err(LockError::ServedElsewhere(database.to_owned()))
}

fn is_served_elsewhere(database: &Path) -> Result<bool, LockError> {
    if !cfg!(target_os = "linux") {
        return Ok(false);
    }
    let file = match File::open(database) {
        Ok(file) => ManuallyDrop::new(file),
        // A missing file nobody serves.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return match leads_nowhere(database, error) {
                nowhere @ LockError::LeadsNowhere(..) => Err(nowhere),
                _ => Ok(false),
            };
        }
        Err(error) => return Err(LockError::File(database.to_owned(), error)),
    };
    if !is_locked(&file) {
        return Ok(false);
    }
    let path = lock_file(database)?;
    match File::open(&path) {
        Ok(beside) => Ok(!is_locked(&beside)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(LockError::File(path, error)),
    }
}

/// Does somebody hold this lock for themselves?
fn is_locked(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        // No such locks are to be had here, so that nobody has one.
        Err(TryLockError::Error(_)) => false,
    }
}

/// The lock beside the file that links lead to.
fn lock_file(database: &Path) -> Result<PathBuf, LockError> {
    let canonical = database.canonicalize().map_err(|error| LockError::File(database.to_owned(), error))?;
    let mut path = canonical.into_os_string();
    path.push(".lock");
    Ok(PathBuf::from(path))
}

fn leads_nowhere(database: &Path, error: io::Error) -> LockError {
    match database.read_link() {
        Ok(to) if error.kind() == io::ErrorKind::NotFound => LockError::LeadsNowhere(database.to_owned(), to),
        _ => LockError::File(database.to_owned(), error),
    }
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
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(Some(error)),
        }
    }
    Err(None)
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
        // Whoever opens it beside a service uses the service's name, or a link to that.
        assert!(require_same_name(&hard).is_ok(), "nobody serves it");
        let lock = take(&file).unwrap();
        for name in [&file, &soft] {
            require_same_name(name).unwrap();
        }
        let refused = require_same_name(&hard).unwrap_err();
        assert!(matches!(&refused, LockError::ServedElsewhere(name) if *name == hard), "{refused}");
        drop(lock);
        require_same_name(&hard).unwrap();
        // A copy is another file.
        let _lock = take(&file).unwrap();
        std::fs::copy(&file, elsewhere.join("copy.db")).unwrap();
        take(&elsewhere.join("copy.db")).unwrap();
    }

    #[test]
    fn what_is_no_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert!(take(folder.path()).unwrap_err().to_string().contains("is a folder"));
        let made = std::process::Command::new("mkfifo").arg(path("pipe")).status().unwrap();
        assert!(made.success());
        for refused in [take(&path("pipe")).map(drop), require_same_name(&path("pipe"))] {
            assert!(refused.unwrap_err().to_string().contains("is a pipe"));
        }
        std::os::unix::fs::symlink(path("no folder/a.db"), path("soft")).unwrap();
        for refused in [take(&path("soft")).map(drop), require_same_name(&path("soft"))] {
            assert!(refused.unwrap_err().to_string().contains("where there is nothing"));
        }
        require_same_name(&path("missing")).unwrap();
    }
}
