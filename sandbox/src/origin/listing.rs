//! Owns the list of an origin folder's files, as a bucket lists its objects.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use tokio::fs;

use super::side_file;

/// A file as an object of a bucket.
#[derive(Debug)]
pub(crate) struct Listed {
    pub key: String,
    pub modified: Timestamp,
    pub size: u64,
}

/// All files below the folder, sorted by the bytes of their keys. Links are left out: they may lead out of it.
pub(crate) async fn files(folder: &Path) -> Vec<Listed> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(next) = folders.pop() {
        let Ok(mut entries) = fs::read_dir(&next).await else { continue };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let path = entry.path();
            let Ok(meta) = fs::symlink_metadata(&path).await else { continue };
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_file()
                && let Some(key) = key(folder, &path)
            {
                let modified = meta.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                let modified = Timestamp::try_from(modified).unwrap_or(Timestamp::UNIX_EPOCH);
                found.push(Listed { key, modified, size: meta.len() });
            }
        }
    }
    found.sort_by(|one, other| one.key.cmp(&other.key));
    found
}

fn key(folder: &Path, path: &Path) -> Option<String> {
    let key = path.strip_prefix(folder).ok()?.to_str()?;
    (key != side_file::NAME).then(|| key.to_owned())
}
