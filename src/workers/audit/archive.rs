//! The folder of exported segments. These functions block: they are called on the thread for files.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// The prefix of each file's name.
const BEGIN: &str = "unstale-history-";
/// The suffix of a file that is being written.
const PART: &str = ".part";

/// A file that is being written. It gets its final name when it is completely on disk.
#[derive(Debug, Clone)]
pub(super) struct PartialFile {
    path: PathBuf,
    file: Arc<File>,
}

impl PartialFile {
    /// Creates a file. First removes partial files that are older than `given_up_after`.
    pub(super) fn create(folder: &Path, given_up_after: Duration) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        remove_given_up(folder, given_up_after);
        // The name is unique because replicas may share the folder.
        let path = folder.join(format!("{BEGIN}{}{PART}", uuid::Uuid::now_v7()));
        let file = Arc::new(File::create(&path)?);
        Ok(Self { path, file })
    }

    pub(super) fn append(&self, lines: &str) -> io::Result<()> {
        (&*self.file).write_all(lines.as_bytes())
    }

    /// Syncs the content to disk, then gives the file its final name.
    pub(super) fn finish(&self, folder: &Path, name: &str) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, folder.join(name))?;
        File::open(folder)?.sync_all()
    }
}

/// The name of the file with the events from `first` to `last`.
pub(super) fn name(first: i64, last: i64) -> String {
    format!("{BEGIN}{first}-{last}.jsonl")
}

/// Removes partial files of processes that ended during an export. The file of a running export is younger.
fn remove_given_up(folder: &Path, given_up_after: Duration) {
    let Ok(files) = fs::read_dir(folder) else { return };
    for file in files.filter_map(Result::ok) {
        let name = file.file_name();
        let name = name.to_string_lossy();
        let is_part = name.starts_with(BEGIN) && name.ends_with(PART);
        let age = file.metadata().and_then(|about| about.modified()).ok().and_then(|at| at.elapsed().ok());
        if is_part && age.is_some_and(|age| age >= given_up_after) {
            let _ = fs::remove_file(file.path());
        }
    }
}
