//! The one place that knows two engines: SQLite by default, PostgreSQL by URL.
//!
//! SQL is written once, with `$1` placeholders, and run through [`execute!`], [`fetch_all!`], [`fetch_one!`] and
//! [`fetch_optional!`], which fork on the engine and bind each argument as both can keep it (`bound.rs`). SQLite has one
//! connection that writes. Those that read cannot write, on either engine.

mod copy;
mod opening;
mod spin;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    time::Instant,
};

use sqlx::{
    PgConnection, PgPool, Postgres, QueryBuilder, Sqlite, SqliteConnection, Transaction, pool::PoolConnection,
};

use unstale_domain::audit::Event;
use unstale_runtime::metrics;

use super::{
    Displaced, StoreError,
    readers::{ReadConnection, Readers},
};
use opening::Opened;
use writer::{Writer, WriterTransaction};

/// The sequence and the hash of the history's last event.
pub(super) type ChainHead = (i64, String);

/// The database. Clones share its pools.
#[derive(Debug, Clone)]
pub struct Db(Pools);

#[derive(Debug, Clone)]
enum Pools {
    Sqlite {
        write: Writer,
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

    /// Begins a transaction that writes. Dropped without [`Tx::commit`], it leaves no trace. On SQLite one runs at a time,
    /// and those that come together share a commit.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let asked = Instant::now();
        let handle = match &self.0 {
            Pools::Sqlite { write, .. } => {
                self.in_place()?;
                Handle::SqliteTx(write.begin().await?)
            }
            Pools::Postgres { write, .. } => Handle::PostgresTx(write.begin().await?),
        };
        metrics::database_write_wait(asked.elapsed());
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

    /// How large the database is, in bytes, without a write-ahead log.
    pub async fn size(&self) -> Result<i64, StoreError> {
        let mut conn = self.read().await?;
        let select = match &self.0 {
            Pools::Sqlite { .. } => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            }
            Pools::Postgres { .. } => "SELECT pg_database_size(current_database())",
        };
        let (size,) = fetch_one!(conn, (i64,), select)?;
        Ok(size)
    }

    /// Closes all connections; SQLite's write-ahead log is folded into the file.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { write, read, opened, .. } => {
                if let Some(opened) = opened {
                    opened.close().await;
                }
                // A database that is only looked at has one pool for both.
                write.hand_back().await;
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

/// A connection that reading functions take.
#[derive(Debug)]
pub struct Conn(Handle);

#[derive(Debug)]
enum Handle {
    SqliteRead(ReadConnection),
    SqliteTx(WriterTransaction),
    PostgresRead(PoolConnection<Postgres>),
    PostgresTx(Transaction<'static, Postgres>),
}

/// The connection of one engine or the other, for the macros below.
pub(super) enum Engine<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

/// Where a statement goes whose result nobody needs, for the macros below.
pub(super) enum Inserting<'a> {
    /// Added to those that are sent with the next statement.
    Sqlite(&'a mut QueryBuilder<Sqlite>),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    /// The connection, for one statement.
    pub(super) async fn engine(&mut self) -> Result<Engine<'_>, StoreError> {
        Ok(match &mut self.0 {
            Handle::SqliteRead(reader) => Engine::Sqlite(reader.ask()),
            Handle::SqliteTx(transaction) => Engine::Sqlite(transaction.connection().await?),
            Handle::PostgresRead(connection) => Engine::Postgres(connection),
            Handle::PostgresTx(transaction) => Engine::Postgres(transaction),
        })
    }

    /// The statement succeeded, and its whole result was read.
    pub(super) const fn answered(&mut self) {
        match &mut self.0 {
            Handle::SqliteRead(reader) => reader.answered(),
            Handle::SqliteTx(transaction) => transaction.answered(),
            Handle::PostgresRead(_) | Handle::PostgresTx(_) => {}
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
    pub(super) async fn writing(&mut self) -> Result<Engine<'_>, StoreError> {
        self.conn.engine().await
    }

    /// Where a statement goes whose result nobody needs.
    pub(super) fn inserting(&mut self) -> Result<Inserting<'_>, StoreError> {
        match &mut self.conn.0 {
            Handle::SqliteTx(transaction) => Ok(Inserting::Sqlite(transaction.inserts())),
            Handle::PostgresTx(transaction) => Ok(Inserting::Postgres(transaction)),
            Handle::SqliteRead(_) | Handle::PostgresRead(_) => Err(StoreError::interrupted()),
        }
    }

    /// The history's last event, where it is known without a question: on SQLite others may not write meanwhile.
    pub(super) fn known_head(&self) -> Option<ChainHead> {
        match &self.conn.0 {
            Handle::SqliteTx(transaction) => transaction.head(),
            _ => None,
        }
    }

    /// Makes it durable. On SQLite, dropping the future does not cancel a commit that has begun.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        let head = super::audit::chain::write(&mut self).await?;
        let begun = Instant::now();
        match self.conn.0 {
            Handle::SqliteTx(transaction) => transaction.commit(head).await?,
            Handle::PostgresTx(transaction) => transaction.commit().await?,
            Handle::SqliteRead(_) | Handle::PostgresRead(_) => {}
        }
        metrics::database_commit(begun.elapsed());
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
        match $tx.writing().await {
            Ok($crate::db::Engine::Sqlite(c)) => {
                let statement = sqlx::query($sql)$(.bind($crate::bound::Bound::bound($arg)))*.execute(c);
                $crate::db::spin_then_wait(statement).await
                    .map(|done| done.rows_affected()).map_err($crate::StoreError::from)
            }
            Ok($crate::db::Engine::Postgres(c)) => {
                sqlx::query($sql)$(.bind($crate::bound::Bound::bound($arg)))*.execute(c).await
                    .map(|done| done.rows_affected()).map_err($crate::StoreError::from)
            }
            Err(error) => Err(error),
        }
        .inspect(|_| $tx.answered())
    };
}

/// The most rows of one statement: both engines take tens of thousands of values at once, and no more.
pub(super) const ROWS: usize = 500;

/// Inserts all rows, hundreds in one statement. On SQLite it is sent together with the next statement, or with the
/// commit, which then gives an error of it too. `$into` and what may follow the values end or begin with a space.
macro_rules! insert_all {
    ($tx:expr, $into:expr, $rows:expr, |$row:pat_param| [$($value:expr),* $(,)?] $(, $then:expr)?) => {{
        for rows in $rows.chunks($crate::db::ROWS) {
            match $tx.inserting()? {
                $crate::db::Inserting::Sqlite(inserts) => {
                    inserts.push($into);
                    inserts.push_values(rows, |mut values, $row| { $(values.push_bind($crate::bound::Bound::bound($value));)* });
                    $(inserts.push($then);)?
                    inserts.push("; ");
                }
                $crate::db::Inserting::Postgres(c) => {
                    let mut insert = sqlx::QueryBuilder::<sqlx::Postgres>::new($into);
                    insert.push_values(rows, |mut values, $row| { $(values.push_bind($crate::bound::Bound::bound($value));)* });
                    $(insert.push($then);)?
                    insert.build().execute(c).await?;
                }
            }
        }
    }};
}

macro_rules! fetch {
    ($how:ident, $conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $conn.engine().await {
            Ok($crate::db::Engine::Sqlite(c)) => {
                let statement = sqlx::query_as::<_, $row>($sql)$(.bind($crate::bound::Bound::bound($arg)))*.$how(c);
                $crate::db::spin_then_wait(statement).await.map_err($crate::StoreError::from)
            }
            Ok($crate::db::Engine::Postgres(c)) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($crate::bound::Bound::bound($arg)))*.$how(c).await
                    .map_err($crate::StoreError::from)
            }
            Err(error) => Err(error),
        }
        .inspect(|_| $conn.answered())
    };
}

/// All rows, read as `$row`.
macro_rules! fetch_all { ($($all:tt)*) => { $crate::db::fetch!(fetch_all, $($all)*) }; }
/// The one row that there must be.
macro_rules! fetch_one { ($($all:tt)*) => { $crate::db::fetch!(fetch_one, $($all)*) }; }
/// A row, or none.
macro_rules! fetch_optional { ($($all:tt)*) => { $crate::db::fetch!(fetch_optional, $($all)*) }; }

pub(super) use spin::spin_then_wait;
pub(super) use {execute, fetch, fetch_all, fetch_one, fetch_optional, insert_all};
