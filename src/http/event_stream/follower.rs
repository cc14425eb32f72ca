//! Reads the history for one open stream.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    domain::audit::Chained,
    store::{Db, audit as history},
};

/// The number of events that one query reads.
const PAGE: usize = 200;
/// How long a stream waits for an event before it checks whether it may go on.
const IDLE: Duration = Duration::from_millis(500);

/// Gives all events after a given one, in order. It reads them from the table at the beginning and after it has
/// fallen behind, otherwise from the hub.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    receiver: broadcast::Receiver<Arc<Chained>>,
    waiting: VecDeque<Arc<Chained>>,
    /// The sequence number of the last event that was given.
    cursor: i64,
    /// Whether the table must be read, because the receiver may have missed events.
    behind: bool,
}

/// What a stream gets next.
#[derive(Debug)]
pub enum Following {
    Event(Arc<Chained>),
    /// No event came within `IDLE`.
    Idle,
}

impl Follower {
    pub const fn new(db: Db, receiver: broadcast::Receiver<Arc<Chained>>, after: i64) -> Self {
        Self { db, receiver, waiting: VecDeque::new(), cursor: after, behind: true }
    }

    /// Waits for the next event. `None` if the database does not answer: the stream ends then, and its client
    /// reconnects.
    pub async fn next(&mut self) -> Option<Following> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.cursor = event.sequence;
                return Some(Following::Event(event));
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            match tokio::time::timeout(IDLE, self.receiver.recv()).await {
                Ok(Ok(event)) if event.sequence > self.cursor => self.waiting.push_back(event),
                // The table has already given this event.
                Ok(Ok(_)) => {}
                Ok(Err(RecvError::Lagged(_))) => self.behind = true,
                Ok(Err(RecvError::Closed)) => return None,
                Err(_) => return Some(Following::Idle),
            }
        }
    }

    async fn catch_up(&mut self) -> Option<()> {
        let mut conn = self.db.read().await.ok()?;
        let events = history::after(&mut conn, self.cursor, PAGE).await.ok()?;
        self.behind = events.len() == PAGE;
        self.waiting.extend(events.into_iter().map(Arc::new));
        Some(())
    }
}
