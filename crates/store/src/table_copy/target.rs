//! The database that is filled: a file that nobody else knows, or an empty database of PostgreSQL. Until it is finished,
//! PostgreSQL shows nothing of it to others.

use std::path::Path;

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    super::StoreError,
    insert::Insert,
    rows::{self, Rows},
    source::connect_to_postgres,
    tables::Table,
};

/// A transaction that fills a database. Dropped before [`CopyTarget::finish`], it leaves PostgreSQL as it was; the file is
/// of no use then.
#[derive(Debug)]
pub struct CopyTarget {
    conn: Connected,
    /// The statements that make the indexes, which are taken away until all rows are there: sorting once is far faster.
    indexes: Vec<String>,
}

#[derive(Debug)]
enum Connected {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl CopyTarget {
    /// Begins to fill a file of SQLite with up-to-date tables. The caller syncs it to the disk in the end.
    pub async fn open_file(file: &Path, tables: &[Table]) -> Result<Self, StoreError> {
        // Nobody reads the file before it is finished, and it is thrown away where it is not.
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            .foreign_keys(false)
            .disable_statement_logging();
        let mut conn = options.connect().await?;
        conn.execute("BEGIN").await?;
        let indexes: Vec<(String, String)> =
            sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
                .fetch_all(&mut conn)
                .await?;
        Self::emptied(Connected::Sqlite(conn), indexes, tables).await
    }

    /// Begins to fill a database of PostgreSQL with up-to-date tables. `None` if there are rows in it.
    pub async fn open_postgres(address: &str, tables: &[Table]) -> Result<Option<Self>, StoreError> {
        let mut conn = connect_to_postgres(address).await?;
        conn.execute("BEGIN").await?;
        // A service that starts meanwhile writes its first event behind this transaction, and so does another copy.
        conn.execute("LOCK TABLE audit_head IN ACCESS EXCLUSIVE MODE").await?;
        for table in tables.iter().filter(|table| !table.is_seeded) {
            let filled = format!("SELECT EXISTS (SELECT 1 FROM \"{}\")", table.name);
            if sqlx::query_scalar(AssertSqlSafe(filled)).fetch_one(&mut conn).await? {
                return Ok(None);
            }
        }
        // Those of primary keys and of UNIQUE stay.
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        let indexes: Vec<(String, String)> = sqlx::query_as(
            "SELECT i.relname::text, pg_get_indexdef(x.indexrelid)
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
             WHERE t.oid = to_regclass(quote_ident(t.relname)) AND t.relname = ANY ($1)
             AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = x.indexrelid)",
        )
        .bind(names)
        .fetch_all(&mut conn)
        .await?;
        Self::emptied(Connected::Postgres(conn), indexes, tables).await.map(Some)
    }

    /// Takes away the indexes and what the migrations put into the tables.
    async fn emptied(
        conn: Connected,
        indexes: Vec<(String, String)>,
        tables: &[Table],
    ) -> Result<Self, StoreError> {
        let mut target = Self { conn, indexes: Vec::new() };
        for (name, statement) in indexes {
            target.run(format!("DROP INDEX \"{name}\"")).await?;
            target.indexes.push(statement);
        }
        for table in tables.iter().filter(|table| table.is_seeded) {
            target.run(format!("DELETE FROM \"{}\"", table.name)).await?;
        }
        Ok(target)
    }

    pub(super) async fn insert<'c>(&'c mut self, table: &'c Table) -> Result<Insert<'c>, StoreError> {
        match &mut self.conn {
            Connected::Sqlite(conn) => Ok(Insert::into_sqlite(conn, table)),
            Connected::Postgres(conn) => Insert::into_postgres(conn, table).await,
        }
    }

    pub(super) fn rows<'c>(&'c mut self, table: &'c Table) -> Rows<'c> {
        match &mut self.conn {
            Connected::Sqlite(conn) => rows::of_sqlite(conn, table),
            Connected::Postgres(conn) => rows::of_postgres(conn, table),
        }
    }

    /// Makes the indexes, and what was written visible to others.
    pub async fn finish(mut self) -> Result<(), StoreError> {
        for statement in std::mem::take(&mut self.indexes) {
            self.run(statement).await?;
        }
        match self.conn {
            Connected::Sqlite(mut conn) => {
                // They were not looked at while the rows came.
                let broken: Vec<(String,)> =
                    sqlx::query_as("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1")
                        .fetch_all(&mut conn)
                        .await?;
                if let Some((table,)) = broken.first() {
                    return Err(StoreError::unreadable("a row that refers to none, in the table", table));
                }
                conn.execute("COMMIT").await?;
                conn.close().await?;
            }
            Connected::Postgres(mut conn) => {
                conn.execute("COMMIT").await?;
                // Without it the first questions are planned as if the tables were empty.
                conn.execute("ANALYZE").await?;
                conn.close().await?;
            }
        }
        Ok(())
    }

    async fn run(&mut self, statement: String) -> Result<(), StoreError> {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement));
        match &mut self.conn {
            Connected::Sqlite(conn) => conn.execute(statement).await.map(drop)?,
            Connected::Postgres(conn) => conn.execute(statement).await.map(drop)?,
        }
        Ok(())
    }
}
