//! `unstale audit …`: the history for auditors.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{audit_export, audit_verify, say_error};

#[derive(Debug, Args)]
pub struct AuditArgs {
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
    /// Write all events to a file or to standard output, oldest first. May be run while the service runs.
    Export(audit_export::ExportArgs),
}

pub async fn run(args: AuditArgs) -> ExitCode {
    match args.command {
        AuditCommand::Verify(args) => audit_verify::run(args).await,
        AuditCommand::Export(args) => match audit_export::run(args).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say_error(&error);
                ExitCode::FAILURE
            }
        },
    }
}
