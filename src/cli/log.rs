//! The log: one line an event, on standard error.

use tracing_subscriber::EnvFilter;

use crate::{
    config::{LogArgs, LogFormat},
    worker::HEADS,
};

use super::CliError;

/// Starts logging, or says what is wrong with the filter.
pub fn start(args: &LogArgs) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(with_heads(&args.filter))
        .map_err(|error| format!("UNSTALE_LOG is not a filter: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.format {
        LogFormat::Text => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Signed heads are logged whatever the filter lets through, unless it speaks of them.
fn with_heads(filter: &str) -> String {
    if filter.contains(HEADS) { filter.to_owned() } else { format!("{filter},{HEADS}=info") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_logged_unless_the_filter_speaks_of_them() {
        assert_eq!(with_heads("warn"), "warn,unstale::heads=info");
        assert_eq!(with_heads("info,unstale::heads=off"), "info,unstale::heads=off");
        assert!(EnvFilter::try_new(with_heads("")).is_ok());
    }
}
