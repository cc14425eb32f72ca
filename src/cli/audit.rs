//! `unstale audit …`: the history for auditors.

use std::{path::Path, process::ExitCode};

use clap::{Args, Subcommand};

use crate::{config::DatabaseArgs, store::Db};

use super::{CliError, audit_export, audit_verify, exit_code};

#[derive(Debug, Args)]
pub struct AuditCommandArgs {
    #[command(subcommand)]
    command: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Check that no event was changed, removed, inserted or swapped; names the first bad one.
    ///
    /// The chain of hashes shows any change within. Cutting off the end and rewriting all of it show against signed
    /// heads: those in the database, and those that you kept elsewhere and name with --head.
    Verify(audit_verify::VerifyArgs),
    /// Write the history to a file or to standard output: all events, oldest first. May be run while the service runs.
    ///
    /// A search or filters write what the history's page finds for them instead, newest first. How much was written is
    /// said on standard error. In the form jsonl `unstale audit verify --file FILE` checks an export of everything, and
    /// with --part also a search's result.
    Export(audit_export::ExportArgs),
}

pub async fn run(args: AuditCommandArgs) -> ExitCode {
    match args.command {
        AuditCommand::Verify(args) => audit_verify::run(args).await,
        AuditCommand::Export(args) => exit_code(audit_export::run(args).await),
    }
}

/// Opens the database for reading only. It never creates a missing database.
pub(super) async fn open_database(database: &DatabaseArgs) -> Result<Db, CliError> {
    let file = database.database.strip_prefix("sqlite:").map(|rest| rest.trim_start_matches("//"));
    if let Some(missing) = file.filter(|file| Path::new(file).symlink_metadata().is_err()) {
        return Err(format!("there is no database {missing}; name it with --database sqlite://FILE").into());
    }
    Ok(Db::open_to_look(&database.database).await?)
}
