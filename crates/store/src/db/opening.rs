//! How a database is opened: to be served, beside a service, and only to be looked at.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, PgPool, SqliteConnection, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::Mutex;

use super::{
    super::{
        Displaced, StoreError,
        instance_lock::{self, LockError},
        place::OpenedFiles,
        readers::Readers,
        tables::{self, Tables},
    },
    Db, Pools,
    writer::Writer,
};

/// How long a request waits for a connection before it is told to come again.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long SQLite waits for another process, such as `unstale user add`, to end its write.
pub(super) const BUSY: Duration = Duration::from_secs(5);

impl Db {
    /// Opens `sqlite://FILE` (made where it is missing) or `postgres://…` and brings its tables up to date. A database
    /// that a newer program brought up to date is refused before anything is touched.
    ///
    /// Of an SQLite file the caller has the lock, see [`instance_lock`]: nobody serves it with other tables.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        if is_postgres(address) {
            Self::open_postgres(address).await
        } else if let Some(file) = Self::file_of(address)? {
            instance_lock::require_regular(&file)?;
            if file.metadata().is_ok_and(|about| about.len() > 0) {
                Self::tables(address).await?.refuse_others()?;
            }
            Self::open_sqlite(address).await
        } else {
            Self::open_sqlite(address).await
        }
    }

    /// The file that an address names; none for PostgreSQL and for a database in memory.
    pub fn file_of(address: &str) -> Result<Option<PathBuf>, StoreError> {
        if is_postgres(address) {
            return Ok(None);
        }
        if !address.starts_with("sqlite:") {
            let scheme = address.split(':').next().unwrap_or_default();
            return Err(StoreError::Address(format!(
                "the database address begins with {scheme:?}; use sqlite://FILE or postgres://…"
            )));
        }
        let in_memory = address.contains("mode=memory") || address.contains(":memory:");
        let options = SqliteConnectOptions::from_str(address)?;
        Ok((!in_memory).then(|| options.get_filename().to_owned()))
    }

    /// Opens it beside a service that may be running: its tables are brought up to date only where nobody serves it.
    ///
    /// Of PostgreSQL nobody can tell from here, so that there it is left to the service.
    pub async fn open_beside_service(address: &str) -> Result<Self, StoreError> {
        let Some(file) = Self::file_of(address)? else {
            return Self::open_current_postgres(address).await;
        };
        instance_lock::require_same_name(&file)?;
        let is_there = file.metadata().is_ok_and(|about| about.len() > 0);
        let tables = if is_there { Self::tables(address).await? } else { Tables::None };
        if tables == Tables::Current {
            return Self::open(address).await;
        }
        tables.refuse_others()?;
        match instance_lock::take(&file) {
            // Held until the tables are up to date.
            Ok(_lock) => Self::open(address).await,
            Err(LockError::Held(_)) => Err(StoreError::Tables(
                "the database's tables are older than this program, and a service of that older version is running on \
                 them. Nothing was changed. Use the program of that version, or stop the service and start the new one"
                    .to_owned(),
            )),
            Err(error) => Err(error.into()),
        }
    }

    async fn open_current_postgres(address: &str) -> Result<Self, StoreError> {
        match Self::tables(address).await? {
            Tables::Older { there, known } => Err(StoreError::Tables(format!(
                "the database's tables are of version {there}, and this program's of version {known}. Nothing was \
                 changed. Use the program of the version that serves it, or start the new service first: it brings \
                 them up to date"
            ))),
            Tables::None | Tables::Foreign | Tables::Current | Tables::Newer { .. } => {
                Self::open(address).await
            }
        }
    }

    /// How the tables of a database stand to those that this program knows. Changes nothing.
    async fn tables(address: &str) -> Result<Tables, StoreError> {
        let db = Self::look(address).await?;
        let standing = tables::standing(&mut *db.read().await?).await;
        db.close().await;
        standing
    }

    /// Opens a file that only the caller knows, and brings its tables up to date.
    pub async fn open_file(file: &Path) -> Result<Self, StoreError> {
        Self::open_sqlite_with(SqliteConnectOptions::new().filename(file), Some(file)).await
    }

    async fn open_sqlite(address: &str) -> Result<Self, StoreError> {
        let file = Self::file_of(address)?;
        Self::open_sqlite_with(SqliteConnectOptions::from_str(address)?, file.as_deref()).await
    }

    /// `watched` is the file whose place is watched while it is open. `None` for a database in memory.
    async fn open_sqlite_with(
        options: SqliteConnectOptions,
        watched: Option<&Path>,
    ) -> Result<Self, StoreError> {
        let options = options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let file = options.get_filename().to_owned();
        if let Some(file) = watched {
            keep_private(file);
        }
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // A file does not go away as a server does: nothing to ask before each use.
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE)
            // SQLite notes what a savepoint would have to restore, else in a temporary file for more than 64 KiB.
            // https://sqlite.org/tempfiles.html#statement_journal_files
            .connect_with(options.clone().pragma("temp_store", "MEMORY"))
            .await?;
        tables::SQLITE.run(&write).await?;
        let only_reads = options.read_only(true).create_if_missing(false);
        let read = SqlitePoolOptions::new()
            .max_connections(8)
            .test_before_acquire(false)
            .acquire_timeout(ACQUIRE)
            .connect_with(only_reads.clone())
            .await?;
        let opened = match watched {
            Some(file) => Some(Opened::note(file, &only_reads).await?),
            None => None,
        };
        let (write, read) = (Writer::new(write, ACQUIRE), Readers::new(read, ACQUIRE));
        Ok(Self(Pools::Sqlite { write, read, file, opened }))
    }

    async fn open_postgres(address: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(address)?;
        let write = postgres(options.clone()).await?;
        let read = postgres(only_reads(options)).await?;
        let db = Self(Pools::Postgres { write: write.clone(), read });
        tables::standing(&mut *db.read().await?).await?.refuse_others()?;
        // One process after the other: sqlx takes an advisory lock for as long as it works on them.
        tables::POSTGRES.run(&write).await?;
        Ok(db)
    }

    /// Opens it to be looked at: nothing of it is changed, so its tables must be those that this program knows.
    pub async fn open_to_look(address: &str) -> Result<Self, StoreError> {
        if let Some(file) = Self::file_of(address)? {
            instance_lock::require_same_name(&file)?;
        }
        let db = Self::look(address).await?;
        tables::standing(&mut *db.read().await?).await?.require_current()?;
        Ok(db)
    }

    async fn look(address: &str) -> Result<Self, StoreError> {
        if is_postgres(address) {
            let pool = postgres(only_reads(PgConnectOptions::from_str(address)?)).await?;
            return Ok(Self(Pools::Postgres { write: pool.clone(), read: pool }));
        }
        // It says what is wrong with the address.
        Self::file_of(address)?;
        Self::look_at_sqlite(SqliteConnectOptions::from_str(address)?).await
    }

    /// Opens a copy to be looked at, as [`Db::open_to_look`] does.
    pub async fn open_copy(file: &Path) -> Result<Self, StoreError> {
        let db = Self::look_at_sqlite(SqliteConnectOptions::new().filename(file)).await?;
        tables::standing(&mut *db.read().await?).await?.require_current()?;
        Ok(db)
    }

    /// Opens a database of this version or of an earlier one, only to copy it.
    pub async fn open_to_copy(file: &Path) -> Result<Self, StoreError> {
        let db = Self::look_at_sqlite(SqliteConnectOptions::new().filename(file)).await?;
        tables::standing(&mut *db.read().await?).await?.require_known()?;
        Ok(db)
    }

    async fn look_at_sqlite(options: SqliteConnectOptions) -> Result<Self, StoreError> {
        let options = options.read_only(true).busy_timeout(BUSY);
        let file = options.get_filename().to_owned();
        let pool = look_at(options).await?;
        let (write, read) = (Writer::new(pool.clone(), ACQUIRE), Readers::new(pool, ACQUIRE));
        Ok(Self(Pools::Sqlite { write, read, file, opened: None }))
    }
}

/// The files of an SQLite database, and one connection that stays: as long as it does, SQLite keeps the write-ahead log
/// where it is.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    place: OpenedFiles,
    /// SQLite takes the log away when the last connection is closed.
    closed: Arc<AtomicBool>,
    stays: Arc<Mutex<Option<SqliteConnection>>>,
}

impl Opened {
    async fn note(file: &Path, options: &SqliteConnectOptions) -> Result<Self, StoreError> {
        let mut stays = options.connect().await?;
        // Before its first question a connection has the log not open.
        sqlx::query("SELECT count(*) FROM _sqlx_migrations").execute(&mut stays).await?;
        let place = OpenedFiles::of(file).map_err(sqlx::Error::Io)?;
        Ok(Self { place, closed: Arc::default(), stays: Arc::new(Mutex::new(Some(stays))) })
    }

    /// Are the files still where they were?
    pub(super) fn check(&self) -> Result<(), Displaced> {
        if self.closed.load(Ordering::Acquire) { Ok(()) } else { self.place.check() }
    }

    /// May they be written as well?
    pub(super) fn check_for_writing(&self) -> Result<(), Displaced> {
        if self.closed.load(Ordering::Acquire) { Ok(()) } else { self.place.check_for_writing() }
    }

    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        if let Some(stays) = self.stays.lock().await.take() {
            let _ = stays.close().await;
        }
    }
}

fn is_postgres(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

async fn postgres(options: PgConnectOptions) -> Result<PgPool, sqlx::Error> {
    // After five runs on a connection PostgreSQL may plan a statement anew without its values. It then takes a list of
    // distributions and a limit for large, and reads a whole table backwards for whoever sees a rarely used one.
    let options = options.application_name("unstale").options([("plan_cache_mode", "force_custom_plan")]);
    PgPoolOptions::new().max_connections(8).acquire_timeout(ACQUIRE).connect_with(options).await
}

/// So that a transaction of these connections writes nothing.
fn only_reads(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("default_transaction_read_only", "on")])
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
fn keep_private(file: &Path) {
    use std::{
        fs::OpenOptions,
        os::unix::fs::{OpenOptionsExt, PermissionsExt},
    };
    let _ = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mode = file.metadata().map_or(0, |about| about.permissions().mode());
    if mode & 0o077 != 0 {
        let file = file.display();
        tracing::warn!(%file, "others on this machine may open the database; close it with: chmod 600 {file}");
    }
}

#[cfg(not(unix))]
fn keep_private(_: &Path) {}
