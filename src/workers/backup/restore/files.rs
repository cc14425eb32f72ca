//! The files of the database while a backup takes its place. These functions block: they are called on the thread for files.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{domain::time::Timestamp, file_thread::folder_of};

use super::{
    super::{
        folder::compact,
        owner::{beside, give_to_its_owner},
        partial_file::{PartialFile, has_no_hard_links},
    },
    RestoreError,
};

/// How the name of the write-ahead log ends.
const LOG: &str = "-wal";

/// Where the database is to be.
#[derive(Debug)]
pub(super) struct Place {
    /// The file itself, not a symbolic link to it.
    pub file: PathBuf,
    /// Whether there is a database.
    pub is_taken: bool,
    /// Whether there is a file, which may be empty.
    is_there: bool,
}

/// Looks at both files before anything is changed.
pub(super) fn examine(backup: &Path, file: &Path, replace: bool) -> Result<Place, RestoreError> {
    let about = backup.metadata().map_err(|error| RestoreError::Backup(backup.to_owned(), error))?;
    if !about.is_file() {
        return Err(RestoreError::NotAFile(backup.to_owned()));
    }
    let there = file.metadata().ok();
    if there.is_some_and(|there| (there.dev(), there.ino()) == (about.dev(), about.ino())) {
        return Err(RestoreError::Itself(backup.to_owned()));
    }
    examine_place(file, replace)
}

/// Looks at the place of the database before anything is changed.
pub(super) fn examine_place(file: &Path, replace: bool) -> Result<Place, RestoreError> {
    let there = file.metadata().ok();
    if !folder_of(file).is_dir() {
        return Err(RestoreError::NoFolder(folder_of(file).to_owned()));
    }
    let (is_there, is_taken) = (there.is_some(), there.is_some_and(|there| there.len() > 0));
    if is_taken && !replace {
        return Err(RestoreError::Exists(file.to_owned()));
    }
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    Ok(Place { file, is_taken, is_there })
}

/// Takes away the empty files that the lock of the database made where there was none, if they are still empty in the end:
/// also where the restore is given up.
#[derive(Debug)]
pub(super) struct EmptyFiles<'a>(&'a Place);

impl<'a> EmptyFiles<'a> {
    pub(super) const fn of(place: &'a Place) -> Self {
        Self(place)
    }
}

impl Drop for EmptyFiles<'_> {
    fn drop(&mut self) {
        let Place { file, is_there, .. } = self.0;
        if *is_there || !file.metadata().is_ok_and(|about| about.len() == 0) {
            return;
        }
        for file in [file, &beside(file, ".lock")] {
            if let Err(error) = remove(file) {
                tracing::warn!(file = %file.display(), %error, "an empty file is left");
            }
        }
    }
}

/// Gives the database a second name, and its write-ahead log with it, before anything touches them. Returns that name; `None`
/// if there is no database.
pub(super) fn keep(place: &Place, now: Timestamp) -> io::Result<Option<PathBuf>> {
    if !place.is_taken {
        return Ok(None);
    }
    let kept = beside(&place.file, &format!(".before-restore-{}", compact(now)));
    // Another restore in the same second.
    let kept = (2..100).fold(kept, |kept, number| {
        let name = format!(".before-restore-{}-{number}", compact(now));
        if kept.symlink_metadata().is_ok() { beside(&place.file, &name) } else { kept }
    });
    for end in ["", LOG] {
        let (from, to) = (beside(&place.file, end), beside(&kept, end));
        match fs::hard_link(&from, &to) {
            Err(error) if end == LOG && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) if has_no_hard_links(&error) => drop(fs::copy(&from, &to)?),
            done => done?,
        }
    }
    Ok(Some(kept))
}

/// Gives the copy the place of the database. At each moment there is a whole database at the place.
pub(super) fn put_in_place(partial: PartialFile, place: &Place, kept: Option<&Path>) -> io::Result<()> {
    give_to_its_owner(&place.file, partial.path());
    // What is left of the old log belongs to the old file. It is empty if it could be folded into that.
    for end in [LOG, "-shm"] {
        remove(&beside(&place.file, end))?;
    }
    if let Some(log) = kept.map(|kept| beside(kept, LOG))
        && log.metadata().is_ok_and(|about| about.len() == 0)
    {
        remove(&log)?;
    }
    partial.replace(&place.file)
}

/// Removes a file if there is one.
fn remove(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_begun_where_it_would_be_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let (backup, file) = (folder.path().join("backup.db"), folder.path().join("unstale.db"));
        assert!(matches!(examine(&backup, &file, true), Err(RestoreError::Backup(..))));
        assert!(matches!(examine(folder.path(), &file, true), Err(RestoreError::NotAFile(_))));
        fs::write(&backup, "a backup").unwrap();
        let nowhere = folder.path().join("missing/unstale.db");
        assert!(matches!(examine(&backup, &nowhere, true), Err(RestoreError::NoFolder(_))));
        assert!(!examine(&backup, &file, false).unwrap().is_taken);
        fs::write(&file, "").unwrap();
        assert!(!examine(&backup, &file, false).unwrap().is_taken, "an empty file is none");
        fs::write(&file, "a database").unwrap();
        assert!(matches!(examine(&backup, &file, false), Err(RestoreError::Exists(_))));
        assert!(examine(&backup, &file, true).unwrap().is_taken);
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(matches!(examine(&file, &link, true), Err(RestoreError::Itself(_))));
        assert_eq!(examine(&backup, &link, true).unwrap().file, file.canonicalize().unwrap());
    }

    #[test]
    fn what_the_lock_made_goes_and_a_database_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unstale.db");
        for (is_there, content, stays) in [(false, "", false), (true, "", true), (false, "a database", true)]
        {
            fs::write(&file, content).unwrap();
            fs::write(beside(&file, ".lock"), "").unwrap();
            let place = Place { file: file.clone(), is_taken: false, is_there };
            drop(EmptyFiles::of(&place));
            assert_eq!(
                (file.exists(), beside(&file, ".lock").exists()),
                (stays, stays),
                "{is_there} {content}"
            );
        }
    }

    #[test]
    fn the_database_before_is_kept_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("unstale.db");
        fs::write(&file, "before").unwrap();
        fs::write(beside(&file, "-wal"), "its log").unwrap();
        let partial = PartialFile::take(&beside(&file, ".part")).unwrap();
        fs::write(partial.path(), "restored").unwrap();
        let place = Place { file: file.clone(), is_taken: true, is_there: true };
        let now = Timestamp::parse("2026-11-30T12:00:05Z").unwrap();
        let kept = keep(&place, now).unwrap().unwrap();
        put_in_place(partial, &place, Some(&kept)).unwrap();
        assert!(kept.ends_with("unstale.db.before-restore-20261130T120005Z"));
        let next = keep(&place, now).unwrap().unwrap();
        assert!(next.ends_with("unstale.db.before-restore-20261130T120005Z-2"));
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(
            (text(&file), text(&kept), text(&beside(&kept, "-wal"))),
            ("restored".to_owned(), "before".to_owned(), "its log".to_owned())
        );
        assert!(!beside(&file, "-wal").exists() && !beside(&file, ".part").exists());
    }
}
