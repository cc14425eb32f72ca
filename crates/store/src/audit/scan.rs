//! Reads events for verification: one that cannot be read is told, and does not hide the others.

use sqlx::{ColumnIndex, Decode, FromRow, Type};

use unstale_domain::{
    audit::{Chained, VERSION},
    causes::with_causes,
};

use super::{
    super::{Conn, StoreError, db::fetch_all},
    Row, columns, fetch_events, lines_of,
};
use crate::columns::{items_to_json, signed};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM audit_event ", $rest)
    };
}

/// An event as it was found, or why it cannot be one.
#[derive(Debug)]
pub struct Scanned {
    pub sequence: i64,
    pub event: Result<Chained, String>,
}

/// Up to `limit` events after a sequence, oldest first, each with a close look at its row.
pub async fn scan(conn: &mut Conn, sequence: i64, limit: usize) -> Result<Vec<Scanned>, StoreError> {
    let rows = fetch_all!(
        conn,
        Loose,
        select!("WHERE sequence > $1 ORDER BY sequence LIMIT $2"),
        sequence,
        signed(limit),
    )?;
    Ok(rows
        .into_iter()
        .map(|row| Scanned { sequence: row.sequence, event: row.read.and_then(exact) })
        .collect())
}

/// One event.
pub async fn find(conn: &mut Conn, sequence: i64) -> Result<Option<Chained>, StoreError> {
    let events: Vec<Chained> = fetch_events!(conn, "WHERE sequence = $1", sequence)?;
    Ok(events.into_iter().next())
}

/// A row whose columns may be damaged.
struct Loose {
    sequence: i64,
    read: Result<Row, String>,
}

impl<'r, R> FromRow<'r, R> for Loose
where
    R: sqlx::Row,
    Row: FromRow<'r, R>,
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let sequence = row.try_get(0)?;
        Ok(Self { sequence, read: Row::from_row(row).map_err(|error| error.to_string()) })
    }
}

/// The event, if the row holds just what was written and no other spelling of it.
pub(super) fn exact(row: Row) -> Result<Chained, String> {
    if row.version != VERSION {
        return Err(format!("its version is {}", row.version));
    }
    let (shown, number) = (row.items_shown.clone(), row.items_count);
    let chained = row.into_event().map_err(|error| with_causes(&error))?;
    let items = &chained.event.items;
    if items_to_json(&items.shown) != shown || signed(items.count) != number {
        return Err("its items are not as they were written".to_owned());
    }
    Ok(chained)
}
