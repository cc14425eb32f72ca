//! Handles SIGTERM and Ctrl-C, so that the service shuts down in order.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::CliError;

/// A token that is cancelled at the first signal. The handlers are installed when this returns.
pub fn stop_token() -> Result<CancellationToken, CliError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: open requests and the step at hand are finished first");
        token.cancel();
    });
    Ok(stop)
}
