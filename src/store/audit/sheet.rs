//! Reads a page of events as one text, for what reads the whole history.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::domain::audit::{
    Chained, VERSION,
    canonical::{Fields, Shown, Text},
};

use super::{
    super::{
        Conn, StoreError,
        db::fetch_one,
        parts::{count, signed, time},
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

    /// Hands over what the form of each event says, with the hash that stands beside it, for as long as `take` wants
    /// more. `false` where it did not, or where one cannot be an event.
    #[must_use]
    pub fn forms(&self, mut take: impl FnMut(&Fields<'_>, &str) -> bool) -> bool {
        let mut taken = 0;
        for line in self.text.lines() {
            match spelt(line) {
                Some((fields, hash)) if take(&fields, hash) => taken += 1,
                _ => return false,
            }
        }
        taken == self.len
    }
}

/// What a line says, in the database's own spelling: both engines spell JSON as RFC 8785 does, so that no text has to be
/// read and written down again. Each field is one whole value: whatever stands in it, no other field can be told by it.
fn spelt(line: &str) -> Option<(Fields<'_>, &str)> {
    // As in `columns`.
    let [
        sequence,
        at,
        actor_kind,
        actor_id,
        actor_name,
        sign_in,
        session,
        client_address,
        request_id,
        action,
        target_kind,
        target_id,
        distribution,
        invalidation,
        items_shown,
        items_count,
        items_sha256,
        reason,
        outcome,
        note,
        aws_request_id,
        cloudfront_id,
        old,
        new,
        version,
        previous_hash,
        hash,
    ]: [&str; 27] = serde_json::from_str::<[&RawValue; 27]>(line).ok()?.map(RawValue::get);
    if number(version)? != VERSION {
        return None;
    }
    let fields = Fields {
        sequence: number(sequence)?,
        at: time(number(at)?),
        actor_kind: Text::Json(actor_kind),
        actor_id: Text::Json(actor_id),
        actor_name: Text::Json(actor_name),
        sign_in: Text::Json(sign_in),
        session: Text::Json(session),
        client_address: Text::Json(client_address),
        request_id: Text::Json(request_id),
        action: Text::Json(action),
        target_kind: Text::Json(target_kind),
        target_id: Text::Json(target_id),
        distribution: Text::Json(distribution),
        invalidation: Text::Json(invalidation),
        items_shown: Shown::Json(list(items_shown)?),
        items_count: number(items_count)?.try_into().ok()?,
        items_sha256: Text::Json(items_sha256),
        reason: Text::Json(reason),
        outcome: Text::Json(outcome),
        note: Text::Json(note),
        aws_request_id: Text::Json(aws_request_id),
        cloudfront_id: Text::Json(cloudfront_id),
        old: Text::Json(old),
        new: Text::Json(new),
        previous_hash: bare(previous_hash)?,
    };
    Some((fields, bare(hash)?))
}

fn number(json: &str) -> Option<i64> {
    json.parse().ok()
}

/// A hash between its quotes. It has nothing to escape; one that has does not fit.
fn bare(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// The list that a text of JSON holds, as that text spells it.
fn list(json: &str) -> Option<Cow<'_, str>> {
    if json == "\"[]\"" {
        return Some(Cow::Borrowed("[]"));
    }
    let list: String = serde_json::from_str(json).ok()?;
    let whole = serde_json::from_str::<&RawValue>(&list).is_ok_and(|value| value.get() == list);
    whole.then_some(Cow::Owned(list))
}
