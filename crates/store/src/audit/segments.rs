//! Segments of the history that were exported. The trigger on `audit_event` allows only the events of a stored
//! segment to be deleted.

use serde_json::{Value, json};

use unstale_domain::audit::{
    head::PublicKey,
    segment::{Segment, SignedSegment},
};

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one},
};
use crate::columns::time;

use super::IndexEntry;

/// Stores a segment that begins directly after the last one, so that its events may be deleted. `false` if it does
/// not begin there.
pub async fn insert_segment(tx: &mut Tx, signed: &SignedSegment) -> Result<bool, StoreError> {
    let segment = &signed.segment;
    // This lock lets only one transaction at a time add a segment.
    super::chain::take_head(tx).await?;
    let (last,) =
        fetch_one!(tx, (i64,), "SELECT CAST(COALESCE(max(last_sequence), 0) AS BIGINT) FROM audit_segment")?;
    if segment.first != last + 1 {
        return Ok(false);
    }
    execute!(
        tx,
        "INSERT INTO audit_segment (last_sequence, first_sequence, last_hash, file, file_sha256, at, public_key,
             signature)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        segment.last,
        segment.first,
        segment.last_hash.as_str(),
        segment.file.as_str(),
        segment.file_sha256.as_str(),
        segment.at.as_micros(),
        signed.public_key.as_str(),
        signed.signature.as_str(),
    )?;
    Ok(true)
}

/// All segments, oldest first.
pub async fn segments(conn: &mut Conn) -> Result<Vec<SignedSegment>, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64, i64, String, String, String, i64, String, String),
        "SELECT first_sequence, last_sequence, last_hash, file, file_sha256, at, public_key, signature
         FROM audit_segment ORDER BY last_sequence",
    )?;
    Ok(rows
        .into_iter()
        .map(|(first, last, last_hash, file, file_sha256, at, key, signature)| {
            let public_key = PublicKey::from_stored(&key);
            let segment = Segment { first, last, last_hash, file, file_sha256, at: time(at) };
            SignedSegment { segment, public_key, signature }
        })
        .collect())
}

/// Deletes the events from `first` to `last` and their entries in the index. Returns the number of deleted events.
/// `entries` contains the items by which the index finds each event.
pub async fn drop_segment_events(
    tx: &mut Tx,
    first: i64,
    last: i64,
    entries: &[IndexEntry],
) -> Result<u64, StoreError> {
    let end = last.saturating_add(1);
    let items: Vec<Value> = entries
        .iter()
        .filter(|entry| (first..end).contains(&entry.sequence))
        .flat_map(|entry| entry.item_keys.iter().map(|key| json!([key, entry.sequence])))
        .collect();
    let of_items = if tx.is_postgres() { POSTGRES_ITEMS } else { ITEMS };
    execute!(tx, of_items, Value::from(items).to_string())?;
    let words = if tx.is_postgres() {
        "DELETE FROM audit_words WHERE sequence >= $1 AND sequence < $2"
    } else {
        "DELETE FROM audit_words WHERE rowid >= $1 AND rowid < $2"
    };
    execute!(tx, words, first, end)?;
    execute!(tx, "DELETE FROM audit_event WHERE sequence >= $1 AND sequence < $2", first, end)
}

const ITEMS: &str = "DELETE FROM audit_item WHERE (item_key, sequence) IN
    (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each($1))";
const POSTGRES_ITEMS: &str = "DELETE FROM audit_item WHERE (item_key, sequence) IN
    (SELECT (value->>0)::bigint, (value->>1)::bigint FROM json_array_elements($1::json))";

/// The sequence of the oldest stored event. 1 if there are no events.
pub async fn first_sequence(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(fetch_one!(conn, (Option<i64>,), "SELECT min(sequence) FROM audit_event")?.0.unwrap_or(1))
}
