//! The log: one line an event, on standard error. It never harms the service: what cannot be written is dropped and
//! counted.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fs::File,
    io::{IsTerminal, stderr},
    os::fd::AsFd,
    panic::{self, PanicHookInfo},
    time::Duration,
};

use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::{
    clock::Clock,
    config::{LogArgs, LogFormat},
    workers::HEADS,
};

use super::{CliError, background::BackgroundWriter};

/// How long the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_millis(500);
/// What the log itself has to say is said under this name.
const TARGET: &str = "unstale::log";

/// The log while it is kept. What still waits is written when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Log(BackgroundWriter);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(LAST_LINES);
    }
}

/// Starts logging, or says what is wrong with the filter.
pub fn start(args: &LogArgs) -> Result<Log, CliError> {
    let filter = EnvFilter::try_new(without_provider_words(with_heads(&args.filter)))
        .map_err(|error| format!("UNSTALE_LOG is not a filter: {error}"))?;
    // A descriptor of its own: Rust's handle is locked while it writes, and whoever else wrote to it would wait.
    let out = File::from(stderr().as_fd().try_clone_to_owned()?);
    let notice = match args.format {
        LogFormat::Text => text_notice,
        LogFormat::Json => json_notice,
    };
    let writer = BackgroundWriter::start(out, Some(notice))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer.clone())
        // It would say so with `eprintln!`, which panics where standard error is what cannot be written.
        .log_internal_errors(false);
    match args.format {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    panic::set_hook(Box::new(log_panic));
    Ok(Log(writer))
}

/// Signed heads are logged whatever the filter lets through, unless it speaks of them.
fn with_heads(filter: &str) -> String {
    if filter.contains(HEADS) { filter.to_owned() } else { format!("{filter},{HEADS}=info") }
}

/// A panic is an event like others: written past the log, it would wait for a reader who stands still.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let words = panic.payload_as_str().unwrap_or_default();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(place, %backtrace, "panicked: {words}");
    } else {
        tracing::error!(place, "panicked: {words}");
    }
}

fn text_notice(dropped: u64) -> String {
    format!("{}  WARN {TARGET}: {}\n", Clock::system().now(), dropped_lines(dropped))
}

fn json_notice(dropped: u64) -> String {
    let timestamp = Clock::system().now().to_string();
    let message = dropped_lines(dropped);
    let line = json!({"timestamp": timestamp, "level": "WARN", "message": message, "target": TARGET});
    format!("{line}\n")
}

fn dropped_lines(dropped: u64) -> String {
    match dropped {
        1 => "1 log line was dropped: it could not be written".to_owned(),
        _ => format!("{dropped} log lines were dropped: they could not be written"),
    }
}

/// Where the SDK logs what a provider of credentials said, as it said it: a program's words may have a secret in them.
/// Unstale tells the same without it.
const PROVIDERS: &str = "aws_config::meta::credentials=off,aws_config::profile::credentials=off";

/// The SDK is not let log a program's words, unless the filter speaks of it.
fn without_provider_words(filter: String) -> String {
    if filter.contains("aws_config") { filter } else { format!("{filter},{PROVIDERS}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_program_for_credentials_are_not_logged_unless_the_filter_speaks_of_them() {
        assert_eq!(without_provider_words("info".to_owned()), format!("info,{PROVIDERS}"));
        assert!(EnvFilter::try_new(without_provider_words("info".to_owned())).is_ok());
        assert_eq!(without_provider_words("aws_config=debug".to_owned()), "aws_config=debug");
    }

    #[test]
    fn heads_are_logged_unless_the_filter_speaks_of_them() {
        assert_eq!(with_heads("warn"), "warn,unstale::heads=info");
        assert_eq!(with_heads("info,unstale::heads=off"), "info,unstale::heads=off");
        assert!(EnvFilter::try_new(with_heads("")).is_ok());
    }

    #[test]
    fn dropped_lines_are_told_in_the_form_of_the_log() {
        assert!(
            text_notice(1)
                .ends_with("Z  WARN unstale::log: 1 log line was dropped: it could not be written\n")
        );
        let line: serde_json::Value = serde_json::from_str(&json_notice(3)).unwrap();
        assert_eq!(line["message"], "3 log lines were dropped: they could not be written");
        assert_eq!(line["level"], "WARN");
    }
}
