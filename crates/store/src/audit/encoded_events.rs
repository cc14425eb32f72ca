//! Reads a page of events as one text, for what reads the whole history.

use std::borrow::Cow;

use serde::de::IgnoredAny;

use unstale_domain::audit::{
    Chained, VERSION,
    canonical::{CanonicalFields, Shown, Text},
};

use super::{
    super::{Conn, StoreError, db::fetch_one},
    Row, line,
    scan::exact,
};
use crate::columns::{count, signed, time};

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
    pub fn forms(&self, mut take: impl FnMut(&CanonicalFields<'_>, &str) -> bool) -> bool {
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
fn spelt(line: &str) -> Option<(CanonicalFields<'_>, &str)> {
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
    ] = values(line)?;
    if number(version)? != VERSION {
        return None;
    }
    let fields = CanonicalFields {
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

/// The values of a list of texts, numbers and nulls, as they are spelt. A library that checks all that the database
/// wrote takes a fifth of the whole time of a verification.
fn values<const N: usize>(list: &str) -> Option<[&str; N]> {
    let mut values = [""; N];
    let mut rest = list.strip_prefix('[')?.strip_suffix(']')?;
    for (index, value) in values.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(',')?;
        }
        // PostgreSQL writes a space behind each comma.
        rest = rest.strip_prefix(' ').unwrap_or(rest);
        let end =
            if rest.starts_with('"') { end_of_text(rest)? } else { rest.find(',').unwrap_or(rest.len()) };
        (*value, rest) = rest.split_at(end);
    }
    rest.is_empty().then_some(values)
}

/// Behind the quote that ends a text: one before which the number of backslashes is even.
fn end_of_text(json: &str) -> Option<usize> {
    let mut at = 1;
    loop {
        at += json.get(at..)?.find('"')?;
        let escapes = json[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        at += 1;
        if escapes % 2 == 0 {
            return Some(at);
        }
    }
}

fn number(json: &str) -> Option<i64> {
    json.parse().ok()
}

/// A hash between its quotes. It has nothing to escape; one that has does not fit.
fn bare(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// The list that a text of JSON holds, as that text spells it: one whole value.
fn list(json: &str) -> Option<Cow<'_, str>> {
    if json == "\"[]\"" {
        return Some(Cow::Borrowed("[]"));
    }
    let list: String = serde_json::from_str(json).ok()?;
    serde_json::from_str::<IgnoredAny>(&list).ok()?;
    Some(Cow::Owned(list))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    proptest! {
        #[test]
        fn each_value_is_found_as_a_json_library_spells_it(texts in proptest::collection::vec(any::<String>(), 3), number: i64) {
            let spelt: Vec<String> = texts.iter().map(|text| Value::from(text.as_str()).to_string()).collect();
            for comma in [",", ", "] {
                let line = [&spelt[0], "null", &spelt[1], &number.to_string(), &spelt[2]].join(comma);
                let line = format!("[{line}]");
                let [one, none, two, digits, three] = values(&line).unwrap();
                prop_assert_eq!([one, two, three].map(str::to_owned).to_vec(), spelt.clone());
                prop_assert_eq!((none, digits.parse()), ("null", Ok(number)));
            }
        }
    }

    #[test]
    fn a_line_with_more_or_less_or_without_an_end_is_none() {
        for line in ["", "[", "[]", "[1]", "[1,2,3]", "[1,\"2]", "[1,\"2\\\"]", "1,2", "[1,2", "[\"1\"2,3]"] {
            assert_eq!(values::<2>(line), None, "{line}");
        }
        assert_eq!(values("[1,\"2\\\\\"]"), Some(["1", "\"2\\\\\""]));
    }
}
