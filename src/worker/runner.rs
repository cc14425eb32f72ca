//! Runs a worker's ticks until told to stop: at once when the bell rings, else when the next row is due.

use std::{fmt::Display, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{clock::Clock, domain::time::Timestamp, wake::Listener};

/// The longest rest between two ticks: what another replica wrote is seen by then.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// The rest after an error, so that a database that is gone is not hammered.
const AFTER_ERROR: Duration = Duration::from_secs(2);

/// When a worker wants its next tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At once: there may be more to do.
    Again,
    /// When this time has come.
    At(Timestamp),
    /// When the bell rings.
    Idle,
}

/// Ticks until `stop`; a tick that has begun is finished first.
pub async fn run<E, F>(
    name: &'static str,
    clock: &Clock,
    mut bell: Listener,
    stop: &CancellationToken,
    tick: impl Fn() -> F,
) where
    E: Display,
    F: Future<Output = Result<Next, E>>,
{
    while !stop.is_cancelled() {
        let rest = match tick().await {
            Ok(Next::Again) => continue,
            Ok(Next::At(due)) => due.since(clock.now()).min(HEARTBEAT),
            Ok(Next::Idle) => HEARTBEAT,
            Err(error) => {
                tracing::error!(worker = name, %error, "a tick failed; it is tried again");
                wait(AFTER_ERROR, stop).await;
                continue;
            }
        };
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            () = bell.rung() => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn wait(rest: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(rest) => {}
        () = stop.cancelled() => {}
    }
}
