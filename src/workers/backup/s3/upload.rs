//! Uploads a copy that was checked.

use std::{path::Path, time::Duration};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    cloudfront::{HashedContent, MultipartUpload, NewObject},
    domain::{
        backups::{BackupAction, S3Object},
        causes::with_causes,
    },
};

use super::{super::BackupError, S3Backups, files::FileParts};

/// The SHA-256 of the whole object, as `sha256sum` writes it: S3's own checksum of many parts is not that of the whole.
pub(super) const SHA256: &str = "x-amz-meta-sha256";
/// Which upload made the object.
const UPLOAD: &str = "x-amz-meta-upload";
/// How long giving up an upload may take, so that the service still stops in time.
const GIVING_UP: Duration = Duration::from_secs(4);

impl S3Backups {
    /// Uploads the file and returns its length in bytes. If it fails or is stopped, S3 keeps nothing of it. `replaces`: whether
    /// it takes the place of an object that is there.
    pub(super) async fn upload(
        &self,
        copy: &Path,
        object: &S3Object,
        replaces: bool,
        stop: &CancellationToken,
    ) -> Result<u64, BackupError> {
        let path = copy.to_owned();
        let opened = self.files.run(move || {
            let mut parts = FileParts::open(&path)?;
            let sha256 = parts.sha256()?;
            Ok((parts, sha256))
        });
        let opened = stop.run_until_cancelled(opened).await.ok_or(BackupError::GivenUp)?;
        let (parts, sha256) = opened.map_err(|error| BackupError::File(copy.to_owned(), error))?;
        let length = parts.length;
        let id = uuid::Uuid::new_v4().hyphenated().to_string();
        let metadata = vec![(SHA256, sha256), (UPLOAD, id.clone())];
        let new = NewObject { key: object.key().to_owned(), metadata, replaces };
        let sent = if parts.is_one() {
            let put = self.put(copy, object, new, parts);
            stop.run_until_cancelled(put).await.unwrap_or(Err(BackupError::GivenUp))
        } else {
            self.put_in_parts(copy, object, new, parts, stop).await
        };
        match sent {
            Ok(()) => Ok(length),
            Err(BackupError::GivenUp) => Err(BackupError::GivenUp),
            // The answer that it was made may be lost, and the next try finds the object there.
            Err(_) if self.is_made_by(object, &id).await => Ok(length),
            Err(BackupError::S3(error)) if error.status() == Some(412) => {
                Err(BackupError::ObjectExists(object.clone()))
            }
            Err(error) => Err(error),
        }
    }

    async fn put(
        &self,
        copy: &Path,
        object: &S3Object,
        new: NewObject,
        parts: FileParts,
    ) -> Result<(), BackupError> {
        let (_, content) = self.next(copy, parts).await?;
        let content = content.unwrap_or_else(|| HashedContent::new(Vec::new()));
        let put = self.s3.put(&self.bucket, &new, &content).await;
        Ok(put.map_err(|error| self.failed(BackupAction::Put, object, error))?)
    }

    async fn put_in_parts(
        &self,
        copy: &Path,
        object: &S3Object,
        new: NewObject,
        parts: FileParts,
        stop: &CancellationToken,
    ) -> Result<(), BackupError> {
        let begun = stop.run_until_cancelled(self.s3.create_upload(&self.bucket, new)).await;
        let begun = begun.ok_or(BackupError::GivenUp)?;
        let upload = begun.map_err(|error| self.failed(BackupAction::Put, object, error))?;
        let sending = stop.run_until_cancelled(self.send_parts(copy, object, &upload, parts)).await;
        let sent = sending.unwrap_or(Err(BackupError::GivenUp));
        if sent.is_err() {
            self.give_up(&upload, object).await;
        }
        sent
    }

    async fn send_parts(
        &self,
        copy: &Path,
        object: &S3Object,
        upload: &MultipartUpload,
        mut parts: FileParts,
    ) -> Result<(), BackupError> {
        let failed = |error| self.failed(BackupAction::Put, object, error);
        let mut uploaded = Vec::new();
        for number in 1.. {
            let (rest, content) = self.next(copy, parts).await?;
            parts = rest;
            let Some(content) = content else { break };
            uploaded.push(self.s3.upload_part(upload, number, &content).await.map_err(failed)?);
        }
        Ok(self.s3.complete_upload(upload, &uploaded).await.map_err(failed)?)
    }

    /// The next part of the copy, read on the thread for files.
    async fn next(
        &self,
        copy: &Path,
        mut parts: FileParts,
    ) -> Result<(FileParts, Option<HashedContent>), BackupError> {
        let read = self.files.run(move || {
            let content = parts.next()?;
            Ok((parts, content))
        });
        read.await.map_err(|error| BackupError::File(copy.to_owned(), error))
    }

    /// Whether this upload has made the object. Not known counts as no.
    async fn is_made_by(&self, object: &S3Object, id: &str) -> bool {
        let head = self.s3.head(&self.bucket, object.key()).await;
        head.is_ok_and(|head| {
            head.status == 200
                && head.headers.get(UPLOAD).is_some_and(|made| made.as_bytes() == id.as_bytes())
        })
    }

    /// Has S3 remove the parts that it has.
    async fn give_up(&self, upload: &MultipartUpload, object: &S3Object) {
        let error = match timeout(GIVING_UP, self.s3.abort_upload(upload)).await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                let error = self.failed(BackupAction::Abort, object, error);
                if error.status() == Some(404) {
                    return;
                }
                with_causes(&error)
            }
            Err(_) => "S3 did not answer in time".to_owned(),
        };
        tracing::warn!(
            object = %object,
            error,
            "the parts of an upload stay in the bucket until a lifecycle rule removes them"
        );
    }
}
