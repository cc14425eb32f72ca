//! Reads events for verification, row by row: one that cannot be read is told, and does not hide the others.

use sqlx::{ColumnIndex, Decode, FromRow, Type};

use unstale_domain::audit::Chained;

use super::{
    super::{Conn, StoreError, db::fetch_all},
    stored::{StoredEvent, fetch_events},
};
use crate::columns::signed;

/// An event as it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Scanned {
    pub sequence: i64,
    /// Its form and its hash as they are stored, or why these are no texts.
    pub stored: Result<(String, String), String>,
}

impl Scanned {
    /// The same as it is stored.
    pub fn stored(&self) -> Result<StoredEvent<'_>, &str> {
        let (form, hash) = self.stored.as_ref().map_err(String::as_str)?;
        Ok(StoredEvent { sequence: self.sequence, form, hash })
    }
}

/// Up to `limit` events after a sequence, oldest first.
pub async fn scan(conn: &mut Conn, sequence: i64, limit: usize) -> Result<Vec<Scanned>, StoreError> {
    fetch_all!(
        conn,
        Scanned,
        "SELECT sequence, form, hash FROM audit_event WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        sequence,
        signed(limit),
    )
}

/// One event.
pub async fn find(conn: &mut Conn, sequence: i64) -> Result<Option<Chained>, StoreError> {
    let events: Vec<Chained> = fetch_events!(conn, "WHERE sequence = $1", sequence)?;
    Ok(events.into_iter().next())
}

/// A row whose columns may be damaged.
impl<'r, R> FromRow<'r, R> for Scanned
where
    R: sqlx::Row,
    (i64, String, String): FromRow<'r, R>,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let stored = <(i64, String, String)>::from_row(row);
        let stored = stored.map(|(_, form, hash)| (form, hash)).map_err(|error| error.to_string());
        Ok(Self { sequence: row.try_get(0)?, stored })
    }
}
