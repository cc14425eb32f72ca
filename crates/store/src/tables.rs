//! The steps that bring a database's tables up to date, and how a database stands to those that this program knows.

use sqlx::migrate::Migrator;

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one},
};

pub(super) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

const FOREIGN: &str = "the database holds tables of another program and none of Unstale. Nothing was changed. Name the \
    file of Unstale, or one that does not exist yet";

/// How the tables of a database stand to those that this program knows, by the numbers of their last steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    /// There are none yet.
    None,
    /// There are none of Unstale, and others.
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

/// Looks, and changes nothing.
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

/// Does an SQLite file hold tables of another program? A PostgreSQL database may be shared with others.
async fn holds_others(conn: &mut Conn) -> Result<bool, StoreError> {
    if conn.is_postgres() {
        return Ok(false);
    }
    // Names that begin with sqlite_ are SQLite's own, and _litestream those of the backup tool beside it.
    let others =
        "SELECT count(*) FROM sqlite_schema WHERE name NOT GLOB 'sqlite_*' AND name NOT GLOB '_litestream*'";
    Ok(fetch_one!(conn, (i64,), others)?.0 > 0)
}

impl Tables {
    /// A database that a newer program brought up to date, or another program made, is not for this one to touch.
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

    /// What only looks wants the tables as this program knows them.
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

/// Writes a row and takes it away again, for somebody who wants to know whether it can be done. Only with the commit do
/// the engines need room on the disk; it leaves nothing behind.
pub async fn try_to_write(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO idempotency (request_key, fingerprint, answer, answer_id, created_at)
         VALUES ('try to write', '', 'accepted', '', 0)",
    )?;
    execute!(tx, "DELETE FROM idempotency WHERE request_key = 'try to write'")?;
    Ok(())
}
