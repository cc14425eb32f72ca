//! Reads what is new in the history once, for all open streams.

use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{
    commands::CommandContext,
    domain::{audit::Chained, causes::with_causes},
    store::{StoreError, audit as history},
};

use super::follower::Follower;

/// So many events are read at once.
const PAGE: usize = 200;
/// So many events wait for a slow stream before it has to read the table by itself.
const WAITING: usize = 1_024;
/// What another replica wrote is seen by then.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The rest between two looks, so that one answers many notifications in a row.
const BREATH: Duration = Duration::from_millis(20);

/// Passes new events on.
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

    /// All events behind this one, and each new one.
    pub fn follow(&self, after: i64) -> Follower {
        Follower::new(self.context.db.clone(), self.sender.subscribe(), after)
    }

    /// Reads and passes on until `stop`. An error is logged and tried again.
    pub async fn run(&self, stop: &CancellationToken) {
        let mut notifier = self.context.notifier.listen();
        let mut cursor = None;
        while !stop.is_cancelled() {
            match self.pass_on(&mut cursor).await {
                Ok(()) => {}
                Err(error) => tracing::warn!(error = %with_causes(&error), "new events could not be read"),
            }
            tokio::time::sleep(BREATH).await;
            // On SQLite every writer of the service notifies; other processes write too seldom to be asked after so often.
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
            // Once more, after the head: a stream that opens from now on reads for itself what is before.
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
                // Nobody listening is no error.
                let _ = self.sender.send(Arc::new(event));
            }
            if all {
                *cursor = Some(last);
                return Ok(());
            }
        }
    }
}
