//! Downloads a backup, for a restore.

use std::{io, path::Path};

use crate::{
    cloudfront::{S3Download, S3Error},
    domain::backups::{BackupAction, S3Object},
};

use super::{super::BackupError, S3Backups, files::HashedFile, upload::SHA256};

/// How much is handed to the disk at one time.
const PIECE: usize = 1024 * 1024;

impl S3Backups {
    /// Writes the object into the file, which is there and empty. Returns what is wrong with it, if it is not what was
    /// uploaded.
    pub(in super::super) async fn download(
        &self,
        object: &S3Object,
        file: &Path,
    ) -> Result<Option<String>, BackupError> {
        let unread = |error: S3Error| self.failed(BackupAction::Get, object, error);
        let cannot = |error: io::Error| match error.kind() {
            io::ErrorKind::StorageFull => BackupError::Full(file.to_owned()),
            _ => BackupError::File(file.to_owned(), error),
        };
        let mut download = self.s3.get(&self.bucket, object.key()).await.map_err(unread)?;
        let path = file.to_owned();
        let mut open = self.files.run(move || HashedFile::open(&path)).await.map_err(cannot)?;
        let mut is_at_end = false;
        while !is_at_end {
            let mut content = Vec::with_capacity(PIECE);
            while content.len() < PIECE && !is_at_end {
                match download.next().await.map_err(unread)? {
                    Some(piece) => content.extend_from_slice(&piece),
                    None => is_at_end = true,
                }
            }
            let written = self.files.run(move || open.write(&content).map(|()| open));
            open = written.await.map_err(cannot)?;
        }
        Ok(difference(&download, &open.sha256()))
    }
}

/// What is wrong with the content. Objects that others have made do not say what it should be.
fn difference(download: &S3Download, sha256: &str) -> Option<String> {
    let uploaded = download.metadata(SHA256).filter(|uploaded| *uploaded != sha256)?;
    Some(format!("its SHA-256 is {sha256}, and that of what was uploaded {uploaded}"))
}
