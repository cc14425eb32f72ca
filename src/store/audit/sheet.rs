//! Reads a page of events as one text: a row of 27 columns costs the driver more to hand over than the database to read.

use crate::domain::audit::Chained;

use super::{
    super::{
        Conn, StoreError,
        db::fetch_one,
        parts::{count, signed},
    },
    Row, columns,
    scan::exact,
};

/// A page of events as the database wrote it down: JSON that is not read yet.
#[derive(Debug)]
pub struct Sheet {
    /// The sequence of its last event.
    pub last: i64,
    /// How many events it has.
    pub len: usize,
    text: String,
}

/// The functions that make JSON are called differently.
macro_rules! select_sheet {
    ($list_of_rows:literal, $end:literal) => {
        concat!(
            "SELECT count(*), COALESCE(max(sequence), 0), ",
            $list_of_rows,
            "(",
            columns!(),
            ")",
            $end,
            " FROM (SELECT * FROM audit_event WHERE sequence > $1 ORDER BY sequence LIMIT $2) AS page"
        )
    };
}

/// Up to `limit` events after a sequence, oldest first. Fails where one of them is damaged: `scan` says which.
pub async fn sheet(conn: &mut Conn, sequence: i64, limit: usize) -> Result<Sheet, StoreError> {
    let sql = if conn.is_postgres() {
        select_sheet!("COALESCE(json_agg(json_build_array", ")::text, '[]')")
    } else {
        select_sheet!("json_group_array(json_array", ")")
    };
    let (number, last, text) = fetch_one!(conn, (i64, i64, String), sql, sequence, signed(limit))?;
    Ok(Sheet { last, len: count(number), text })
}

impl Sheet {
    /// Its events, each looked at closely; `None` where one is not just what was written: `scan` says which.
    #[must_use]
    pub fn events(&self) -> Option<Vec<Chained>> {
        let rows: Vec<Row> = serde_json::from_str(&self.text).ok()?;
        let events: Option<Vec<Chained>> = rows.into_iter().map(|row| exact(row).ok()).collect();
        events.filter(|events| events.len() == self.len)
    }
}
