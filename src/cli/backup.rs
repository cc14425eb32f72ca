//! `unstale backup`: copies the database into a file while the service runs.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use tokio_util::sync::CancellationToken;

use crate::{
    config::DatabaseArgs,
    domain::{audit::head::Head, backups::S3Object},
    store::Db,
    workers::{Backup, BackupError, UploadedBackup, back_up, part_of},
};

use super::{
    CliError,
    audit::open_database,
    bucket,
    output::{say, say_error},
    signals,
};

const GIVEN_UP: &str = "the backup was given up; nothing of it is left";

/// Copy the SQLite database into a file or to Amazon S3, while the service runs or not, and check the copy.
///
/// The copy is what the database was at one moment. It has everything: the history, accounts and what waits to be sent. It
/// gets its name only once it is on the disk and was checked: the file by SQLite, the history by its chain and against the
/// tables. Nothing is overwritten. Exits with 0 where the copy is intact, 1 where it was made and is broken as the database
/// is, 2 where none was made.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to make, or s3://BUCKET/KEY; it must not exist yet. Before the copy goes to S3 it is made and checked beside the
    /// database.
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub async fn run(args: BackupArgs) -> ExitCode {
    match make(&args).await {
        Ok(made) => {
            say(&described(&made));
            made.flaw.map_or(ExitCode::SUCCESS, |_| ExitCode::from(1))
        }
        Err(error) => {
            say_error(&bucket::with_fix(error));
            ExitCode::from(2)
        }
    }
}

/// A backup, wherever it is.
struct PlacedBackup {
    place: String,
    length: u64,
    events: u64,
    last: Head,
    flaw: Option<String>,
}

async fn make(args: &BackupArgs) -> Result<PlacedBackup, CliError> {
    if Db::file_of(&args.database.database)?.is_none() {
        return Err(BackupError::NotAFile.into());
    }
    let object = bucket::object(&args.file)?;
    if object.is_none() && args.file.to_string_lossy().contains("://") {
        let file = args.file.display();
        return Err(
            format!("{file} is an address; FILE is a path, such as copy.db, or s3://BUCKET/KEY").into()
        );
    }
    let stop = signals::stop_token()?;
    let db = open_database(&args.database).await?;
    let made = match &object {
        Some(object) => to_bucket(&db, object, &stop).await?,
        None => to_file(&db, &args.file, &stop).await?,
    };
    db.close().await;
    Ok(made)
}

async fn to_file(db: &Db, file: &Path, stop: &CancellationToken) -> Result<PlacedBackup, CliError> {
    // What was written of the copy is removed where it is given up.
    let made = stop.run_until_cancelled(back_up(db, &part_of(file), file)).await.ok_or(GIVEN_UP)?;
    let Backup { file, length, events, last, flaw } = made?;
    Ok(PlacedBackup { place: file.display().to_string(), length, events, last, flaw })
}

async fn to_bucket(db: &Db, object: &S3Object, stop: &CancellationToken) -> Result<PlacedBackup, CliError> {
    let backups = bucket::backups(object.folder()).await?;
    let made = backups.back_up(db, object, stop).await.map_err(|error| match error {
        BackupError::GivenUp => CliError::from(GIVEN_UP),
        error => error.into(),
    });
    let UploadedBackup { object, length, events, last, flaw } = made?;
    Ok(PlacedBackup { place: object.to_string(), length, events, last, flaw })
}

fn described(made: &PlacedBackup) -> String {
    let PlacedBackup { place, length, events, last, flaw } = made;
    match flaw {
        None => format!(
            "Backed up to {place}: {length} bytes, {events} events, up to event {} with hash {}. The copy was checked and \
             is intact.",
            last.sequence, last.hash
        ),
        Some(flaw) => format!(
            "Backed up to {place}, but it is broken, as the database is: {flaw}.\nKeep it and your older backups, and run \
             unstale audit verify."
        ),
    }
}
