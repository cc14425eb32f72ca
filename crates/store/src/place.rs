//! Whether the files of an SQLite database are still those that were opened.
//!
//! A file that is removed or replaced stays open. SQLite continues to write to it and reports no error, although
//! nobody can find that file any more (<https://sqlite.org/howtocorrupt.html>, 4.1).
//!
//! Each transaction checks the files on the thread on which it runs. The kernel keeps the data about an open file
//! in memory, and a switch to another thread would cost more than the check.

use std::{
    fs::{self, Metadata},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What happened to a database's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Displaced {
    #[error("{} was removed or moved away while Unstale runs", .0.display())]
    Removed(PathBuf),
    #[error("{} was replaced by another file while Unstale runs", .0.display())]
    Replaced(PathBuf),
    #[error("{} may not be written any more: it is read-only", .0.display())]
    ReadOnly(PathBuf),
    #[error("{} cannot be looked at: {why}", .file.display())]
    Hidden { file: PathBuf, why: String },
}

/// The files as they were opened. While a connection is open, SQLite does not move or replace any of them.
#[derive(Debug, Clone)]
pub(super) struct OpenedFiles(Arc<Vec<(PathBuf, FileIdentity)>>);

/// What identifies a file under any name: its device and its inode number.
type FileIdentity = (u64, u64);

impl OpenedFiles {
    /// The database file, and those of the files beside it that exist by now.
    pub fn of(database: &Path) -> io::Result<Self> {
        let mut files = vec![(database.to_owned(), identity(&fs::metadata(database)?))];
        // SQLite follows symbolic links before it names the files beside the database.
        let real = database.canonicalize()?;
        for suffix in ["-wal", "-shm"] {
            let mut beside = real.clone().into_os_string();
            beside.push(suffix);
            let beside = PathBuf::from(beside);
            if let Ok(about) = fs::metadata(&beside) {
                files.push((beside, identity(&about)));
            }
        }
        Ok(Self(Arc::new(files)))
    }

    /// Checks that the files are still in their places.
    pub fn check(&self) -> Result<(), Displaced> {
        self.0.iter().try_for_each(|(path, opened)| look(path, *opened).map(drop))
    }

    /// Checks that the files are still in their places and may be written.
    pub fn check_for_writing(&self) -> Result<(), Displaced> {
        self.0.iter().try_for_each(|(path, opened)| {
            if look(path, *opened)?.permissions().readonly() {
                return Err(Displaced::ReadOnly(path.clone()));
            }
            Ok(())
        })
    }
}

fn look(path: &Path, opened: FileIdentity) -> Result<Metadata, Displaced> {
    match fs::metadata(path) {
        Ok(about) if identity(&about) == opened => Ok(about),
        Ok(_) => Err(Displaced::Replaced(path.to_owned())),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err(Displaced::Removed(path.to_owned()))
        }
        Err(error) => Err(Displaced::Hidden { file: path.to_owned(), why: error.to_string() }),
    }
}

#[cfg(unix)]
fn identity(about: &Metadata) -> FileIdentity {
    use std::os::unix::fs::MetadataExt;
    (about.dev(), about.ino())
}

/// On other systems, an open file cannot be removed.
#[cfg(not(unix))]
fn identity(_: &Metadata) -> FileIdentity {
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_removed_replaced_or_closed_to_writing_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("a.db"), folder.path().join("a.db-wal"));
        fs::write(&file, "").unwrap();
        fs::write(&log, "").unwrap();
        let place = OpenedFiles::of(&file).unwrap();
        let away = folder.path().join("away");
        for one in [&file, &log] {
            assert_eq!(place.check_for_writing(), Ok(()));
            fs::rename(one, &away).unwrap();
            assert_eq!(place.check(), Err(Displaced::Removed(one.clone())));
            fs::write(one, "").unwrap();
            assert_eq!(place.check(), Err(Displaced::Replaced(one.clone())));
            fs::rename(&away, one).unwrap();
            let mut mode = fs::metadata(one).unwrap().permissions();
            mode.set_readonly(true);
            fs::set_permissions(one, mode.clone()).unwrap();
            assert_eq!(place.check(), Ok(()), "it may be read");
            assert_eq!(place.check_for_writing(), Err(Displaced::ReadOnly(one.clone())));
            #[expect(clippy::permissions_set_readonly_false, reason = "a file of this test")]
            mode.set_readonly(false);
            fs::set_permissions(one, mode).unwrap();
        }
        fs::remove_dir_all(folder.path()).unwrap();
        assert_eq!(place.check(), Err(Displaced::Removed(file)));
    }
}
