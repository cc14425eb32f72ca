//! The log: one line for each event, on standard error. It never blocks the service: lines that cannot be written
//! are dropped and counted.

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fs::File,
    io::{IsTerminal, stderr},
    os::fd::AsFd,
    panic::{self, PanicHookInfo},
    time::Duration,
};

use serde_json::json;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterFn, LevelFilter},
    fmt,
    layer::SubscriberExt,
    registry,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    app::TraceExport,
    clock::Clock,
    config::{LogArgs, LogFormat},
    traces::TARGET as TRACES,
    workers::HEADS,
};

use super::{CliError, background::BackgroundWriter};

/// How long writing the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_millis(500);
/// The target of the log's own messages.
const TARGET: &str = "unstale::log";

/// Keeps the log running. Dropping it writes the waiting lines.
#[derive(Debug)]
#[must_use]
pub struct Log(BackgroundWriter);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush(LAST_LINES);
    }
}

/// Starts logging, and handing spans to those who record traces. `Err` if the filter is wrong.
pub fn start(args: &LogArgs, traces: Option<&TraceExport>) -> Result<Log, CliError> {
    let filter = EnvFilter::try_new(without_provider_words(with_heads(&args.filter)))
        .map_err(|error| format!("UNSTALE_LOG is not a filter: {error}"))?;
    // The log uses its own descriptor. Rust's `stderr` is locked during a write, so other writers would have to
    // wait for the log.
    let out = File::from(stderr().as_fd().try_clone_to_owned()?);
    let notice = match args.format {
        LogFormat::Text => text_notice,
        LogFormat::Json => json_notice,
    };
    let writer = BackgroundWriter::start(out, Some(notice))?;
    let lines = fmt::layer()
        .with_writer(writer.clone())
        // The layer would report such errors with `eprintln!`, which panics if standard error cannot be written.
        .log_internal_errors(false);
    let lines = match args.format {
        LogFormat::Text => lines.with_ansi(stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    registry().with(lines.with_filter(filter)).with(traces.map(spans)).init();
    panic::set_hook(Box::new(log_panic));
    Ok(Log(writer))
}

/// Hands the spans of traces on, and nothing else: log lines may say more than a collector should know.
fn spans<S: Subscriber + for<'a> LookupSpan<'a>>(traces: &TraceExport) -> impl Layer<S> + use<S> {
    let is_ours = |about: &Metadata<'_>| about.is_span() && about.target() == TRACES;
    tracing_opentelemetry::layer()
        .with_tracer(traces.tracer())
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_filter(FilterFn::new(is_ours).with_max_level_hint(LevelFilter::TRACE))
}

/// Adds a rule that always logs signed heads, unless the filter already has a rule for them.
fn with_heads(filter: &str) -> String {
    if filter.contains(HEADS) { filter.to_owned() } else { format!("{filter},{HEADS}=info") }
}

/// Logs a panic like other events. Writing it directly to standard error could block on a slow reader.
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

/// Turns off the modules in which the AWS SDK logs the output of credential providers unchanged, because a
/// program's output may contain a secret. Unstale logs the same problem without it.
const PROVIDERS: &str = "aws_config::meta::credentials=off,aws_config::profile::credentials=off";

/// Adds [`PROVIDERS`], unless the filter already has a rule for the SDK's configuration.
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
