//! SQLite's one writer. Transactions that come together share a commit (group commit).
//!
//! A commit waits for the disk, whatever it holds. So a transaction that ends while others wait for the writer does not
//! wait for the disk with all of them behind it: it lets them write first, and then one commit makes all durable. Each
//! still runs alone, behind a savepoint of its own, and one that is dropped is rolled back to it. What a transaction
//! reads of those before it in the group is not durable yet; but its own writes are made so by the same commit, or not at
//! all, and nobody is told of a write before that. A transaction that writes nothing, and tells what it read, may tell
//! what a failed commit takes back a moment later: the caller whose commit failed hears of it, and asks again.

mod group;
#[cfg(test)]
mod tests;
mod transaction;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};
use tokio::{
    sync::{Mutex as Slot, OwnedMutexGuard, oneshot::Receiver},
    time::timeout,
};

use crate::{
    StoreError,
    db::{ChainHead, spin_then_wait},
};
use group::Group;
use transaction::RollbackGuard;

pub(super) use transaction::WriterTransaction;

type Connection = PoolConnection<Sqlite>;
type Committed = Result<(), StoreError>;

/// Also reads the history's last event, on which most transactions put theirs: that costs no further way to SQLite's thread.
const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT one; SELECT sequence, hash FROM audit_head WHERE id = 1";
const ROLLBACK_ONE: &str = "ROLLBACK TO one";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";

/// The writer. Clones are the same one.
#[derive(Debug, Clone)]
pub(super) struct Writer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: SqlitePool,
    /// How long a caller waits for the writer.
    patience: Duration,
    /// The connection, for one task at a time, in the order in which they asked.
    connection: Arc<Slot<Option<Connection>>>,
    /// How many callers wait to begin.
    waiting: AtomicUsize,
    group: Mutex<Group>,
}

impl Writer {
    /// `pool` has room for one connection.
    pub(super) fn new(pool: SqlitePool, patience: Duration) -> Self {
        let (connection, group) = (Arc::default(), Mutex::default());
        Self(Arc::new(Shared { pool, patience, connection, waiting: AtomicUsize::new(0), group }))
    }

    /// Waits for the writer and begins.
    pub(super) async fn begin(&self) -> Result<WriterTransaction, StoreError> {
        let shared = &self.0;
        let mut connection = {
            let _waiting = Waiting::count(&shared.waiting);
            let turn = Arc::clone(&shared.connection).lock_owned();
            timeout(shared.patience, turn).await.map_err(|_| sqlx::Error::PoolTimedOut)?
        };
        // From here on, a future that is dropped leaves something to be rolled back.
        let guard = RollbackGuard { writer: self.clone(), done: false };
        self.make_ready(&mut connection).await?;
        let connection = OwnedMutexGuard::try_map(connection, Option::as_mut);
        Ok(WriterTransaction::new(guard, connection.map_err(|_| sqlx::Error::PoolClosed)?))
    }

    /// Hands the connection back to its pool, after all who asked for it before.
    pub(super) async fn hand_back(&self) {
        let mut slot = self.0.connection.lock().await;
        if let Some(connection) = slot.as_mut() {
            self.settle(connection).await;
        }
        drop(slot.take());
    }

    /// Closes the pool.
    pub(super) async fn close(&self) {
        self.hand_back().await;
        self.0.pool.close().await;
    }

    fn group(&self) -> MutexGuard<'_, Group> {
        self.0.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a caller waits to begin.
    fn is_awaited(&self) -> bool {
        self.0.waiting.load(Ordering::Acquire) > 0
    }

    /// Brings the connection to where a transaction can write: behind a savepoint, with nothing behind that.
    async fn make_ready(&self, slot: &mut Option<Connection>) -> Result<(), StoreError> {
        if let Some(connection) = slot {
            self.roll_back_dropped(connection).await;
        }
        if self.group().is_open() {
            return Ok(());
        }
        let connection = match slot {
            Some(connection) => connection,
            None => slot.insert(self.0.pool.acquire().await?),
        };
        let begun = sqlx::query_as::<_, ChainHead>(BEGIN).fetch_all(&mut **connection);
        match spin_then_wait(begun).await {
            Ok(heads) => {
                let waiting = self.0.waiting.load(Ordering::Acquire);
                *self.group() = Group::begin(waiting, heads.into_iter().next());
                Ok(())
            }
            Err(error) => {
                // Whatever state it is in, the next transaction has a new connection.
                if let Some(bad) = slot.take() {
                    let _ = bad.close().await;
                }
                Err(error.into())
            }
        }
    }

    /// Commits for the group's first, unless that was done meanwhile.
    async fn commit_group(&self, mut answered: Receiver<Committed>) -> Committed {
        let mut slot = self.0.connection.lock().await;
        if let Ok(answer) = answered.try_recv() {
            return answer;
        }
        if let Some(connection) = slot.as_mut() {
            self.settle(connection).await;
        }
        drop(slot);
        answered.await.unwrap_or_else(|_| Err(StoreError::interrupted()))
    }

    /// Commits what ended.
    async fn settle(&self, connection: &mut SqliteConnection) {
        self.roll_back_dropped(connection).await;
        if !self.group().is_empty() {
            self.commit(connection).await;
        }
    }

    /// Makes all durable that ended, and tells them.
    async fn commit(&self, connection: &mut SqliteConnection) {
        match run(connection, COMMIT).await {
            Ok(()) => self.group().committed(),
            Err(error) => self.fail(connection, &error).await,
        }
    }

    /// Rolls back a transaction that was dropped, in case that no other begins.
    async fn clean_up(self) {
        if let Some(connection) = self.0.connection.lock().await.as_mut() {
            self.roll_back_dropped(connection).await;
        }
    }

    async fn roll_back_dropped(&self, connection: &mut SqliteConnection) {
        let (dropped, alone) = {
            let group = self.group();
            (group.dropped, group.is_empty())
        };
        if !dropped {
            return;
        }
        if alone {
            self.fail(connection, &StoreError::interrupted()).await;
        } else if run(connection, ROLLBACK_ONE).await.is_err() {
            // The savepoint is gone: SQLite has rolled back all by itself, as it does where the disk is full. The one
            // that was dropped has that error. The others did nothing wrong, and a later try of theirs may succeed.
            self.fail(connection, &StoreError::interrupted()).await;
        }
        self.group().dropped = false;
    }

    /// Nothing of the group is kept, and each is told why.
    async fn fail(&self, connection: &mut SqliteConnection, error: &StoreError) {
        // There may be nothing to roll back any more.
        let _ = run(connection, ROLLBACK).await;
        self.group().failed(error);
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    spin_then_wait(sqlx::raw_sql(sql).execute(connection)).await?;
    Ok(())
}

/// A caller who waits to begin, as long as they do.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn count(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::AcqRel);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
