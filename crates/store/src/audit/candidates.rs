//! Reads the candidates of a search: the events that the search index finds, before the search compares each of
//! them with the query.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde_json::Value;
use sqlx::AssertSqlSafe;

use unstale_domain::audit::{Chained, search::AuditQuery};

use super::{
    super::{Conn, StoreError, db::fetch_all},
    filters::{Filters, filtered_lines},
    stored::{fetch_lines, lines_where},
};
use crate::columns::signed;

/// The number of keys that one statement looks up.
const TERMS: usize = 50;

/// A page of candidates, and those of them that match the filters.
pub(super) struct Page {
    /// The number of candidates that were read, or the number asked for if the page is full. If it is less than the
    /// number asked for, no more candidates follow.
    pub candidates: usize,
    /// The next page begins before this sequence. `None` if there were no candidates.
    pub last: Option<i64>,
    pub events: Vec<Chained>,
}

impl Page {
    pub fn of(events: Vec<Chained>) -> Self {
        Self { candidates: events.len(), last: events.last().map(|last| last.sequence), events }
    }
}

/// The next candidates before the event `before`, newest first.
pub(super) async fn candidates(
    conn: &mut Conn,
    search: &AuditQuery,
    keys: &[i64],
    before: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    if let Some(words) = words(search, conn.is_postgres()) {
        return with_words(conn, words, before, limit).await;
    }
    let mut all = BTreeMap::new();
    for some in keys.chunks(TERMS) {
        let sql = lines_where(
            conn.is_postgres(),
            &format!(
                "WHERE sequence IN ({}) ORDER BY sequence DESC",
                newest_of_keys(conn.is_postgres(), some.len())
            ),
        );
        let events: Vec<Chained> =
            fetch_lines!(conn, AssertSqlSafe(sql), before, signed(limit), Value::from(some).to_string())?;
        all.extend(events.into_iter().map(|chained| (Reverse(chained.sequence), chained)));
    }
    Ok(all.into_values().take(limit).collect())
}

/// Reads the next `at_once` candidates and the newest `limit` of them that match the filters. The database sends
/// only the matching events.
pub(super) async fn sift(
    conn: &mut Conn,
    search: &AuditQuery,
    keys: &[i64],
    before: i64,
    at_once: usize,
    limit: usize,
) -> Result<Page, StoreError> {
    let candidates = sequences(conn, search, keys, before, at_once).await?;
    let Some(last) = candidates.last().copied() else { return Ok(Page::of(Vec::new())) };
    let filters = Filters::of(conn.is_postgres(), search);
    let listed = Value::from(candidates.as_slice()).to_string();
    let events: Vec<Chained> = filtered_lines!(conn, &filters, filters.among(), listed, before, limit)?;
    // A full page may leave out candidates that match. The next page then begins after the last event of this one,
    // and reads them again.
    let full = events.len() == limit;
    let last = events.last().filter(|_| full).map_or(last, |event| event.sequence);
    Ok(Page { candidates: if full { at_once } else { candidates.len() }, last: Some(last), events })
}

/// The sequences of the next candidates before the event `before`, newest first.
async fn sequences(
    conn: &mut Conn,
    search: &AuditQuery,
    keys: &[i64],
    before: i64,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    if let Some(words) = words(search, conn.is_postgres()) {
        let sql = if conn.is_postgres() { POSTGRES_WITH_WORDS } else { SQLITE_WITH_WORDS };
        let rows = fetch_all!(conn, (i64,), sql, words, before, signed(limit))?;
        return Ok(rows.into_iter().map(|row| row.0).collect());
    }
    let mut all = BTreeSet::new();
    for some in keys.chunks(TERMS) {
        let sql = newest_of_keys(conn.is_postgres(), some.len());
        let rows = fetch_all!(
            conn,
            (i64,),
            AssertSqlSafe(sql),
            before,
            signed(limit),
            Value::from(some).to_string()
        )?;
        all.extend(rows.into_iter().map(|row| Reverse(row.0)));
    }
    Ok(all.into_iter().take(limit).map(|Reverse(sequence)| sequence).collect())
}

/// The statement that finds the newest events of several keys. It limits the events of each key first, and then the
/// events of all keys together. Without the first limit, an item that almost every event contains would be read
/// back to the first event of the history.
fn newest_of_keys(postgres: bool, keys: usize) -> String {
    let key = |n| {
        if postgres {
            format!("CAST($3::json ->> {n} AS BIGINT)")
        } else {
            format!("json_extract($3, '$[{n}]')")
        }
    };
    let newest = |n| {
        format!(
            "SELECT sequence FROM (SELECT sequence FROM audit_item WHERE item_key = {} AND sequence < $1
                 ORDER BY sequence DESC LIMIT $2) AS newest",
            key(n)
        )
    };
    let each: Vec<String> = (0..keys).map(newest).collect();
    format!("{} ORDER BY sequence DESC LIMIT $2", each.join(" UNION "))
}

const POSTGRES_WITH_WORDS: &str =
    "SELECT sequence FROM audit_words WHERE words @@ $1::tsquery AND sequence < $2
    ORDER BY sequence DESC LIMIT $3";
const SQLITE_WITH_WORDS: &str = "SELECT rowid FROM audit_words WHERE audit_words MATCH $1 AND rowid < $2
    ORDER BY rowid DESC LIMIT $3";

/// The words of the search, in the syntax of the database's full-text index. `None` if the search has no words.
/// Words contain only letters and digits, so quotation marks are enough and nothing needs an escape.
fn words(search: &AuditQuery, postgres: bool) -> Option<String> {
    let tokens = search.tokens();
    let (quote, and) = if postgres { ('\'', " & ") } else { ('"', " AND ") };
    let all: Vec<String> = tokens.iter().map(|token| format!("{quote}{token}{quote}")).collect();
    (!all.is_empty()).then(|| all.join(and))
}

async fn with_words(
    conn: &mut Conn,
    words: String,
    before: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    let numbers = if conn.is_postgres() { POSTGRES_WITH_WORDS } else { SQLITE_WITH_WORDS };
    let clause = format!("WHERE sequence IN ({numbers}) ORDER BY sequence DESC");
    let sql = lines_where(conn.is_postgres(), &clause);
    fetch_lines!(conn, AssertSqlSafe(sql), words, before, signed(limit))
}
