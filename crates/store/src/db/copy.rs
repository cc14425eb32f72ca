//! Copies an SQLite database while it is served.

use std::{collections::BTreeSet, path::Path};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use super::{Db, Pools, StoreError, fetch_all, opening::BUSY};

impl Db {
    /// Writes the database as it is at one moment into `copy`, which must be missing or empty. It reads in a transaction
    /// of its own, so that nobody waits for it; what is written meanwhile is not in the copy, and stays in the
    /// write-ahead log until the copy is made. `false` for PostgreSQL and for a database in memory: nothing was done.
    ///
    /// `VACUUM INTO` neither changes the database nor needs to write it, and does not sync the copy to the disk
    /// (<https://sqlite.org/lang_vacuum.html>).
    pub async fn copy_to(&self, copy: &Path) -> Result<bool, StoreError> {
        let Pools::Sqlite { file, opened, .. } = &self.0 else { return Ok(false) };
        opened.as_ref().map_or(Ok(()), super::opening::Opened::check)?;
        if file.as_os_str().is_empty() || file == Path::new(":memory:") {
            return Ok(false);
        }
        let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(BUSY);
        // It is slow, and no reason to warn.
        let options = options.disable_statement_logging();
        // A connection of its own: it takes long, and readers are few.
        let mut conn = options.connect().await?;
        let done =
            sqlx::query("VACUUM INTO $1").bind(copy.to_string_lossy().as_ref()).execute(&mut conn).await;
        conn.close().await?;
        done?;
        Ok(true)
    }

    /// Puts what is in the write-ahead log of a database that nobody serves into its file, whatever tables it has, and takes
    /// the log away.
    pub async fn fold(file: &Path) -> Result<(), StoreError> {
        let options = SqliteConnectOptions::new().filename(file).busy_timeout(BUSY);
        let mut conn = options.connect().await?;
        let done = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await;
        conn.close().await?;
        done?;
        Ok(())
    }

    /// The tables, indexes and triggers that a new SQLite database has and this one lacks, or has otherwise in the case of
    /// triggers, which forbid to change the history. Empty for PostgreSQL, which is not looked at.
    pub async fn missing_objects(&self) -> Result<Vec<String>, StoreError> {
        if self.is_shared() {
            return Ok(Vec::new());
        }
        let new = Self::open("sqlite::memory:").await?;
        let (expected, there) = (new.objects().await?, self.objects().await?);
        new.close().await;
        Ok(expected.difference(&there).cloned().collect())
    }

    /// The kind and the name of each object, of triggers with what they do.
    async fn objects(&self) -> Result<BTreeSet<String>, StoreError> {
        let mut conn = self.read().await?;
        let rows = fetch_all!(
            conn,
            (String,),
            "SELECT type || ' ' || name || CASE type WHEN 'trigger' THEN ' ' || sql ELSE '' END FROM sqlite_schema
             WHERE name NOT GLOB 'sqlite_*'"
        )?;
        Ok(rows.into_iter().map(|(row,)| row).collect())
    }

    /// What SQLite finds wrong with the pages, indexes and rows of its file. Empty if it is sound, and for PostgreSQL,
    /// which has no such check.
    pub async fn damages(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.read().await?;
        if conn.is_postgres() {
            return Ok(Vec::new());
        }
        let rows = fetch_all!(conn, (String,), "PRAGMA integrity_check(10)")?;
        Ok(rows.into_iter().map(|(row,)| row).filter(|row| row != "ok").collect())
    }
}
