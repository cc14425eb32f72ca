//! `unstale backup`: copies the database into a file while the service runs.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use crate::{
    config::DatabaseArgs,
    store::Db,
    workers::{Backup, BackupError, back_up},
};

use super::{
    CliError,
    audit::open_database,
    output::{say, say_error},
    signals,
};

/// Copy the SQLite database into a file, while the service runs or not, and check the copy.
///
/// The copy is what the database was at one moment. It has everything: the history, accounts and what waits to be sent. It
/// gets its name only once it is on the disk and was checked: the file by SQLite, the history by its chain and against the
/// tables. Nothing is overwritten. Exits with 0 where the copy is intact, 1 where it was made and is broken as the database
/// is, 2 where none was made.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The file to make; it must not exist yet.
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
            say_error(&error);
            ExitCode::from(2)
        }
    }
}

async fn make(args: &BackupArgs) -> Result<Backup, CliError> {
    if Db::file_of(&args.database.database)?.is_none() {
        return Err(BackupError::NotAFile.into());
    }
    if args.file.to_string_lossy().contains("://") {
        return Err(format!("{} is an address; FILE is a path, such as copy.db", args.file.display()).into());
    }
    let stop = signals::stop_token()?;
    let db = open_database(&args.database).await?;
    // What was written of the copy is removed where it is given up.
    let made = stop.run_until_cancelled(back_up(&db, &part_of(&args.file), &args.file)).await;
    match made {
        Some(made) => {
            db.close().await;
            Ok(made?)
        }
        None => Err("the backup was given up; nothing of it is left".into()),
    }
}

/// The name that the file has until it is whole.
fn part_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".unstale-part");
    PathBuf::from(name)
}

fn described(made: &Backup) -> String {
    let Backup { file, length, events, last, flaw } = made;
    let file = file.display();
    match flaw {
        None => format!(
            "Backed up to {file}: {length} bytes, {events} events, up to event {} with hash {}. The copy was checked and \
             is intact.",
            last.sequence, last.hash
        ),
        Some(flaw) => format!(
            "Backed up to {file}, but it is broken, as the database is: {flaw}.\nKeep it and your older backups, and run \
             unstale audit verify."
        ),
    }
}
