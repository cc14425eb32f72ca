//! The migrations that bring a database's tables up to date, and the comparison of a database's version with the
//! one that this program knows.

use sqlx::migrate::Migrator;

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one},
};

pub(super) static SQLITE: Migrator = sqlx_macros::migrate!("../../migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx_macros::migrate!("../../migrations/postgres");

const FOREIGN: &str = "the database holds tables of another program and none of Unstale. Nothing was changed. Name the \
    file of Unstale, or one that does not exist yet";

/// How the tables of a database compare with those that this program knows. A version is the number of the last
/// migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// There are no tables of Unstale yet.
    None,
    /// There are only tables of another program.
    Foreign,
    Older {
        there: i64,
        known: i64,
    },
    Current,
    Newer {
        there: i64,
        known: i64,
    },
}

/// Reads the version of the tables, and changes nothing.
pub async fn standing(conn: &mut Conn) -> Result<Tables, StoreError> {
    let exists = if conn.is_postgres() {
        "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')"
    } else {
        "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'"
    };
    if fetch_one!(conn, (i64,), exists)?.0 == 0 {
        return Ok(if holds_others(conn).await? { Tables::Foreign } else { Tables::None });
    }
    let known = if conn.is_postgres() { &POSTGRES } else { &SQLITE };
    let known = known.iter().map(|migration| migration.version).max().unwrap_or_default();
    let steps =
        fetch_all!(conn, (i64,), "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version")?;
    Ok(match steps.last() {
        None => Tables::None,
        Some((there,)) if *there > known => Tables::Newer { there: *there, known },
        Some((there,)) if *there < known => Tables::Older { there: *there, known },
        Some(_) => Tables::Current,
    })
}

/// Whether an SQLite file contains tables of another program. `false` for PostgreSQL, where programs may share a
/// database.
async fn holds_others(conn: &mut Conn) -> Result<bool, StoreError> {
    if conn.is_postgres() {
        return Ok(false);
    }
    // Names that begin with sqlite_ belong to SQLite, and those that begin with _litestream to the backup tool
    // Litestream.
    let others =
        "SELECT count(*) FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' AND name NOT GLOB '_litestream*'";
    Ok(fetch_one!(conn, (i64,), others)?.0 > 0)
}

impl Tables {
    /// Refuses a database that a newer version of this program brought up to date, or that belongs to another
    /// program.
    pub(super) fn refuse_others(self) -> Result<(), StoreError> {
        match self {
            Self::Newer { there, known } => Err(StoreError::Tables(format!(
                "the database's tables are of version {there}, and this program knows version {known}: a newer Unstale \
                 brought them up to date. Nothing was changed. Use that version or a newer one, or restore the copy \
                 that was made before"
            ))),
            Self::Foreign => Err(StoreError::Tables(FOREIGN.to_owned())),
            Self::None | Self::Older { .. } | Self::Current => Ok(()),
        }
    }

    /// Refuses all tables except those of this version and of earlier ones. For a copy that is brought up to date.
    pub(super) fn require_known(self) -> Result<(), StoreError> {
        match self {
            Self::Current | Self::Older { .. } => Ok(()),
            Self::Newer { .. } => self.refuse_others(),
            Self::None | Self::Foreign => self.require_current(),
        }
    }

    /// Refuses all tables except those that this program knows. For a command that only reads.
    pub(super) fn require_current(self) -> Result<(), StoreError> {
        let (there, known) = match self {
            Self::Current => return Ok(()),
            Self::Foreign => return Err(StoreError::Tables(FOREIGN.to_owned())),
            Self::None => return Err(StoreError::Tables("the database has no tables of Unstale".to_owned())),
            Self::Older { there, known } | Self::Newer { there, known } => (there, known),
        };
        Err(StoreError::Tables(format!(
            "the database's tables are of version {there} and this program knows version {known}; use the program \
             that serves it"
        )))
    }
}

/// Inserts a row and deletes it again, to find out whether the database can be written. The caller must commit,
/// because an engine needs disk space only then. No row is left.
pub async fn try_to_write(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO idempotency (request_key, fingerprint, answer, answer_id, created_at)
         VALUES ('try to write', '', 'accepted', '', 0)",
    )?;
    execute!(tx, "DELETE FROM idempotency WHERE request_key = 'try to write'")?;
    Ok(())
}
