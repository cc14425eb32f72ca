//! The command line: one file for each subcommand.
#![allow(clippy::doc_markdown, reason = "clap shows these comments at a terminal")]

mod audit;
mod audit_export;
mod audit_filters;
mod audit_verify;
mod background;
mod backup;
mod bucket;
mod completions;
mod config;
mod context;
mod copy;
mod demo;
mod doctor;
mod healthcheck;
mod invalidate;
mod log;
mod man;
mod output;
mod probe;
mod restore;
mod serve;
mod service_manager;
mod settings_file;
mod signals;
mod target;
mod token;
mod user;

use std::{
    env,
    ffi::OsString,
    process::{self, ExitCode},
};

use clap::{
    CommandFactory, FromArgMatches, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};

use output::{OutputError, say, say_error};
use settings_file::{CompletedLine, SettingsFileError};

/// Refresh what Amazon CloudFront serves: ask in the browser, watch it complete, keep the history.
///
/// AWS credentials, region and endpoint come from the AWS SDK's own environment: AWS_PROFILE, AWS_ACCESS_KEY_ID,
/// AWS_ENDPOINT_URL_CLOUDFRONT, a role of the machine, and so on. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say
/// which way calls to other machines go.
#[derive(Debug, Parser)]
#[command(name = "unstale", version, max_term_width = 100)]
struct Cli {
    /// A settings file in TOML, such as unstale.toml: each key is the name of a flag of unstale serve. Flags and the
    /// environment win.
    #[arg(long = "config", env = "UNSTALE_CONFIG", value_name = "FILE", global = true)]
    config_file: Option<OsString>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages and work on what is requested.
    Serve(Box<crate::config::ServeArgs>),
    /// Try it: the service, a CloudFront stand-in and a site to change, on this machine only. Needs no AWS account.
    Demo(demo::DemoArgs),
    /// Manage the people with local accounts.
    User(user::UserArgs),
    /// Manage the API tokens of pipelines, and those of probes.
    Token(token::TokenArgs),
    /// Check the history, or take it out. Exits with 0 where it is intact, 1 where it is broken, 2 where it could not be
    /// checked.
    Audit(audit::AuditCommandArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    Copy(copy::CopyArgs),
    Doctor(doctor::DoctorArgs),
    Config(config::ConfigArgs),
    Invalidate(invalidate::InvalidateArgs),
    Probe(probe::ProbeArgs),
    /// Ask a running service whether it is well; for containers. Exits with 0 or 1.
    Healthcheck(healthcheck::HealthcheckArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Parses the command line and runs the command.
pub async fn run() -> ExitCode {
    let (cli, settings) = match parse(env::args_os().collect()) {
        Ok(parsed) => parsed,
        Err(error) => {
            say_error(&CliError::from(error));
            return ExitCode::from(2);
        }
    };
    let done = match cli.command {
        Command::Serve(args) => Box::pin(serve::run(*args)).await,
        Command::Demo(args) => Box::pin(demo::run(args)).await,
        Command::User(args) => user::run(args).await,
        Command::Token(args) => token::run(args).await,
        Command::Audit(args) => return audit::run(args).await,
        Command::Doctor(args) => return doctor::run(args).await,
        Command::Config(_) => {
            say(&settings);
            Ok(())
        }
        Command::Backup(args) => return backup::run(args).await,
        Command::Restore(args) => return restore::run(args).await,
        Command::Copy(args) => return copy::run(args).await,
        Command::Invalidate(args) => return invalidate::run(args).await,
        Command::Probe(args) => return probe::run(args).await,
        Command::Healthcheck(args) => healthcheck::run(&args).await,
        Command::Completions(args) => {
            completions::print(Cli::command(), &args);
            Ok(())
        }
        Command::Man(args) => man::write(Cli::command(), &args).map_err(CliError::from),
    };
    exit_code(done)
}

/// Parses the command line, with what a settings file adds to it. What clap finds wrong ends the process, as usual. With
/// `unstale config` the text is that of the settings in force, else it is empty.
fn parse(arguments: Vec<OsString>) -> Result<(Cli, String), SettingsFileError> {
    let command = Cli::command();
    let line = settings_file::complete(&command, arguments)?;
    let matches = command.clone().try_get_matches_from(&line.arguments);
    let matches = matches.unwrap_or_else(|error| refuse(&command, &line, &error));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let settings = match (&cli.command, matches.subcommand()) {
        (Command::Config(args), Some((name, matches))) => {
            let command = command.find_subcommand(name);
            command
                .map(|command| config::described(command, matches, &line, args.as_json))
                .unwrap_or_default()
        }
        _ => String::new(),
    };
    Ok((cli, settings))
}

/// Says what is wrong with the command line, and where the value comes from if nobody typed it, and ends the process.
fn refuse(command: &clap::Command, line: &CompletedLine, error: &clap::Error) -> ! {
    let about = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(about)) => about.as_str(),
        _ => "",
    };
    let flag = about.strip_prefix("--").and_then(|rest| rest.split([' ', '=']).next());
    if let Some(origin) = flag.and_then(|flag| settings_file::origin(command, line, flag)) {
        let _ = error.print();
        say_error(&CliError::from(format!("the value comes from {origin}")));
        process::exit(error.exit_code());
    }
    error.exit()
}

/// Why a command failed, in words for the person at the terminal.
type CliError = Box<dyn std::error::Error + Send + Sync>;

/// The exit code: 0, or 1 with the error on standard error. It is no error if the reader has closed the pipe.
fn exit_code(done: Result<(), CliError>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if matches!(error.downcast_ref(), Some(OutputError::ReaderGone)) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&error);
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
