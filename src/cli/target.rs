//! The output of a command: standard output, or a file that gets its name only when it is complete.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::CliError;

/// An open output. If a file is dropped before [`OutputTarget::finish`], it is removed, and an earlier file with
/// its name stays unchanged.
#[derive(Debug)]
pub(super) enum OutputTarget {
    Output(io::Stdout),
    /// An existing path that is no regular file, such as a pipe. It is written directly, because it must not be
    /// replaced.
    Device(File),
    File(UnfinishedFile),
}

/// A file that is being written under a temporary name in the same folder.
#[derive(Debug)]
pub(super) struct UnfinishedFile {
    file: File,
    beside: PathBuf,
    place: PathBuf,
}

impl OutputTarget {
    pub fn open(place: Option<&Path>) -> Result<Self, CliError> {
        let Some(place) = place else { return Ok(Self::Output(io::stdout())) };
        let opened = match fs::metadata(place) {
            Ok(there) if !there.is_file() => OpenOptions::new().write(true).open(place).map(Self::Device),
            there => UnfinishedFile::open(place, there.ok().as_ref()).map(Self::File),
        };
        Ok(opened.map_err(|error| format!("{} cannot be written: {error}", place.display()))?)
    }

    /// Writes everything to disk, then gives the file its final name.
    pub fn finish(mut self) -> Result<(), CliError> {
        self.flush()?;
        if let Self::File(unfinished) = &self {
            unfinished.file.sync_all()?;
            fs::rename(&unfinished.beside, &unfinished.place)?;
        }
        Ok(())
    }
}

impl UnfinishedFile {
    /// Creates the temporary file. It gets the permissions of the file that it will replace, so that the same
    /// people can read it.
    fn open(place: &Path, there: Option<&fs::Metadata>) -> io::Result<Self> {
        // If the path is a symbolic link, the file that it points to is replaced, and the link stays.
        let place = if there.is_some() { fs::canonicalize(place)? } else { place.to_owned() };
        let mut name = place.file_name().map(ToOwned::to_owned).unwrap_or_default();
        name.push(format!(".{}.part", std::process::id()));
        let beside = place.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
        let unfinished = Self { file, beside, place };
        if let Some(there) = there {
            unfinished.file.set_permissions(there.permissions())?;
        }
        Ok(unfinished)
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        // After [`OutputTarget::finish`] the temporary name no longer exists, so this does nothing.
        let _ = fs::remove_file(&self.beside);
    }
}

impl Write for OutputTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Output(output) => output.write(bytes),
            Self::Device(file) => file.write(bytes),
            Self::File(unfinished) => unfinished.file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Output(output) => output.flush(),
            Self::Device(file) => file.flush(),
            Self::File(unfinished) => unfinished.file.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_there_once_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("all.csv");
        let mut target = OutputTarget::open(Some(&place)).unwrap();
        target.write_all(b"new").unwrap();
        assert!(!place.exists());
        target.finish().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["all.csv"]);
    }

    #[test]
    fn one_that_is_given_up_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("all.csv");
        fs::write(&place, b"old").unwrap();
        let mut target = OutputTarget::open(Some(&place)).unwrap();
        target.write_all(b"half").unwrap();
        drop(target);
        assert_eq!(fs::read(&place).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["all.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_goes_on_leading_there_and_nobody_else_may_read_it() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (place, link) = (folder.path().join("all.csv"), folder.path().join("link"));
        fs::write(&place, b"old").unwrap();
        fs::set_permissions(&place, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&place, &link).unwrap();
        let mut target = OutputTarget::open(Some(&link)).unwrap();
        target.write_all(b"new").unwrap();
        target.finish().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_written_to_as_it_is() {
        let mut target = OutputTarget::open(Some(Path::new("/dev/null"))).unwrap();
        target.write_all(b"gone").unwrap();
        target.finish().unwrap();
    }
}
