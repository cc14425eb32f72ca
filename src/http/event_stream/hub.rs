//! Reads new events of the history once for all open streams.

use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{
    commands::CommandContext,
    domain::{audit::Chained, causes::with_causes},
    store::{StoreError, audit as history},
};

use super::follower::Follower;

/// The number of events that one query reads.
const PAGE: usize = 200;
/// The number of events that are kept for a slow stream. If more are waiting, it has to read the table itself.
const WAITING: usize = 1_024;
/// The longest time between two reads. Other replicas do not notify this process, so this is how soon their events
/// are seen.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The pause after each read, so that one read answers many notifications in a row.
const BREATH: Duration = Duration::from_millis(20);

/// Passes new events to all open streams.
#[derive(Debug)]
pub struct Hub {
    context: CommandContext,
    sender: broadcast::Sender<Arc<Chained>>,
}

impl Hub {
    pub fn new(context: CommandContext) -> Self {
        let (sender, _) = broadcast::channel(WAITING);
        Self { context, sender }
    }

    /// All events after this one, and then each new one.
    pub fn follow(&self, after: i64) -> Follower {
        Follower::new(self.context.db.clone(), self.sender.subscribe(), after)
    }

    /// Passes events on until `stop` is cancelled. An error is logged, and the read is tried again.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut notifier = self.context.notifier.listen();
        let mut cursor = None;
        while !stop.is_cancelled() {
            match self.pass_on(&mut cursor).await {
                Ok(()) => {}
                Err(error) => tracing::warn!(error = %with_causes(&error), "new events could not be read"),
            }
            tokio::time::sleep(BREATH).await;
            // On SQLite, every writer in the service notifies. Other processes write so seldom that reading more
            // often is not worth it.
            tokio::select! {
                () = notifier.notified() => {}
                () = tokio::time::sleep(HEARTBEAT) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn pass_on(&self, cursor: &mut Option<i64>) -> Result<(), StoreError> {
        let mut conn = self.context.db.read().await?;
        let nobody_listens = || self.sender.receiver_count() == 0;
        if nobody_listens() {
            let head = history::head(&mut conn).await?;
            // A stream that opens after this check reads the earlier events from the table itself.
            if nobody_listens() {
                *cursor = Some(head);
                return Ok(());
            }
        }
        let mut last = match *cursor {
            Some(last) => last,
            None => history::head(&mut conn).await?,
        };
        loop {
            *cursor = Some(last);
            let events = history::after(&mut conn, last, PAGE).await?;
            let all = events.len() < PAGE;
            last = events.last().map_or(last, |newest| newest.sequence);
            for event in events {
                // `send` fails only if there is no receiver, and that is not an error here.
                let _ = self.sender.send(Arc::new(event));
            }
            if all {
                *cursor = Some(last);
                return Ok(());
            }
        }
    }
}
