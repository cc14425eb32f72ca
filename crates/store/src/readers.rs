//! Keeps SQLite's read connections open between requests.
//!
//! The pool tests each connection that is returned to it, which adds one more round trip to SQLite's thread for
//! every read. A connection whose last statement has ended needs no test. It is kept here for the next request.
//! After an error, or if the caller was dropped before it had the answer, the connection goes back to the pool.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};
use tokio::{
    sync::{Mutex as Slot, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

type Connection = PoolConnection<Sqlite>;

/// The readers of a database. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    pool: SqlitePool,
    /// One permit for each connection that the pool may open. A caller with a permit finds a kept connection or
    /// room in the pool. The semaphore is closed together with the database.
    room: Arc<Semaphore>,
    kept: IdleConnections,
    /// How long a caller waits for a connection.
    patience: Duration,
}

/// Connections that are not in use.
#[derive(Debug, Clone, Default)]
struct IdleConnections(Arc<Mutex<Vec<Arc<Slot<Connection>>>>>);

impl IdleConnections {
    fn slots(&self) -> MutexGuard<'_, Vec<Arc<Slot<Connection>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readers {
    pub(super) fn new(pool: SqlitePool, patience: Duration) -> Self {
        let most = usize::try_from(pool.options().get_max_connections()).unwrap_or(1);
        Self { pool, room: Arc::new(Semaphore::new(most)), kept: IdleConnections::default(), patience }
    }

    pub(super) async fn take(&self) -> Result<ReadConnection, sqlx::Error> {
        let permit = timeout(self.patience, Arc::clone(&self.room).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let kept = self.kept.slots().pop();
        let slot = match kept {
            Some(slot) => slot,
            None => Arc::new(Slot::new(self.pool.acquire().await?)),
        };
        let connection = slot.lock_owned().await;
        Ok(ReadConnection { connection, at_rest: true, kept: self.kept.clone(), permit })
    }

    /// Closes all connections, and waits for those that are in use.
    pub(super) async fn close(&self) {
        self.room.close();
        self.kept.slots().clear();
        self.pool.close().await;
    }
}

/// A read connection in use. When it is dropped, it is kept for the next request or returned to the pool.
#[derive(Debug)]
pub(super) struct ReadConnection {
    connection: OwnedMutexGuard<Connection>,
    /// Whether the last statement on the connection has ended.
    at_rest: bool,
    kept: IdleConnections,
    permit: OwnedSemaphorePermit,
}

impl ReadConnection {
    /// The connection, for one statement.
    pub(super) fn ask(&mut self) -> &mut SqliteConnection {
        self.at_rest = false;
        &mut self.connection
    }

    /// The caller has read the whole answer of the statement.
    pub(super) const fn answered(&mut self) {
        self.at_rest = true;
    }
}

impl Drop for ReadConnection {
    fn drop(&mut self) {
        let mut slots = self.kept.slots();
        // This is checked while the slots are locked, because `close` first closes the semaphore and then clears
        // the slots.
        if self.at_rest && !self.permit.semaphore().is_closed() {
            slots.push(Arc::clone(OwnedMutexGuard::mutex(&self.connection)));
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePoolOptions;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(50);

    async fn readers(most: u32) -> Readers {
        let options = SqlitePoolOptions::new().max_connections(most).test_before_acquire(false);
        Readers::new(options.connect("sqlite::memory:").await.unwrap(), MOMENT)
    }

    fn kept(readers: &Readers) -> usize {
        readers.kept.slots().len()
    }

    #[tokio::test]
    async fn a_connection_at_rest_is_kept_and_handed_on() {
        let readers = readers(2).await;
        for _ in 0..5 {
            let mut reader = readers.take().await.unwrap();
            sqlx::query("SELECT 1").execute(reader.ask()).await.unwrap();
            reader.answered();
        }
        assert_eq!((kept(&readers), readers.pool.size()), (1, 1));
    }

    #[tokio::test]
    async fn one_that_was_left_in_the_middle_goes_back_to_the_pool() {
        let readers = readers(1).await;
        let mut left = readers.take().await.unwrap();
        left.ask();
        drop(left);
        assert_eq!(kept(&readers), 0);
        drop(readers.take().await.unwrap());
        assert_eq!(kept(&readers), 1);
    }

    #[tokio::test]
    async fn no_more_are_out_than_there_may_be() {
        let readers = readers(2).await;
        let (one, _two) = (readers.take().await.unwrap(), readers.take().await.unwrap());
        assert!(matches!(readers.take().await, Err(sqlx::Error::PoolTimedOut)));
        drop(one);
        readers.take().await.unwrap();
    }

    #[tokio::test]
    async fn closing_takes_those_that_are_kept_and_waits_for_those_that_are_out() {
        let readers = readers(2).await;
        let (kept_one, out) = (readers.take().await.unwrap(), readers.take().await.unwrap());
        drop(kept_one);
        let closing = readers.close();
        tokio::pin!(closing);
        assert!(timeout(MOMENT, &mut closing).await.is_err(), "one is still out");
        drop(out);
        closing.await;
        assert_eq!((kept(&readers), readers.pool.size()), (0, 0));
        assert!(matches!(readers.take().await, Err(sqlx::Error::PoolClosed)));
    }
}
