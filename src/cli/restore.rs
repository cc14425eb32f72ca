//! `unstale restore`: puts a backup in the place of the database.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;

use crate::{
    clock::Clock,
    config::DatabaseArgs,
    store::Db,
    workers::{RestoreError, RestoredBackup, RestoredContent, restore, restore_object},
};

use super::{
    CliError, bucket, context,
    output::{say, say_error},
    signals,
};

/// Put a backup in the place of the SQLite database, after it was checked. Stop the service before.
///
/// What was written since the backup was made is not in it. Requests that waited then may have been sent since: the service
/// looks for each at CloudFront before it sends it, and sends none whose items were all refreshed since. All people have to
/// sign in again. A database that is there is kept beside the new one, under another name. Exits with 0 where the backup was
/// restored, 1 where this backup cannot be restored, 2 where it could not be restored; with 1 and 2 the database is as it was.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup: a file that unstale backup or the service has made, or s3://BUCKET/KEY. What is downloaded lies beside the
    /// database until it was copied.
    file: PathBuf,
    /// Replace the database that is there.
    #[arg(long)]
    replace: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

pub async fn run(args: RestoreArgs) -> ExitCode {
    match put_back(&args).await {
        Ok(restored) => {
            say(&described(&args, &restored));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let is_broken = matches!(error.downcast_ref(), Some(RestoreError::Broken(_)));
            say_error(&bucket::with_fix(error));
            ExitCode::from(if is_broken { 1 } else { 2 })
        }
    }
}

async fn put_back(args: &RestoreArgs) -> Result<RestoredBackup, CliError> {
    let Some(file) = Db::file_of(&args.database.database)? else {
        return Err("only an SQLite database is restored from a file; for PostgreSQL use pg_restore".into());
    };
    let stop = signals::stop_token()?;
    let (acting, clock) = (context::acting(), Clock::system());
    // The copy is removed where it is given up. The last step, which puts it in place, is not given up.
    let restored = match bucket::object(&args.file)? {
        None => stop.run_until_cancelled(restore(&args.file, &file, args.replace, &acting, &clock)).await,
        Some(object) => {
            let backups = bucket::backups(object.folder()).await?;
            let restoring = restore_object(&backups, &object, &file, args.replace, &acting, &clock);
            stop.run_until_cancelled(restoring).await
        }
    };
    match restored {
        Some(restored) => Ok(restored?),
        None => Err("the restore was given up; the database is as it was".into()),
    }
}

fn described(args: &RestoreArgs, restored: &RestoredBackup) -> String {
    let RestoredBackup { content, file, before } = restored;
    let RestoredContent { events, last, last_at, may_have_been_sent } = content;
    let until = last_at.map(|at| format!(" of {at}")).unwrap_or_default();
    let mut lines = vec![format!(
        "Restored {} to {}: {events} events, up to event {}{until}. The backup was checked and is intact.",
        args.file.display(),
        file.display(),
        last.sequence
    )];
    if let Some(before) = before {
        lines.push(format!("The database before is kept as {}, until you remove it.", before.display()));
    }
    lines.push(match may_have_been_sent {
        0 => "No request waited in it.".to_owned(),
        1 => "1 batch may have been sent since: the service looks for it at CloudFront before it sends it.".to_owned(),
        many => format!(
            "{many} batches may have been sent since: the service looks for each at CloudFront before it sends it."
        ),
    });
    lines.push(
        "What was changed since is as it was then: look through people, tokens and grants before you start the service. \
         Everyone has to sign in again."
            .to_owned(),
    );
    lines.join("\n")
}
