//! Defines a worker, and runs its ticks until it is stopped. A tick runs when the next row is due; those of the
//! submitter also run when a transaction was committed.

use std::{error::Error, future::pending, time::Duration};

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Clock,
    domain::{causes::with_causes, time::Timestamp},
    heartbeats::Heartbeats,
    metrics,
    notify::Listener,
    store::StoreError,
};

/// The maximum pause between two ticks. Within it, a worker sees what another replica has written.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// The pause between two ticks that found no work, so that one tick answers several notifications.
const BREATH: Duration = Duration::from_millis(5);
/// The pause after an error, so that a database that is down does not get many requests.
const AFTER_ERROR: Duration = Duration::from_secs(2);

/// When a worker wants its next tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At once: there may be more to do.
    Again,
    /// When this time has come.
    At(Timestamp),
    /// When a transaction was committed.
    Idle,
}

impl Next {
    /// The earlier of the two.
    #[must_use]
    pub fn or_sooner(self, other: Self) -> Self {
        match (self, other) {
            (Self::Again, _) | (_, Self::Again) => Self::Again,
            (Self::At(one), Self::At(other)) => Self::At(one.min(other)),
            (Self::Idle, next) | (next, Self::Idle) => next,
        }
    }
}

/// Background work, done in bounded steps. `src/workers/list.rs` lists the workers.
pub trait Worker: Send + Sync + 'static {
    /// The name in `/readyz` and in the log.
    const NAME: &'static str;

    /// Does what is due now, and returns when the next tick is due. Dropping the future between two awaits loses no
    /// work: a later tick does what was not committed.
    fn tick(&self) -> impl Future<Output = Result<Next, StoreError>> + Send;

    /// Ends what goes on beside the ticks, after the last one.
    fn end(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// Runs the worker's ticks until `stop`; a tick that has begun is finished first. With a listener, a committed
/// transaction also starts a tick, but one at most in each such pause.
pub async fn run<W: Worker>(
    worker: W,
    heartbeats: &Heartbeats,
    clock: &Clock,
    mut notified: Option<(Listener, Duration)>,
    stop: &CancellationToken,
) {
    let heartbeat = heartbeats.of(W::NAME);
    metrics::worker_started(W::NAME);
    while !stop.is_cancelled() {
        match worker.tick().await {
            Ok(next) => {
                heartbeat.beat();
                match &mut notified {
                    Some((listener, pause)) if next != Next::Again => {
                        tokio::time::sleep(*pause).await;
                        rest(next, clock, listener.notified(), stop).await;
                    }
                    _ => rest(next, clock, pending(), stop).await,
                }
            }
            Err(error) => recover(W::NAME, &error, stop).await,
        }
    }
    worker.end().await;
}

/// Claims and finishes work until `stop`. Several tasks run this at the same time. Only the task that holds the
/// listener looks for work. When it has claimed some, it releases the listener for the next task, so that one task
/// answers a notification and not all of them.
pub async fn run_in_turn<W, E, C, F>(
    name: &'static str,
    heartbeats: &Heartbeats,
    clock: &Clock,
    notifier: &Mutex<Listener>,
    stop: &CancellationToken,
    claim: impl Fn() -> C,
    finish: impl Fn(W) -> F,
) where
    E: Error,
    C: Future<Output = Result<Result<W, Next>, E>>,
    F: Future<Output = Result<(), E>>,
{
    let heartbeat = heartbeats.of(name);
    metrics::worker_started(name);
    loop {
        let mut turn = notifier.lock().await;
        if stop.is_cancelled() {
            return;
        }
        let done = match claim().await {
            Ok(Ok(work)) => {
                drop(turn);
                heartbeat.beat();
                finish(work).await
            }
            Ok(Err(next)) => {
                heartbeat.beat();
                tokio::time::sleep(BREATH).await;
                rest(next, clock, turn.notified(), stop).await;
                Ok(())
            }
            Err(error) => {
                drop(turn);
                Err(error)
            }
        };
        if let Err(error) = done {
            recover(name, &error, stop).await;
        }
    }
}

async fn rest(next: Next, clock: &Clock, notified: impl Future<Output = ()>, stop: &CancellationToken) {
    let span = match next {
        Next::Again => return,
        Next::At(due) => due.since(clock.now()).min(HEARTBEAT),
        Next::Idle => HEARTBEAT,
    };
    tokio::select! {
        () = tokio::time::sleep(span) => {}
        () = notified => {}
        () = stop.cancelled() => {}
    }
}

async fn recover(name: &'static str, error: &impl Error, stop: &CancellationToken) {
    metrics::worker_error(name);
    tracing::error!(worker = name, error = %with_causes(error), "a tick failed; it is tried again");
    tokio::select! {
        () = tokio::time::sleep(AFTER_ERROR) => {}
        () = stop.cancelled() => {}
    }
}
