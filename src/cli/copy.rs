//! `unstale copy`: copies a database into another one, of whichever engine.

use std::process::ExitCode;

use clap::Args;

use crate::workers::{CopiedDatabase, copy};

use super::{
    CliError,
    config::without_secret,
    output::{say, say_error},
    signals,
};

/// Copy a database into another one: from SQLite into PostgreSQL, or back. Stop the service before.
///
/// The copy has the same rows: the history with its hashes, accounts, and what waits to be sent. The history is
/// checked, and each row is compared before the copy is there. FROM is not changed, and nothing is overwritten. Afterwards
/// start the service on one of the two only, because each sends what waits in it. Exits with 0 where the copy is intact, 1
/// where it was made and its history is broken as that of FROM is, 2 where it was not made.
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// The database to copy: sqlite://FILE or postgres://USER@HOST/NAME. Give no password here, where others on this machine
    /// see it: for PostgreSQL it is taken from ~/.pgpass or PGPASSFILE.
    from: String,
    /// Where to copy it: a file that does not exist yet, or an empty database of PostgreSQL.
    to: String,
}

pub async fn run(args: CopyArgs) -> ExitCode {
    match make(&args).await {
        Ok(copied) => {
            say(&described(&args, &copied));
            copied.flaw.map_or(ExitCode::SUCCESS, |_| ExitCode::from(1))
        }
        Err(error) => {
            say_error(&error);
            ExitCode::from(2)
        }
    }
}

async fn make(args: &CopyArgs) -> Result<CopiedDatabase, CliError> {
    let stop = signals::stop_token()?;
    // What was written of the copy is taken away where it is given up.
    let copied = stop.run_until_cancelled(copy(&args.from, &args.to)).await;
    match copied {
        Some(copied) => Ok(copied?),
        None => Err("the copy was given up; nothing of it is left".into()),
    }
}

fn described(args: &CopyArgs, copied: &CopiedDatabase) -> String {
    let CopiedDatabase { tables, rows, events, last, flaw } = copied;
    let (from, to) = (without_secret(&args.from), without_secret(&args.to));
    let done = format!(
        "Copied {from} to {to}: {rows} rows of {tables} tables, each compared; {events} events, up to event {} with hash {}.",
        last.sequence, last.hash
    );
    if let Some(flaw) = flaw {
        return format!(
            "{done}\nThe history is broken, in both: {flaw}. Keep both and your older backups, and run unstale audit verify."
        );
    }
    format!(
        "{done} The history was checked and is intact.\n\
         Start the service with the new address in UNSTALE_DATABASE now, and with the same keys as before: UNSTALE_AUDIT_KEY (by default \
         unstale.audit-key beside an SQLite database) and UNSTALE_SECRETS_KEY_FILE. It makes the index of the search again.\n\
         Do not start it on {from} again: each of the two sends what waits in it."
    )
}
