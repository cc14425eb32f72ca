//! Events as the database hands them over: their forms with the hashes beside them, many as one text.
//!
//! Each row would be handed over by itself, which takes longer than to read it. A form has no line end in it, so that a
//! line is one event: its sequence, its hash and its form, with a space between.

use unstale_domain::audit::{Action, Chained};

use super::super::{Conn, StoreError, db::fetch_one};
use crate::columns::{count, signed};

/// An event as one line of text.
macro_rules! line {
    () => {
        "sequence || ' ' || hash || ' ' || form"
    };
}
pub(super) use line;

/// The statement that gives the events of a `WHERE` clause as one text, a line each, in their order. A line end that
/// somebody brought into a form must not hide the events beside it.
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

/// The events of a `WHERE` clause.
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

macro_rules! fetch_lines {
    ($conn:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::db::fetch_one!($conn, (String,), $sql $(, $arg)*)
            .and_then(|(lines,)| $crate::audit::stored::events(&lines))
    };
}
pub(super) use {fetch_events, fetch_lines, lines_of};

/// [`lines_of`] a clause that is put together while the program runs.
pub(super) fn lines_where(postgres: bool, clause: &str) -> String {
    let any = if postgres { lines_of!(postgres, "\u{0}") } else { lines_of!(sqlite, "\u{0}") };
    any.replace('\u{0}', clause)
}

/// The events of lines.
pub(super) fn events(text: &str) -> Result<Vec<Chained>, StoreError> {
    lines(text).map(|line| StoredEvent::read(line).map(StoredEvent::event)).collect()
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.is_empty())
}

/// A form as it is stored: under this sequence, with this hash beside it.
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

    /// What it says. Of one that cannot be read there is a stand-in that says so.
    #[must_use]
    pub fn event(self) -> Chained {
        match Chained::read(self.form, self.hash) {
            Ok(chained) => Chained { sequence: self.sequence, ..chained },
            Err(why) => Chained::unreadable(self.sequence, self.form, self.hash, &why),
        }
    }
}

/// The events, unless one of them cannot be read: for what has to tell what each says.
pub fn readable(events: Vec<Chained>) -> Result<Vec<Chained>, StoreError> {
    match events.iter().find(|chained| chained.event.action == Action::EventUnreadable) {
        None => Ok(events),
        Some(bad) => Err(StoreError::Unreadable(format!("event {}: {}", bad.sequence, bad.event.note))),
    }
}

/// A page of events as the database wrote it down: lines that are not read yet.
#[derive(Debug)]
pub struct StoredEvents {
    /// The sequence of its last event.
    pub last: i64,
    /// How many events it has.
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

/// `SQLite` reads in the order of the sequence. What is no text, as whoever owns the file can make it, is no line.
const SQLITE: &str = select_stored!(concat!(
    "group_concat(CASE WHEN typeof(form) = 'text' AND typeof(hash) = 'text' THEN ",
    line!(),
    " END, char(10))"
));
const POSTGRES: &str = select_stored!(concat!("string_agg(", line!(), ", chr(10) ORDER BY sequence)"));

/// The next `numbers` sequences, as far as there are events. Where one of them is damaged, `scan` says which, and whether
/// an empty answer is the end.
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
    /// Hands over each event as it is stored, for as long as `take` wants more. `false` where it did not, or where what
    /// was read cannot be one event a line.
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

    /// What its events say; `None` where one cannot be read.
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
