//! `unstale doctor`: looks at all that the service needs, and says what is wrong and how to correct it.

mod aws;
mod backups;
mod clock;
mod database;
mod mail_server;
mod report;
mod service;
mod settings;
mod sign_in;

use std::process::ExitCode;

use clap::Args;

use crate::{clock::Clock, config::ServeArgs, domain::examination::Report};

use super::output::say;

/// Look at all that the service needs, and say what is wrong and how to correct it: database, history, backups, clock, AWS
/// credentials and permissions, sign-in providers, mail server.
///
/// Give it the settings of the service: it takes the same flags and variables. It changes nothing and invalidates nothing,
/// and may be run while the service runs or before its first start. It reads the whole history, which takes some seconds
/// where that is long. Exits with 0 where there are warnings at most, 1 where something is
/// wrong, 2 where a setting cannot be read: that is said on standard error.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Write the result as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    serve: Box<ServeArgs>,
}

pub async fn run(args: DoctorArgs) -> ExitCode {
    let mut report = Report::default();
    let now = Clock::system().now();
    let serve = &args.serve;
    settings::examine(&mut report, serve);
    database::examine(&mut report, serve).await;
    backups::examine(&mut report, serve, now).await;
    clock::examine(&mut report).await;
    aws::examine(&mut report, now).await;
    sign_in::examine(&mut report, serve, now).await;
    mail_server::examine(&mut report, serve).await;
    service::examine(&mut report, serve);
    say(&if args.json { report::as_json(&report) } else { report::as_text(&report) });
    if report.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
