//! One open stream's way through the history.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::sync::broadcast::{self, error::RecvError};

use crate::{
    domain::audit::Chained,
    store::{Db, audit as history},
};

/// So many events are read at once.
const PAGE: usize = 200;
/// After so long without an event a stream looks whether it may go on.
const IDLE: Duration = Duration::from_millis(500);

/// Gives all events behind one, in their order: from the table at the beginning and after falling behind, else as the hub
/// passes them on.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    receiver: broadcast::Receiver<Arc<Chained>>,
    waiting: VecDeque<Arc<Chained>>,
    /// The last event that was given.
    cursor: i64,
    /// The table has to be read.
    behind: bool,
}

/// What a stream gets next.
#[derive(Debug)]
pub enum Following {
    Event(Arc<Chained>),
    /// Nothing happened for a while.
    Idle,
}

impl Follower {
    pub const fn new(db: Db, receiver: broadcast::Receiver<Arc<Chained>>, after: i64) -> Self {
        Self { db, receiver, waiting: VecDeque::new(), cursor: after, behind: true }
    }

    /// The next event. `None` where the database does not answer: the stream ends, and its client comes back.
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
