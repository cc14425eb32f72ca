//! The one place that knows two engines: SQLite by default, PostgreSQL by URL.
//!
//! SQL is written once, with `$1` placeholders, and run through [`execute!`], [`fetch_all!`], [`fetch_one!`] and
//! [`fetch_optional!`], which fork on the engine and bind each argument as both can keep it (`bound.rs`). SQLite has one connection that writes and several that read.

use std::{
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    migrate::Migrator,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::domain::audit::Event;

use super::{
    StoreError,
    readers::{Reader, Readers},
};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a request waits for a connection before it is told to come again.
const ACQUIRE: Duration = Duration::from_secs(5);
/// So many connections in a row may be found wedged before a request is told to come again.
const WEDGED: usize = 8;
/// How long SQLite waits for another process, such as `unstale user add`, to end its write.
const BUSY: Duration = Duration::from_secs(5);

/// The database. Clones share its pools.
#[derive(Debug, Clone)]
pub struct Db(Pools);

#[derive(Debug, Clone)]
enum Pools {
    Sqlite { write: SqlitePool, read: Readers, file: PathBuf },
    Postgres(PgPool),
}

impl Db {
    /// Opens `sqlite://FILE` (made where it is missing) or `postgres://…` and brings its tables up to date.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            Self::open_postgres(address).await
        } else if address.starts_with("sqlite:") {
            Self::open_sqlite(address).await
        } else {
            let scheme = address.split(':').next().unwrap_or_default();
            Err(StoreError::Address(format!(
                "the database address begins with {scheme:?}; use sqlite://FILE or postgres://…"
            )))
        }
    }

    async fn open_sqlite(address: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(address)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let file = options.get_filename().to_owned();
        keep_private(&file, address);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // A file does not go away as a server does: nothing to ask before each use.
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.clone())
            .await?;
        SQLITE.run(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(8)
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self(Pools::Sqlite { write, read: Readers::new(read, ACQUIRE), file }))
    }

    async fn open_postgres(address: &str) -> Result<Self, StoreError> {
        let pool = postgres(PgConnectOptions::from_str(address)?).await?;
        POSTGRES.run(&pool).await?;
        Ok(Self(Pools::Postgres(pool)))
    }

    /// Opens it to be looked at: nothing of it is changed, so its tables must be those that this program knows.
    pub async fn open_to_look(address: &str) -> Result<Self, StoreError> {
        let db = if address.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(address)?.read_only(true).busy_timeout(BUSY);
            let file = options.get_filename().to_owned();
            let pool = look_at(options).await?;
            Self(Pools::Sqlite { write: pool.clone(), read: Readers::new(pool, ACQUIRE), file })
        } else if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            let options = PgConnectOptions::from_str(address)?;
            Self(Pools::Postgres(postgres(options.options([("default_transaction_read_only", "on")])).await?))
        } else {
            // It says what is wrong with the address.
            return Self::open(address).await;
        };
        db.check_tables().await?;
        Ok(db)
    }

    async fn check_tables(&self) -> Result<(), StoreError> {
        let known = if self.is_shared() { &POSTGRES } else { &SQLITE };
        let known = known.iter().map(|migration| migration.version).max();
        let mut conn = self.read().await?;
        let (there,) =
            fetch_one!(conn, (Option<i64>,), "SELECT max(version) FROM _sqlx_migrations WHERE success")?;
        if there == known {
            return Ok(());
        }
        let number = |version: Option<i64>| version.map_or("none".to_owned(), |version| version.to_string());
        Err(StoreError::Address(format!(
            "the database's tables are of version {} and this program knows version {}; use the program that serves it",
            number(there),
            number(known)
        )))
    }

    /// A connection for reading.
    pub async fn read(&self) -> Result<Read, StoreError> {
        let handle = match &self.0 {
            Pools::Sqlite { read, .. } => Handle::SqliteRead(read.take().await?),
            Pools::Postgres(pool) => Handle::PostgresRead(pool.acquire().await?),
        };
        Ok(Read(Conn(handle)))
    }

    /// Begins a transaction that writes. Dropped without [`Tx::commit`], it leaves no trace.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let handle = match &self.0 {
            Pools::Sqlite { write, .. } => Handle::SqliteTx(begin_sqlite(write).await?),
            Pools::Postgres(pool) => Handle::PostgresTx(pool.begin().await?),
        };
        Ok(Tx::new(handle))
    }

    /// The file of an SQLite database.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Pools::Sqlite { file, .. } => Some(file),
            Pools::Postgres(_) => None,
        }
    }

    /// Can other processes write this database while we serve?
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.0, Pools::Postgres(_))
    }

    /// Closes all connections; SQLite's write-ahead log is folded into the file.
    pub async fn close(&self) {
        match &self.0 {
            Pools::Sqlite { write, read, .. } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

async fn postgres(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    let options = options.application_name("unstale");
    PgPoolOptions::new().max_connections(16).acquire_timeout(ACQUIRE).connect_with(options).await
}

/// A copy in a folder that may not be written cannot have the files that SQLite keeps beside it; nobody changes it.
async fn look_at(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let pool =
        || SqlitePoolOptions::new().max_connections(8).test_before_acquire(false).acquire_timeout(ACQUIRE);
    let log = PathBuf::from(format!("{}-wal", options.get_filename().display()));
    match pool().connect_with(options.clone()).await {
        Err(_) if !log.exists() => pool().connect_with(options.immutable(true)).await,
        opened => opened,
    }
}

/// Makes a missing file readable for its owner only, before SQLite opens it; SQLite gives the files beside it the same
/// mode. It holds hashes of passwords and the secrets of authenticators. What cannot be made SQLite says.
#[cfg(unix)]
fn keep_private(file: &Path, address: &str) {
    use std::{
        fs::OpenOptions,
        os::unix::fs::{OpenOptionsExt, PermissionsExt},
    };
    if address.contains("mode=memory") || address.contains(":memory:") {
        return;
    }
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mode = file.metadata().map_or(0, |about| about.permissions().mode());
    if mode & 0o077 != 0 {
        let file = file.display();
        tracing::warn!(%file, "others on this machine may open the database; close it with: chmod 600 {file}");
    }
}

#[cfg(not(unix))]
fn keep_private(_: &Path, _: &str) {}

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
    SqliteRead(Reader),
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
    ($conn:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $conn.engine() {
            $crate::store::db::Engine::Sqlite(c) => {
                sqlx::query($sql)$(.bind($crate::store::bound::Bound::bound($arg)))*.execute(c).await.map(|done| done.rows_affected())
            }
            $crate::store::db::Engine::Postgres(c) => {
                sqlx::query($sql)$(.bind($crate::store::bound::Bound::bound($arg)))*.execute(c).await.map(|done| done.rows_affected())
            }
        }.map_err($crate::store::StoreError::from)
    };
}

/// The most rows of one statement: both engines take tens of thousands of values at once, and no more.
pub(super) const ROWS: usize = 500;

/// Inserts all rows, hundreds in one statement: what costs is the way to the database. `$into` ends with a space.
macro_rules! insert_all {
    ($conn:expr, $into:expr, $rows:expr, |$row:pat_param| [$($value:expr),* $(,)?]) => {{
        for rows in $rows.chunks($crate::store::db::ROWS) {
            match $conn.engine() {
                $crate::store::db::Engine::Sqlite(c) => {
                    let mut insert = sqlx::QueryBuilder::<sqlx::Sqlite>::new($into);
                    insert.push_values(rows, |mut values, $row| { $(values.push_bind($crate::store::bound::Bound::bound($value));)* });
                    insert.build().execute(c).await.map(drop)
                }
                $crate::store::db::Engine::Postgres(c) => {
                    let mut insert = sqlx::QueryBuilder::<sqlx::Postgres>::new($into);
                    insert.push_values(rows, |mut values, $row| { $(values.push_bind($crate::store::bound::Bound::bound($value));)* });
                    insert.build().execute(c).await.map(drop)
                }
            }
            .map_err($crate::store::StoreError::from)?;
        }
    }};
}

macro_rules! fetch {
    ($how:ident, $conn:expr, $row:ty, $sql:expr $(, $arg:expr)* $(,)?) => {
        match $conn.engine() {
            $crate::store::db::Engine::Sqlite(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($crate::store::bound::Bound::bound($arg)))*.$how(c).await
            }
            $crate::store::db::Engine::Postgres(c) => {
                sqlx::query_as::<_, $row>($sql)$(.bind($crate::store::bound::Bound::bound($arg)))*.$how(c).await
            }
        }
        .inspect(|_| $conn.answered())
        .map_err($crate::store::StoreError::from)
    };
}

/// All rows, read as `$row`.
macro_rules! fetch_all { ($($all:tt)*) => { $crate::store::db::fetch!(fetch_all, $($all)*) }; }
/// The one row that there must be.
macro_rules! fetch_one { ($($all:tt)*) => { $crate::store::db::fetch!(fetch_one, $($all)*) }; }
/// A row, or none.
macro_rules! fetch_optional { ($($all:tt)*) => { $crate::store::db::fetch!(fetch_optional, $($all)*) }; }

pub(super) use {execute, fetch, fetch_all, fetch_one, fetch_optional, insert_all};
