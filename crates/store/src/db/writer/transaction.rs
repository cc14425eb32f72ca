//! One transaction of the writer, behind a savepoint of its own.

use std::{fmt, mem};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use tokio::{runtime::Handle as Runtime, sync::OwnedMappedMutexGuard};

use super::{COMMIT, Committed, Connection, Writer};
use crate::{
    StoreError,
    db::{ChainHead, spin_then_wait},
};

/// Ends a transaction of the group, and opens the place for the next one.
const KEEP: &str = "RELEASE one; SAVEPOINT one";
/// Longer texts of SQL are seldom the same twice, and are not kept as prepared statements.
const PREPARED_LENGTH: usize = 2_000;

/// A transaction. Dropped without [`Self::commit`], it leaves no trace.
#[derive(Debug)]
pub(in crate::db) struct WriterTransaction {
    // Dropped before the connection is released.
    guard: RollbackGuard,
    connection: OwnedMappedMutexGuard<Option<Connection>, Connection>,
    inserts: Inserts,
    /// Whether every statement so far has succeeded.
    intact: bool,
}

/// Inserts that are sent together with the next statement: what costs is the way to SQLite's thread and back.
#[derive(Default)]
struct Inserts(QueryBuilder<Sqlite>);

impl fmt::Debug for Inserts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inserts").field(&self.0.sql()).finish()
    }
}

impl WriterTransaction {
    pub(super) fn new(
        guard: RollbackGuard,
        connection: OwnedMappedMutexGuard<Option<Connection>, Connection>,
    ) -> Self {
        Self { guard, connection, inserts: Inserts::default(), intact: true }
    }

    /// The connection, for one statement. What was inserted before is sent first.
    ///
    /// Fails where an earlier statement failed or was given up: SQLite may have rolled back all by itself, as it does
    /// where a disk is full, and would make durable at once what is written then. (PostgreSQL refuses it in the same way.)
    pub(in crate::db) async fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        if !self.inserts.0.sql().as_str().is_empty() {
            self.send_inserts().await?;
        }
        self.start_statement()?;
        Ok(&mut self.connection)
    }

    /// The statement of [`Self::connection`] succeeded.
    pub(in crate::db) const fn answered(&mut self) {
        self.intact = true;
    }

    /// Where statements are added whose results nobody needs. Each ends with `;`, and their parameters are bound with
    /// `push_bind`. An error comes with the next statement, or with the commit.
    pub(in crate::db) const fn inserts(&mut self) -> &mut QueryBuilder<Sqlite> {
        &mut self.inserts.0
    }

    /// The history's last event. `None` if the database does not say.
    pub(in crate::db) fn head(&self) -> Option<ChainHead> {
        self.guard.writer.group().head.clone()
    }

    fn start_statement(&mut self) -> Result<(), StoreError> {
        if mem::replace(&mut self.intact, false) { Ok(()) } else { Err(StoreError::interrupted()) }
    }

    async fn send_inserts(&mut self) -> Result<(), StoreError> {
        self.start_statement()?;
        let mut inserts = mem::take(&mut self.inserts.0);
        let is_short = inserts.sql().as_str().len() <= PREPARED_LENGTH;
        let statement = inserts.build().persistent(is_short);
        spin_then_wait(statement.execute(&mut **self.connection)).await?;
        self.intact = true;
        Ok(())
    }

    /// Makes it durable, alone or together with others. `head` is the history's last event, if this transaction wrote
    /// one. Dropping the caller's future does not cancel a commit that has begun.
    pub(in crate::db) async fn commit(self, head: Option<ChainHead>) -> Committed {
        let committed = tokio::spawn(self.finish(head)).await;
        committed.unwrap_or_else(|_| Err(StoreError::interrupted()))
    }

    async fn finish(mut self, head: Option<ChainHead>) -> Committed {
        let writer = self.guard.writer.clone();
        let lets_others_write = writer.group().has_room() && writer.is_awaited();
        self.inserts.0.push(if lets_others_write { KEEP } else { COMMIT });
        // An error drops the transaction, which is then rolled back alone: the others of the group are still committed.
        self.send_inserts().await?;
        self.guard.done = true;
        if !lets_others_write {
            writer.group().committed();
            return Ok(());
        }
        let (answered, is_first) = writer.group().end(head);
        drop(self);
        if is_first {
            return writer.commit_group(answered).await;
        }
        answered.await.unwrap_or_else(|_| Err(StoreError::interrupted()))
    }
}

/// Rolls back a transaction that is dropped.
#[derive(Debug)]
pub(super) struct RollbackGuard {
    pub writer: Writer,
    /// Whether the transaction has ended.
    pub done: bool,
}

impl Drop for RollbackGuard {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        self.writer.group().dropped = true;
        // Without a runtime nobody uses the connection any more.
        if let Ok(runtime) = Runtime::try_current() {
            runtime.spawn(self.writer.clone().clean_up());
        }
    }
}
