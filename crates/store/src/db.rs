//! The one place that knows two engines: SQLite by default, PostgreSQL by URL.
//!
//! SQL is written once, with `$1` placeholders, and run through [`execute!`], [`fetch_all!`], [`fetch_one!`] and
//! [`fetch_optional!`], which fork on the engine and bind each argument as both can keep it (`bound.rs`). SQLite has one
//! connection that writes. Those that read cannot write, on either engine.

mod opening;
#[cfg(test)]
mod tests;

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction, pool::PoolConnection,
};

use unstale_domain::audit::Event;

use super::{
    Displaced, StoreError,
    readers::{ReadConnection, Readers},
};
use opening::Opened;

/// So many connections in a row may be found wedged before a request is told to come again.
const WEDGED: usize = 8;

/// The database. Clones share its pools.
#[derive(Debug, Clone)]
pub struct Db(Pools);

#[derive(Debug, Clone)]
enum Pools {
    Sqlite {
        write: SqlitePool,
        read: Readers,
        file: PathBuf,
        opened: Option<Opened>,
    },
    /// A transaction on a connection of `read` is one that only reads: PostgreSQL refuses what writes.
    Postgres {
        write: PgPool,
        read: PgPool,
    },
}

impl Db {
    /// A connection for reading. The engine refuses to write on it.
    pub async fn read(&self) -> Result<Read, StoreError> {
        let handle = match &self.0 {
            Pools::Sqlite { read, opened, .. } => {
                opened.as_ref().map_or(Ok(()), Opened::check)?;
                Handle::SqliteRead(read.take().await?)
            }
            Pools::Postgres { read, .. } => Handle::PostgresRead(read.acquire().await?),
        };
        Ok(Read(Conn(handle)))
    }

    /// Begins a transaction that writes. Dropped without [`Tx::commit`], it leaves no trace.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let handle = match &self.0 {
            Pools::Sqlite { write, .. } => {
                self.in_place()?;
                Handle::SqliteTx(begin_sqlite(write).await?)
            }
            Pools::Postgres { write, .. } => Handle::PostgresTx(write.begin().await?),
        };
        Ok(Tx::new(handle))
    }

    /// Are an SQLite database's files still those that were opened, and may they be written?
    pub fn in_place(&self) -> Result<(), Displaced> {
        match &self.0 {
            Pools::Sqlite { opened: Some(opened), .. } => opened.check_for_writing(),
            Pools::Sqlite { opened: None, .. } | Pools::Postgres { .. } => Ok(()),
        }
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres { .. } => None,
        }
    }

    /// Can other processes write this database while we serve?
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.0, Pools::Postgres { .. })
    }

    /// Closes all connections; SQLite's write-ahead log is folded into the file.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { write, read, opened, .. } => {
                if let Some(opened) = opened {
                    opened.close().await;
                }
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { write, read } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// Begins on SQLite's one writing connection.
///
/// When a disk is full SQLite rolls back by itself, and sqlx goes on believing in the transaction: every later one
/// would be refused. Such a connection is closed; the pool opens a new one. Whoever stands in line before us may have
/// wedged that one again by then.
async fn begin_sqlite(write: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    for _ in 0..WEDGED {
        match write.begin_with("BEGIN IMMEDIATE").await {
            Err(sqlx::Error::InvalidSavePointStatement | sqlx::Error::BeginFailed) => {
                write.acquire().await?.close().await?;
            }
            begun => return begun,
        }
    }
    Err(sqlx::Error::PoolTimedOut)
}

/// A connection that reading functions take.
#[derive(Debug)]
pub struct Conn(Handle);

#[derive(Debug)]
enum Handle {
    SqliteRead(ReadConnection),
    SqliteTx(Transaction<'static, Sqlite>),
    PostgresRead(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

/// The connection of one engine or the other, for the macros below.
pub(super) enum Engine<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    pub(super) fn engine(&mut self) -> Engine<'_> {
        match &mut self.0 {
            Handle::SqliteRead(reader) => Engine::Sqlite(reader.ask()),
            Handle::SqliteTx(transaction) => Engine::Sqlite(transaction),
            Handle::PostgresRead(connection) => Engine::Postgres(connection),
            Handle::PostgresTx(transaction) => Engine::Postgres(transaction),
        }
    }

    /// The whole answer is here.
    pub(super) const fn answered(&mut self) {
        if let Handle::SqliteRead(reader) = &mut self.0 {
            reader.answered();
        }
    }

    /// For the little SQL that differs.
    pub(super) const fn is_postgres(&self) -> bool {
        matches!(self.0, Handle::PostgresRead(_) | Handle::PostgresTx(_))
    }
}

/// A connection from the readers' pool.
#[derive(Debug)]
pub struct Read(Conn);

impl Deref for Read {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Read {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

/// A write transaction: the only thing that writing functions take.
#[derive(Debug)]
#[must_use = "a transaction that is dropped leaves no trace"]
pub struct Tx {
    conn: Conn,
    /// What goes into the history with the commit.
    pub(super) events: Vec<Event>,
}

impl Tx {
    fn new(handle: Handle) -> Self {
        Self { conn: Conn(handle), events: Vec::new() }
    }

    /// The connection for a statement that writes: a [`Conn`] gives it to nobody.
    pub(super) fn writing(&mut self) -> Engine<'_> {
        self.conn.engine()
    }

    /// Makes it durable.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        super::audit::write(&mut self).await?;
        match self.conn.0 {
            Handle::SqliteTx(transaction) => transaction.commit().await?,
            Handle::PostgresTx(transaction) => transaction.commit().await?,
            Handle::SqliteRead(_) | Handle::PostgresRead(_) => {}
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;
    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}

/// Runs a statement; gives the number of rows that it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $tx.writing() {
            $crate::db::Engine::Sqlite(c) => {
                sqlx::query($sql)$(.bind($crate::bound::Bound::bound($arg)))*.execute(c).await.map(|done| done.rows_affected())
            }
            $crate::db::Engine::Postgres(c) => {
                sqlx::query($sql)$(.bind($crate::bound::Bound::bound($arg)))*.execute(c).await.map(|done| done.rows_affected())
            }
        }.map_err($crate::StoreError::from)
    };
}

/// The most rows of one statement: both engines take tens of thousands of values at once, and no more.
pub(super) const ROWS: usize = 500;

/// Inserts all rows, hundreds in one statement: what costs is the way to the database. `$into` ends with a space.
macro_rules! insert_all {
    ($tx:expr, $into:expr, $rows:expr, |$row:pat_param| [$($value:expr),* $(,)?]) => {{
        for rows in $rows.chunks($crate::db::ROWS) {
            match $tx.writing() {
                $crate::db::Engine::Sqlite(c) => {
                    let mut insert = sqlx::QueryBuilder::<sqlx::Sqlite>::new($into);
                    insert.push_values(rows, |mut values, $row| { $(values.push_bind($crate::bound::Bound::bound($value));)* });
                    insert.build().execute(c).await.map(drop)
                }
                $crate::db::Engine::Postgres(c) => {
                    let mut insert = sqlx::QueryBuilder::<sqlx::Postgres>::new($into);
                    insert.push_values(rows, |mut values, $row| { $(values.push_bind($crate::bound::Bound::bound($value));)* });
                    insert.build().execute(c).await.map(drop)
                }
            }
            .map_err($crate::StoreError::from)?;
        }
    }};
}

macro_rules! fetch {
    ($how:ident, $conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $conn.engine() {
            $crate::db::Engine::Sqlite(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($crate::bound::Bound::bound($arg)))*.$how(c).await
            }
            $crate::db::Engine::Postgres(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($crate::bound::Bound::bound($arg)))*.$how(c).await
            }
        }
        .inspect(|_| $conn.answered())
        .map_err($crate::StoreError::from)
    };
}

/// All rows, read as `$row`.
macro_rules! fetch_all { ($($all:tt)*) => { $crate::db::fetch!(fetch_all, $($all)*) }; }
/// The one row that there must be.
macro_rules! fetch_one { ($($all:tt)*) => { $crate::db::fetch!(fetch_one, $($all)*) }; }
/// A row, or none.
macro_rules! fetch_optional { ($($all:tt)*) => { $crate::db::fetch!(fetch_optional, $($all)*) }; }

pub(super) use {execute, fetch, fetch_all, fetch_one, fetch_optional, insert_all};
