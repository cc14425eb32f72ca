//! Reads events for verification, row by row. An event that cannot be read is reported and does not hide the
//! others.

use sqlx::{ColumnIndex, Decode, FromRow, Type};

use unstale_domain::audit::Chained;

use super::{
    super::{Conn, StoreError, db::fetch_all},
    stored::{StoredEvent, fetch_events},
};
use crate::columns::signed;

/// A row of the history, which may be damaged.
#[derive(Debug, PartialEq, Eq)]
pub struct Scanned {
    pub sequence: i64,
    /// The form and the hash as they are stored. `Err` says why they are not texts.
    pub stored: Result<(String, String), String>,
}

impl Scanned {
    /// The event as it is stored. `Err` says why its form or its hash is not a text.
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

/// The event with this sequence.
pub async fn find(conn: &mut Conn, sequence: i64) -> Result<Option<Chained>, StoreError> {
    let events: Vec<Chained> = fetch_events!(conn, "WHERE sequence = $1", sequence)?;
    Ok(events.into_iter().next())
}

/// Reads the sequence of a row even if its other columns are damaged.
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
