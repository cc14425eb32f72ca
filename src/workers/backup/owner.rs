//! Whom the file of a database belongs to, and the files beside it.

use std::{
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};

use crate::file_thread::folder_of;

/// The file of this name with something behind it.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// The name that a file has until it is whole.
#[must_use]
pub fn part_of(file: &Path) -> PathBuf {
    beside(file, ".unstale-part")
}

/// Gives the copy to the owner of the database that it replaces, or of the folder: root restores what another user serves.
pub(super) fn give_to_its_owner(file: &Path, copy: &Path) {
    let owner =
        file.metadata().ok().filter(|about| about.len() > 0).or_else(|| folder_of(file).metadata().ok());
    let Some(owner) = owner else { return };
    for path in [copy, file, &beside(file, ".lock")] {
        let is_others =
            path.metadata().is_ok_and(|about| (about.uid(), about.gid()) != (owner.uid(), owner.gid()));
        if is_others && let Err(error) = chown(path, Some(owner.uid()), Some(owner.gid())) {
            tracing::warn!(file = %path.display(), %error, "the file keeps another owner than the database had");
        }
    }
}
