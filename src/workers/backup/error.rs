//! Why a backup was not made.

use std::{io, path::PathBuf};

use crate::{domain::backups::S3Object, store::StoreError, workers::CheckError};

use super::s3::S3BackupError;

/// Why a backup was not made. Nothing that was there before has changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(
        "only an SQLite database is copied into a file. Make a copy of PostgreSQL with \
         pg_dump --format=custom --file=FILE DATABASE, and check one that is restored with unstale audit verify"
    )]
    NotAFile,
    #[error("{0} exists already, and a backup overwrites nothing; name another file")]
    Exists(PathBuf),
    #[error("another backup is being written to {0}; wait until it has ended")]
    Running(PathBuf),
    #[error("the disk of {0} is full: make room, or name a file on another disk")]
    Full(PathBuf),
    #[error("there is a backup {0} already, and a backup overwrites nothing; name another object")]
    ObjectExists(S3Object),
    #[error(
        "a copy of the database is made beside it before it goes to S3, and its disk has no room for that: {free} are free \
         and {needed} are needed; make room on the disk of {file}"
    )]
    NoRoom { file: PathBuf, free: String, needed: String },
    #[error("the backup was given up")]
    GivenUp,
    #[error(transparent)]
    S3(#[from] S3BackupError),
    #[error("{0} cannot be written")]
    File(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the copy could not be checked")]
    Check(#[source] CheckError),
}

impl BackupError {
    /// What to do about it, for people.
    #[must_use]
    pub fn fix(&self) -> String {
        match self {
            Self::S3(error) => error.fix(),
            Self::Full(_) | Self::NoRoom { .. } => {
                "Make room on the disk, or keep fewer backups with UNSTALE_BACKUP_KEEP. It is tried again in ten minutes at \
                 the latest."
                    .to_owned()
            }
            Self::File(..) => {
                "See that its disk is mounted, and that the service may write it. It is tried again in ten minutes at the \
                 latest."
                    .to_owned()
            }
            Self::NotAFile
            | Self::Exists(_)
            | Self::ObjectExists(_)
            | Self::Running(_)
            | Self::GivenUp
            | Self::Store(_)
            | Self::Check(_) => "It is tried again in ten minutes at the latest. Run: unstale doctor".to_owned(),
        }
    }
}
