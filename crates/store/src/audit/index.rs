//! The search index of the history: which events contain an item, and which events contain a word.

use serde_json::{Value, json};

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one},
};

/// The keys and words by which the index finds an event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexEntry {
    pub sequence: i64,
    pub item_keys: Vec<i64>,
    pub words: Vec<String>,
}

/// The sequence of the last event that is in the index.
pub async fn index_reached(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(fetch_one!(conn, (i64,), "SELECT sequence FROM audit_index WHERE id = 1")?.0)
}

/// The last events of the index and of the history, and those of the given item keys that occur in the index.
pub(super) struct Extent {
    pub indexed: i64,
    pub newest: i64,
    pub living: Vec<i64>,
}

/// Reads everything with one statement, because the round trip to the database is the main cost of a search.
/// `living` has the keys that occur in events before `before`.
pub(super) async fn extent(conn: &mut Conn, keys: &[i64], before: i64) -> Result<Extent, StoreError> {
    let all = if conn.is_postgres() { POSTGRES_EXTENT } else { EXTENT };
    let keys = Value::from(keys).to_string();
    let (indexed, newest, living) = fetch_one!(conn, (i64, i64, String), all, keys, before)?;
    let living =
        serde_json::from_str(&living).map_err(|_| StoreError::unreadable("a list of keys", &living))?;
    Ok(Extent { indexed, newest, living })
}

const EXTENT: &str = "SELECT i.sequence, h.sequence,
        (SELECT json_group_array(k.value) FROM json_each($1) k
         WHERE EXISTS (SELECT 1 FROM audit_item a WHERE a.item_key = k.value AND a.sequence < $2))
    FROM audit_index i, audit_head h WHERE i.id = 1 AND h.id = 1";
const POSTGRES_EXTENT: &str = "SELECT i.sequence, h.sequence,
        (SELECT COALESCE(json_agg(k.item_key), '[]')::text
         FROM (SELECT value::bigint AS item_key FROM json_array_elements_text($1::json)) k
         WHERE EXISTS (SELECT 1 FROM audit_item a WHERE a.item_key = k.item_key AND a.sequence < $2))
    FROM audit_index i, audit_head h WHERE i.id = 1 AND h.id = 1";

/// Adds the entries of all events after `from` up to and including `to`. `false` if another replica has already
/// added them.
pub async fn add_to_index(
    tx: &mut Tx,
    from: i64,
    to: i64,
    entries: &[IndexEntry],
) -> Result<bool, StoreError> {
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

/// The first of these events that the index does not find by all its items, or that has no words in the index.
/// `None` if the index is complete.
pub async fn missing_from_index(conn: &mut Conn, entries: &[IndexEntry]) -> Result<Option<i64>, StoreError> {
    let items: Vec<Value> = entries
        .iter()
        .flat_map(|entry| entry.item_keys.iter().map(|key| json!([key, entry.sequence])))
        .collect();
    let events: Vec<i64> = entries.iter().map(|entry| entry.sequence).collect();
    let (items, events) = (Value::from(items).to_string(), Value::from(events).to_string());
    let (of_items, of_words) = if conn.is_postgres() {
        (POSTGRES_LACKS_ITEM, POSTGRES_LACKS_WORDS)
    } else {
        (LACKS_ITEM, LACKS_WORDS)
    };
    let (item,) = fetch_one!(conn, (Option<i64>,), of_items, items)?;
    let (words,) = fetch_one!(conn, (Option<i64>,), of_words, events)?;
    Ok(item.into_iter().chain(words).min())
}

/// Sets the index back to an event, so that all later events are indexed again.
pub async fn reindex_after(tx: &mut Tx, sequence: i64) -> Result<(), StoreError> {
    execute!(tx, "UPDATE audit_index SET sequence = $1 WHERE id = 1 AND sequence > $1", sequence)?;
    Ok(())
}

const LACKS_ITEM: &str = "SELECT min(json_extract(value, '$[1]')) FROM json_each($1)
    WHERE NOT EXISTS (SELECT 1 FROM audit_item
                      WHERE item_key = json_extract(value, '$[0]') AND sequence = json_extract(value, '$[1]'))";
const POSTGRES_LACKS_ITEM: &str = "SELECT min((value->>1)::bigint) FROM json_array_elements($1::json)
    WHERE NOT EXISTS (SELECT 1 FROM audit_item
                      WHERE item_key = (value->>0)::bigint AND sequence = (value->>1)::bigint)";
// FTS5 stores the length of each row in this table. `audit_words` does not store the words themselves, so they
// cannot be read.
const LACKS_WORDS: &str = "SELECT min(value) FROM json_each($1)
    WHERE NOT EXISTS (SELECT 1 FROM audit_words_docsize WHERE id = value)";
const POSTGRES_LACKS_WORDS: &str = "SELECT min(value::bigint) FROM json_array_elements_text($1::json)
    WHERE NOT EXISTS (SELECT 1 FROM audit_words WHERE sequence = value::bigint)";

const ITEMS: &str = "INSERT OR IGNORE INTO audit_item (item_key, sequence)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)";
const POSTGRES_ITEMS: &str = "INSERT INTO audit_item (item_key, sequence)
    SELECT (value->>0)::bigint, (value->>1)::bigint FROM json_array_elements($1::json) ON CONFLICT DO NOTHING";

const WORDS: &str = "INSERT OR REPLACE INTO audit_words (rowid, words)
    SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1)";
const POSTGRES_WORDS: &str = "INSERT INTO audit_words (sequence, words)
    SELECT (value->>0)::bigint, array_to_tsvector(array_remove(string_to_array(value->>1, ' '), ''))
    FROM json_array_elements($1::json)
    ON CONFLICT (sequence) DO UPDATE SET words = excluded.words";
