//! Lets only one service use an SQLite file, because the workers of two services would not know of each other.
//!
//! The lock is flock(2) on the database file itself. So there is one lock, whatever the file is called: a symbolic
//! link, a hard link and a mount of it lead to the same file. SQLite locks that file too, but with fcntl(2). On
//! Linux, these two kinds of locks do not affect each other on local disks (flock(2), "NOTES"). Over NFS and SMB
//! they do, and our own lock would keep SQLite out. But a write-ahead log does not work there anyway
//! (<https://sqlite.org/wal.html>, "disadvantages"). On other systems the two kinds affect each other as well, so
//! only the lock beside the file is taken there.
//!
//! When a process closes any descriptor of a file, it loses all its fcntl locks on that file (fcntl(2)). SQLite
//! would then continue without its own lock. So the descriptor of this lock is never closed, only unlocked. The
//! system closes it when the process ends.
//!
//! The second lock is on `FILE.lock`, beside the file that links lead to. It is the one that earlier versions take.

use std::{
    fs::{File, TryLockError},
    io,
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// How often a lock is tried before another process counts as its holder. A process that only asks whether the lock
/// is held takes it for a moment.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(20);

/// The service holds it as long as it runs. The system frees it when the process ends, for whatever reason.
#[derive(Debug)]
pub struct InstanceLock {
    itself: Option<ManuallyDrop<File>>,
    beside: File,
}

/// Why the lock could not be taken.
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
        "{0} is a symbolic link that leads to {1}, where there is nothing; correct the link, or name the file itself"
    )]
    LeadsNowhere(PathBuf, PathBuf),
    #[error("{0} is {1}; a database is a regular file")]
    NotAFile(PathBuf, &'static str),
    #[error("the lock on {0} cannot be taken")]
    File(PathBuf, #[source] io::Error),
}

/// Takes the lock on a database file. Waits at most a tenth of a second for each of the two locks. If there is no
/// such file, an empty one is made that only its owner can read.
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

/// Refuses a path that is not a regular file. A folder, a pipe or a device cannot be a database, and opening a pipe
/// would wait for a writer. A path where there is no file is accepted.
pub(super) fn require_regular(database: &Path) -> Result<(), LockError> {
    let Ok(about) = database.metadata() else { return Ok(()) };
    if about.is_file() {
        return Ok(());
    }
    let kind = if about.is_dir() { "a folder" } else { "a pipe, a socket or a device" };
    Err(LockError::NotAFile(database.to_owned(), kind))
}

/// Checks that a command may open the file beside a running service: it is a regular file, and no service uses it
/// under another name. SQLite names the write-ahead log after the database, so a command that uses another name
/// would have a log of its own (<https://sqlite.org/howtocorrupt.html>, 2.5).
///
/// Call this before SQLite opens the file.
pub(super) fn require_same_name(database: &Path) -> Result<(), LockError> {
    require_regular(database)?;
    for _ in 0..TRIES {
        if !is_served_elsewhere(database)? {
            return Ok(());
        }
        // A service that starts takes one lock after the other. Between the two, the file seems to be served under
        // another name.
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
        // No service uses a file that does not exist.
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
    // A service also locks `FILE.lock` beside the name that it uses. If that lock is free, the service uses another
    // name.
    let path = lock_file(database)?;
    match File::open(&path) {
        Ok(beside) => Ok(!is_locked(&beside)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(LockError::File(path, error)),
    }
}

/// Whether a process holds this lock exclusively.
fn is_locked(file: &File) -> bool {
    match file.try_lock_shared() {
        Ok(()) => {
            let _ = file.unlock();
            false
        }
        Err(TryLockError::WouldBlock) => true,
        // The file system does not support this lock, so nobody can hold it.
        Err(TryLockError::Error(_)) => false,
    }
}

/// The path of the lock file, beside the file that links lead to.
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

/// Takes a lock. `Err(None)` if another process holds it.
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

/// Makes a file that only its owner can read. SQLite gives the same mode to the files beside it.
fn make(database: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(database)
}

/// Warns if the file has several hard links. SQLite names the write-ahead log after the database. Under another
/// name, it would not find the last writes (<https://sqlite.org/howtocorrupt.html>, 2.5).
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
        // A command beside a service uses the service's name for the file, or a symbolic link to it.
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
