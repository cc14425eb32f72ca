//! The file that a copy is written into until it is whole. These functions block: they are called on the thread for
//! files.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use crate::file_thread::folder_of;

use super::BackupError;

/// Only the owner may read and write. A file that is taken over may have been made by somebody else.
const PRIVATE: u32 = 0o600;

/// A file of which only its owner may read. It is locked, so that two backups do not write into one file; the system
/// gives the lock up when the process ends, and the next backup begins the file anew.
///
/// It is removed when it is dropped before it has its name, also where the backup is given up.
#[derive(Debug)]
pub(super) struct PartialFile {
    path: PathBuf,
    file: File,
    is_finished: bool,
}

impl PartialFile {
    /// Makes an empty file, or takes over what a backup has left that did not end.
    pub(super) fn take(path: &Path) -> Result<Self, BackupError> {
        let cannot = |error| BackupError::File(path.to_owned(), error);
        loop {
            let file = private().create(true).truncate(false).write(true).open(path).map_err(cannot)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(BackupError::Running(path.to_owned())),
                Err(TryLockError::Error(error)) => return Err(cannot(error)),
            }
            match names_of(&file, path).map_err(cannot)? {
                Names::Alone => {
                    file.set_len(0).map_err(cannot)?;
                    file.set_permissions(fs::Permissions::from_mode(PRIVATE)).map_err(cannot)?;
                    let taken = Self { path: path.to_owned(), file, is_finished: false };
                    taken.remove_journals();
                    return Ok(taken);
                }
                // It is a backup that is whole: its process ended before it had taken this name away.
                Names::Several => fs::remove_file(path).map_err(cannot)?,
                // Another process has ended its backup since the file was opened.
                Names::Others => {}
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Syncs the content to the disk and gives the file its name, which nothing else may have. Returns its length in
    /// bytes.
    pub(super) fn finish(mut self, name: &Path) -> Result<u64, BackupError> {
        let done = self.sync_and_name(name);
        self.is_finished = done.is_ok();
        done.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => BackupError::Exists(name.to_owned()),
            io::ErrorKind::StorageFull => BackupError::Full(name.to_owned()),
            _ => BackupError::File(name.to_owned(), error),
        })
    }

    /// Syncs the content to the disk and puts the file in the place of `name`, whatever that was.
    pub(super) fn replace(mut self, name: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, name)?;
        self.is_finished = true;
        File::open(folder_of(name))?.sync_all()
    }

    /// Removes what SQLite keeps beside the copy while it is written. A process that was killed leaves it; it belongs to
    /// no later copy (<https://sqlite.org/howtocorrupt.html>, 1.4).
    fn remove_journals(&self) {
        for end in ["-journal", "-wal", "-shm"] {
            let mut journal = self.path.as_os_str().to_owned();
            journal.push(end);
            match fs::remove_file(&journal) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(file = %Path::new(&journal).display(), %error, "a journal could not be removed");
                }
                _ => {}
            }
        }
    }

    fn sync_and_name(&self, name: &Path) -> io::Result<u64> {
        self.file.sync_all()?;
        // Unlike a new name in place of the old one, a second name never replaces a file that is there.
        match fs::hard_link(&self.path, name) {
            Ok(()) => fs::remove_file(&self.path)?,
            Err(error) if has_no_hard_links(&error) => {
                private().create_new(true).write(true).open(name)?;
                fs::rename(&self.path, name).inspect_err(|_| remove_empty(name))?;
            }
            Err(error) => return Err(error),
        }
        File::open(folder_of(name))?.sync_all()?;
        Ok(self.file.metadata()?.len())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        self.remove_journals();
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(file = %self.path.display(), %error, "the unfinished backup could not be removed");
        }
    }
}

/// An empty file under the name of a backup would pass for one.
fn remove_empty(name: &Path) {
    if let Err(error) = fs::remove_file(name) {
        tracing::warn!(file = %name.display(), %error, "the empty file could not be removed");
    }
}

/// Whether the file system has none, such as that of a memory stick: link(2) then says EPERM or EOPNOTSUPP.
pub(super) fn has_no_hard_links(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied)
}

/// The names of a file that is open.
enum Names {
    /// The one that it was opened by.
    Alone,
    /// That one and others.
    Several,
    /// The one that it was opened by is that of another file now, or of none.
    Others,
}

fn names_of(file: &File, path: &Path) -> io::Result<Names> {
    let opened = file.metadata()?;
    let named = match fs::symlink_metadata(path) {
        Ok(named) if named.is_symlink() => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link"));
        }
        Ok(named) => named,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Names::Others),
        Err(error) => return Err(error),
    };
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Ok(Names::Others);
    }
    Ok(if opened.nlink() > 1 { Names::Several } else { Names::Alone })
}

/// The database holds hashes of passwords and secrets of authenticators.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(PRIVATE);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqlite_left_beside_a_copy_that_was_killed_belongs_to_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.part");
        let beside = ["-journal", "-wal", "-shm"].map(|end| folder.path().join(format!("copy.part{end}")));
        for file in beside.iter().chain([&path]) {
            fs::write(file, "of a copy that was killed").unwrap();
        }
        let taken = PartialFile::take(&path).unwrap();
        assert!(beside.iter().all(|file| !file.exists()), "{beside:?}");
        assert_eq!(fs::read(&path).unwrap(), b"");
        for file in &beside {
            fs::write(file, "of a copy that is given up").unwrap();
        }
        drop(taken);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}
