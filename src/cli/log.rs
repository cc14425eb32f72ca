//! The log: one line an event, on standard error.

use tracing_subscriber::EnvFilter;

use crate::config::{LogArgs, LogFormat};

use super::CliError;

/// Starts logging, or says what is wrong with the filter.
pub fn start(args: &LogArgs) -> Result<(), CliError> {
    let filter =
        EnvFilter::try_new(&args.filter).map_err(|error| format!("UNSTALE_LOG is not a filter: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}
