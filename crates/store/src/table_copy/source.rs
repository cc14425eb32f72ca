//! The database that is copied, as it is at one moment.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, SqliteConnection, postgres::PgConnectOptions,
    sqlite::SqliteConnectOptions,
};

use super::{
    super::{Db, StoreError},
    rows::{self, Rows},
    tables::Table,
};

/// The name by which PostgreSQL knows a connection of this command. Those of a service are called `unstale`.
pub(super) const APPLICATION: &str = "unstale copy";

/// How often PostgreSQL is asked for connections of others. One that was just closed is seen for a moment.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);

/// A transaction that only reads, and sees the database as it was when it began.
#[derive(Debug)]
pub struct CopySource(Connected);

#[derive(Debug)]
enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl CopySource {
    /// Opens `sqlite://FILE` or `postgres://…`, whose tables must be those of this version.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        if Db::file_of(address)?.is_some() {
            let options =
                SqliteConnectOptions::from_str(address)?.read_only(true).disable_statement_logging();
            let mut conn = options.connect().await?;
            conn.execute("BEGIN").await?;
            Ok(Self(Connected::Sqlite(conn)))
        } else {
            let mut conn = connect_to_postgres(address).await?;
            conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
            Ok(Self(Connected::Postgres(conn)))
        }
    }

    pub(super) fn rows<'c>(&'c mut self, table: &'c Table) -> Rows<'c> {
        match &mut self.0 {
            Connected::Sqlite(conn) => rows::of_sqlite(conn, table),
            Connected::Postgres(conn) => rows::of_postgres(conn, table),
        }
    }
}

pub(super) async fn connect_to_postgres(address: &str) -> Result<PgConnection, StoreError> {
    let options = PgConnectOptions::from_str(address)?.application_name(APPLICATION);
    Ok(options.disable_statement_logging().connect().await?)
}

/// Whether a service or another command of Unstale is connected to a PostgreSQL database. `false` for SQLite, where the
/// lock of the file tells.
pub async fn is_in_use(address: &str) -> Result<bool, StoreError> {
    if Db::file_of(address)?.is_some() {
        return Ok(false);
    }
    let mut conn = connect_to_postgres(address).await?;
    let others = "SELECT EXISTS (SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND application_name LIKE 'unstale%' AND pid <> pg_backend_pid())";
    let mut is_used = true;
    for _ in 0..TRIES {
        is_used = sqlx::query_scalar(others).fetch_one(&mut conn).await?;
        if !is_used {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    conn.close().await?;
    Ok(is_used)
}
