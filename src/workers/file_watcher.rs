//! Notices that the database's file was removed, replaced or made read-only, and logs what to do.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    clock::Clock,
    domain::time::Timestamp,
    store::{Db, Displaced, StoreError},
};

use super::Next;

/// How often the same problem is logged again.
const AGAIN: Duration = Duration::from_mins(1);

/// The worker that checks the file. The store itself refuses to use another file; this worker explains why.
#[derive(Debug, Clone)]
pub struct FileWatcher {
    db: Db,
    clock: Clock,
    /// The problem that was logged last, and when.
    said: Arc<Mutex<Option<(Displaced, Timestamp)>>>,
}

impl FileWatcher {
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, said: Arc::default() }
    }

    /// Checks the file once.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut said = self.said.lock().await;
        let now = self.clock.now();
        match (self.db.in_place(), said.take()) {
            (Ok(()), None) => {}
            (Ok(()), Some(_)) => {
                tracing::warn!("the database's file is in its place again; the service goes on");
            }
            (Err(what), Some((before, at))) if what == before && now.since(at) < AGAIN => {
                *said = Some((before, at));
            }
            (Err(what), _) => {
                tracing::error!(
                    problem = %what,
                    "the database's file is not as it was opened: nothing is taken, and nothing is sent to CloudFront. {}",
                    advice(&what)
                );
                *said = Some((what, now));
            }
        }
        Ok(Next::Idle)
    }
}

fn advice(what: &Displaced) -> String {
    let process = std::process::id();
    match what {
        Displaced::Removed(_) | Displaced::Replaced(_) => format!(
            "Put the very same file back, and the service goes on. If it was deleted, its content is still open in this \
             process: before you stop it, copy the database and its -wal out of /proc/{process}/fd (ls -l shows which). \
             Else stop the service, put a copy in its place and start it"
        ),
        Displaced::ReadOnly(_) => {
            "Make it writable for the account that the service runs as, and the service goes on".to_owned()
        }
        Displaced::Hidden { .. } => {
            "Let the service's account reach the file again, and the service goes on".to_owned()
        }
    }
}
