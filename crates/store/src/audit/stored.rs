//! Reads events as the database stores them: the forms and hashes of many events as one text.
//!
//! Receiving each row separately takes longer than reading it. A form contains no line feed, so one line of the
//! text is one event: its sequence, its hash and its form, separated by spaces.

use unstale_domain::audit::{Action, Chained};

use super::super::{Conn, StoreError, db::fetch_one};
use crate::columns::{count, signed};

/// The SQL expression that writes an event as one line of text.
macro_rules! line {
    () => {
        "sequence || ' ' || hash || ' ' || form"
    };
}
pub(super) use line;

/// The statement that returns the events of a `WHERE` clause as one text with one line for each event, in the order
/// of the clause. It replaces a line feed that somebody put into a form, so that the other events can still be
/// read.
macro_rules! lines_of {
    (sqlite, $rest:literal) => {
        concat!(
            "SELECT COALESCE(group_concat(line, char(10)), '') FROM (SELECT replace(",
            $crate::audit::stored::line!(),
            ", char(10), ' ') AS line FROM audit_event ",
            $rest,
            ")"
        )
    };
    (postgres, $rest:literal) => {
        concat!(
            "SELECT COALESCE(string_agg(line, chr(10)), '') FROM (SELECT replace(",
            $crate::audit::stored::line!(),
            ", chr(10), ' ') AS line FROM audit_event ",
            $rest,
            ") AS lines"
        )
    };
}

/// Reads the events of a `WHERE` clause.
macro_rules! fetch_events {
    ($conn:expr, $rest:literal $(, $arg:expr)* $(,)?) => {{
        let sql = if $conn.is_postgres() {
            $crate::audit::stored::lines_of!(postgres, $rest)
        } else {
            $crate::audit::stored::lines_of!(sqlite, $rest)
        };
        $crate::audit::stored::fetch_lines!($conn, sql $(, $arg)*)
    }};
}

/// Reads the events of a statement that [`lines_of`] or [`lines_where`] returned.
macro_rules! fetch_lines {
    ($conn:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::db::fetch_one!($conn, (String,), $sql $(, $arg)*)
            .and_then(|(lines,)| $crate::audit::stored::events(&lines))
    };
}
pub(super) use {fetch_events, fetch_lines, lines_of};

/// Like [`lines_of`], for a clause that is built at run time.
pub(super) fn lines_where(postgres: bool, clause: &str) -> String {
    let any = if postgres { lines_of!(postgres, "\u{0}") } else { lines_of!(sqlite, "\u{0}") };
    any.replace('\u{0}', clause)
}

/// Reads the event of each line.
pub(super) fn events(text: &str) -> Result<Vec<Chained>, StoreError> {
    lines(text).map(|line| StoredEvent::read(line).map(StoredEvent::event)).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.is_empty())
}

/// An event as it is stored, with its sequence and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEvent<'a> {
    pub sequence: i64,
    pub form: &'a str,
    pub hash: &'a str,
}

impl<'a> StoredEvent<'a> {
    fn read(line: &'a str) -> Result<Self, StoreError> {
        let parts = line.split_once(' ').and_then(|(sequence, rest)| {
            let (hash, form) = rest.split_once(' ')?;
            Some(Self { sequence: sequence.parse().ok()?, form, hash })
        });
        parts.ok_or_else(|| StoreError::unreadable("an event", line))
    }

    /// Reads the form. If it cannot be read, returns a replacement event that says so.
    #[must_use]
    pub fn event(self) -> Chained {
        match Chained::read(self.form, self.hash) {
            Ok(chained) => Chained { sequence: self.sequence, ..chained },
            Err(why) => Chained::unreadable(self.sequence, self.form, self.hash, &why),
        }
    }
}

/// Returns the events, or an error if one of them cannot be read. For callers that need the content of every event.
pub fn readable(events: Vec<Chained>) -> Result<Vec<Chained>, StoreError> {
    match events.iter().find(|chained| chained.event.action == Action::EventUnreadable) {
        None => Ok(events),
        Some(bad) => Err(StoreError::Unreadable(format!("event {}: {}", bad.sequence, bad.event.note))),
    }
}

/// A page of events as the database returned it. Its lines are not read yet.
#[derive(Debug)]
pub struct StoredEvents {
    /// The sequence of its last event.
    pub last: i64,
    /// The number of its events.
    pub len: usize,
    text: String,
}

macro_rules! select_stored {
    ($lines:expr) => {
        concat!(
            "SELECT count(*), COALESCE(max(sequence), 0), COALESCE(",
            $lines,
            ", '') FROM audit_event WHERE sequence > $1 AND sequence <= $1 + $2"
        )
    };
}

/// SQLite reads the rows in the order of the sequence. A form or a hash that is not a text gives no line. Somebody
/// with access to the database file can store such a value.
const SQLITE: &str = select_stored!(concat!(
    "group_concat(CASE WHEN typeof(form) = 'text' AND typeof(hash) = 'text' THEN ",
    line!(),
    " END, char(10))"
));
const POSTGRES: &str = select_stored!(concat!("string_agg(", line!(), ", chr(10) ORDER BY sequence)"));

/// The events of the next `numbers` sequences after `sequence`. If one of them is damaged or the answer is empty,
/// call `scan`: it returns the damaged event, or shows that the history ends here.
pub async fn stored_events(
    conn: &mut Conn,
    sequence: i64,
    numbers: usize,
) -> Result<StoredEvents, StoreError> {
    let sql = if conn.is_postgres() { POSTGRES } else { SQLITE };
    let (number, last, text) = fetch_one!(conn, (i64, i64, String), sql, sequence, signed(numbers))?;
    Ok(StoredEvents { last, len: count(number), text })
}

impl StoredEvents {
    /// Calls `take` with each event as it is stored, for as long as `take` returns `true`. Returns `false` if
    /// `take` did so, or if the text does not have exactly one line for each event.
    #[must_use]
    pub fn each(&self, mut take: impl FnMut(StoredEvent<'_>) -> bool) -> bool {
        let mut taken = 0;
        for line in lines(&self.text) {
            match StoredEvent::read(line) {
                Ok(stored) if take(stored) => taken += 1,
                _ => return false,
            }
        }
        taken == self.len
    }

    /// Reads all events. `None` if one of them cannot be read.
    #[must_use]
    pub fn events(&self) -> Option<Vec<Chained>> {
        let mut events = Vec::with_capacity(self.len);
        let whole = self.each(|stored| {
            events.extend(Chained::read(stored.form, stored.hash));
            true
        });
        (whole && events.len() == self.len).then_some(events)
    }
}
