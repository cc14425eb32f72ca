//! Why a backup was not made.

use std::{io, path::PathBuf};

use crate::{store::StoreError, workers::CheckError};

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
    #[error("{0} cannot be written")]
    File(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the copy could not be checked")]
    Check(#[source] CheckError),
}
