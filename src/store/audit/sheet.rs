//! Reads a page of events as one text, for what reads the whole history.

use crate::domain::audit::Chained;

use super::{
    super::{
        Conn, StoreError,
        db::fetch_one,
        parts::{count, signed},
    },
    Row, line,
    scan::exact,
};

/// A page of events as the database wrote it down: lines of JSON that are not read yet.
#[derive(Debug)]
pub struct Sheet {
    /// The sequence of its last event.
    pub last: i64,
    /// How many events it has.
    pub len: usize,
    text: String,
}

macro_rules! select_sheet {
    ($lines:expr) => {
        concat!(
            "SELECT count(*), COALESCE(max(sequence), 0), COALESCE(",
            $lines,
            ", '') FROM audit_event WHERE sequence > $1 AND sequence <= $1 + $2"
        )
    };
}

/// JSON has no control characters in it, so that a line is one event. `SQLite` reads in the order of the sequence.
const SQLITE: &str = select_sheet!(concat!("group_concat(", line!(sqlite), ", char(10))"));
const POSTGRES: &str = select_sheet!(concat!("string_agg(", line!(postgres), ", chr(10) ORDER BY sequence)"));

/// The next `numbers` sequences, as far as there are events. Fails where one of them is damaged: `scan` says which, and
/// whether a sheet that is empty is the end.
pub async fn sheet(conn: &mut Conn, sequence: i64, numbers: usize) -> Result<Sheet, StoreError> {
    let sql = if conn.is_postgres() { POSTGRES } else { SQLITE };
    let (number, last, text) = fetch_one!(conn, (i64, i64, String), sql, sequence, signed(numbers))?;
    Ok(Sheet { last, len: count(number), text })
}

impl Sheet {
    /// Its events, each looked at closely; `None` where one is not just what was written: `scan` says which.
    #[must_use]
    pub fn events(&self) -> Option<Vec<Chained>> {
        let event = |line| exact(serde_json::from_str::<Row>(line).ok()?).ok();
        let events: Option<Vec<Chained>> = self.text.lines().map(event).collect();
        events.filter(|events| events.len() == self.len)
    }
}
