//! Backups in a bucket of S3: the copy is made and checked on the disk of the database first.

mod download;
mod error;
mod files;
mod upload;

use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::{
    cloudfront::{S3, S3Bucket, S3Error},
    domain::{
        audit::head::Head,
        backups::{BackupAction, S3Object, S3Prefix},
        examination::bytes_in_words,
        time::Timestamp,
    },
    file_thread::FileThread,
    store::{Db, DiskUse},
};

pub use error::S3BackupError;

use super::{
    BackupError, folder,
    make::{CheckedCopy, write_copy},
    owner::beside,
};

/// More is never listed: a thousand a page.
const PAGES_MAX: usize = 100;
/// What stays free on the disk of the database beside a copy: with less the doctor finds an error.
const SPARE: u64 = 100 << 20;
/// How the name of the copy ends that is made beside the database.
const COPY: &str = ".unstale-backup";

/// The backups below one prefix of a bucket.
#[derive(Debug, Clone)]
pub struct S3Backups {
    s3: S3,
    bucket: S3Bucket,
    place: S3Prefix,
    files: FileThread,
}

/// A backup that is in a bucket.
#[derive(Debug, Clone)]
pub struct UploadedBackup {
    pub object: S3Object,
    /// Its length in bytes.
    pub length: u64,
    /// How many events were checked.
    pub events: u64,
    /// The last event that was checked.
    pub last: Head,
    /// What is wrong with it, as it is with the database. `None` if it is intact.
    pub flaw: Option<String>,
}

impl S3Backups {
    #[must_use]
    pub fn new(s3: S3, place: S3Prefix) -> Self {
        let bucket = S3Bucket::named(place.bucket());
        Self { s3, bucket, place, files: FileThread::default() }
    }

    /// When the newest backup was begun. `None` if there is none.
    pub async fn newest(&self, now: Timestamp) -> Result<Option<Timestamp>, S3BackupError> {
        let backups = self.list(now).await?;
        Ok(backups.last().and_then(|name| folder::begun_at(name)))
    }

    /// Makes the scheduled backup that is begun now. One that is broken, as the database is, takes the place of the last broken
    /// one.
    pub(super) async fn make(
        &self,
        db: &Db,
        begun: Timestamp,
        stop: &CancellationToken,
    ) -> Result<UploadedBackup, BackupError> {
        let (intact, broken) = (self.place.object(&folder::name(begun)), self.place.object(folder::BROKEN));
        self.copy_and_upload(db, &intact, Some(&broken), stop).await
    }

    /// Backs the database up to the object, which does not exist yet.
    pub async fn back_up(
        &self,
        db: &Db,
        object: &S3Object,
        stop: &CancellationToken,
    ) -> Result<UploadedBackup, BackupError> {
        self.copy_and_upload(db, object, None, stop).await
    }

    async fn copy_and_upload(
        &self,
        db: &Db,
        object: &S3Object,
        broken: Option<&S3Object>,
        stop: &CancellationToken,
    ) -> Result<UploadedBackup, BackupError> {
        let file = db.file().ok_or(BackupError::NotAFile)?.to_owned();
        // It is refused again when it is uploaded. This spares the copy, and finds the region of the bucket without content.
        let there = stop.run_until_cancelled(self.s3.head(&self.bucket, object.key())).await;
        if there.ok_or(BackupError::GivenUp)?.is_ok_and(|head| head.status == 200) {
            return Err(BackupError::ObjectExists(object.clone()));
        }
        self.look_for_room(&file).await?;
        let part = beside(&file, COPY);
        let copying = stop.run_until_cancelled(write_copy(&self.files, db, &part, &part)).await;
        let CheckedCopy { partial, events, last, flaw } = copying.ok_or(BackupError::GivenUp)??;
        let (object, replaces) = match broken {
            Some(broken) if flaw.is_some() => (broken, true),
            _ => (object, false),
        };
        let length = self.upload(partial.path(), object, replaces, stop).await?;
        Ok(UploadedBackup { object: object.clone(), length, events, last, flaw })
    }

    /// A copy that fills the disk of the database would stop the service.
    async fn look_for_room(&self, file: &Path) -> Result<(), BackupError> {
        let path = file.to_owned();
        let disk = self.files.run(move || DiskUse::of(&path)).await;
        let disk = disk.map_err(|error| BackupError::File(file.to_owned(), error))?;
        let needed = disk.database + disk.log + SPARE;
        if disk.free >= needed {
            return Ok(());
        }
        let (free, needed) = (bytes_in_words(disk.free), bytes_in_words(needed));
        Err(BackupError::NoRoom { file: file.to_owned(), free, needed })
    }

    /// Removes all backups but the newest `keep`.
    pub(super) async fn remove_oldest(&self, keep: usize, now: Timestamp) -> Result<(), S3BackupError> {
        let names = self.list(now).await?;
        for name in &names[..names.len().saturating_sub(keep)] {
            let object = self.place.object(name);
            let deleted = self.s3.delete(&self.bucket, object.key()).await;
            deleted.map_err(|error| self.failed(BackupAction::Delete, &object, error))?;
        }
        Ok(())
    }

    /// The names of the backups, the oldest first, as in a folder: what is empty or of the future is none.
    async fn list(&self, now: Timestamp) -> Result<Vec<String>, S3BackupError> {
        let failed = |error| self.failed(BackupAction::List, &self.place, error);
        let (mut bucket, mut next, mut names) = (self.bucket.clone(), None, Vec::new());
        let begin = format!("{}{}", self.place.key_prefix(), folder::BEGIN);
        for _ in 0..PAGES_MAX {
            let page = self.s3.list(&bucket, &begin, next.as_deref()).await.map_err(failed)?;
            for object in page.objects {
                let name = object.key.strip_prefix(self.place.key_prefix()).unwrap_or_default();
                if object.size > 0 && folder::begun_at(name).is_some_and(|at| at <= now) {
                    names.push(name.to_owned());
                }
            }
            bucket.region = Some(page.region);
            next = page.next;
            if next.is_none() {
                names.sort();
                return Ok(names);
            }
        }
        let many = format!("more than {PAGES_MAX}000 objects begin with {begin}");
        Err(failed(S3Error::Unreadable(many)))
    }

    fn failed(&self, action: BackupAction, about: &impl ToString, error: S3Error) -> S3BackupError {
        S3BackupError::new(action, self.place.clone(), about, error)
    }
}
