//! The index of the history: which events name an item, and which have a word.

use serde_json::{Value, json};

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one},
};

/// What an event is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub sequence: i64,
    pub item_keys: Vec<i64>,
    pub words: Vec<String>,
}

/// The last event that is in the index.
pub async fn index_reached(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(fetch_one!(conn, (i64,), "SELECT sequence FROM audit_index WHERE id = 1")?.0)
}

/// How far the index and the history go.
pub(super) struct Extent {
    pub indexed: i64,
    pub newest: i64,
}

pub(super) async fn extent(conn: &mut Conn) -> Result<Extent, StoreError> {
    let both = "SELECT i.sequence, h.sequence FROM audit_index i, audit_head h WHERE i.id = 1 AND h.id = 1";
    let (indexed, newest) = fetch_one!(conn, (i64, i64), both)?;
    Ok(Extent { indexed, newest })
}

/// Adds the entries of all events behind `from` up to `to`. `false` where another replica did it already.
pub async fn add_to_index(tx: &mut Tx, from: i64, to: i64, entries: &[Entry]) -> Result<bool, StoreError> {
    let moved = "UPDATE audit_index SET sequence = $2 WHERE id = 1 AND sequence = $1";
    if execute!(tx, moved, from, to)? == 0 {
        return Ok(false);
    }
    let items: Vec<Value> = entries
        .iter()
        .flat_map(|entry| entry.item_keys.iter().map(|key| json!([key, entry.sequence])))
        .collect();
    let words: Vec<Value> =
        entries.iter().map(|entry| json!([entry.sequence, entry.words.join(" ")])).collect();
    let (add_items, add_words) =
        if tx.is_postgres() { (POSTGRES_ITEMS, POSTGRES_WORDS) } else { (ITEMS, WORDS) };
    execute!(tx, add_items, Value::from(items).to_string())?;
    execute!(tx, add_words, Value::from(words).to_string())?;
    Ok(true)
}

const ITEMS: &str = "INSERT OR IGNORE INTO audit_item (item_key, sequence)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)";
const POSTGRES_ITEMS: &str = "INSERT INTO audit_item (item_key, sequence)
    SELECT (value->>0)::bigint, (value->>1)::bigint FROM json_array_elements($1::json) ON CONFLICT DO NOTHING";

const WORDS: &str = "INSERT INTO audit_words (rowid, words)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)";
const POSTGRES_WORDS: &str = "INSERT INTO audit_words (sequence, words)
    SELECT (value->>0)::bigint, array_to_tsvector(array_remove(string_to_array(value->>1, ' '), ''))
    FROM json_array_elements($1::json)";
