//! Reads in the history which invalidations are new or have ended. So the checks add no write to the commands.

use std::collections::HashSet;

use unstale_domain::id::InvalidationId;

use crate::{
    Conn, StoreError, Tx,
    columns::{list_to_json, signed},
    db::{execute, fetch_all, fetch_optional},
};

/// What a page of the history tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The invalidations that its events are about, each once, in the order of their first events.
    pub invalidations: Vec<InvalidationId>,
    /// The last event that was read. `None` if there is none.
    pub last: Option<i64>,
    /// Whether more events may follow.
    pub more: bool,
}

/// The last event that was read for checks. `None` before the first.
pub async fn cursor(conn: &mut Conn) -> Result<Option<i64>, StoreError> {
    let row = fetch_optional!(conn, (i64,), "SELECT sequence FROM check_cursor WHERE id = 1")?;
    Ok(row.map(|(sequence,)| sequence))
}

/// Stores that the events up to this one were read. `false` if another process read them meanwhile: `seen` is not the
/// stored cursor any more, and the caller must not commit what it made of them.
pub async fn set_cursor(tx: &mut Tx, seen: Option<i64>, sequence: i64) -> Result<bool, StoreError> {
    let Some(seen) = seen else {
        let first = "INSERT INTO check_cursor (id, sequence) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";
        return Ok(execute!(tx, first, sequence)? == 1);
    };
    let moved =
        execute!(tx, "UPDATE check_cursor SET sequence = $2 WHERE id = 1 AND sequence = $1", seen, sequence)?;
    Ok(moved == 1)
}

/// Up to `limit` events after this one that are about an invalidation or a batch. An event of a check or of a
/// warming is not news.
pub async fn news(conn: &mut Conn, after: i64, limit: usize) -> Result<News, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64, Option<String>, Option<String>),
        "SELECT sequence, invalidation_id, action FROM audit_event WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        after,
        signed(limit),
    )?;
    let (last, more) = (rows.last().map(|row| row.0), rows.len() == limit);
    let mut invalidations: Vec<InvalidationId> = Vec::new();
    for (_, id, action) in rows {
        let is_news =
            action.is_some_and(|action| !["check.", "warming."].iter().any(|kind| action.starts_with(kind)));
        if let Some(id) = id.filter(|_| is_news).map(InvalidationId::from_trusted)
            && !invalidations.contains(&id)
        {
            invalidations.push(id);
        }
    }
    Ok(News { invalidations, last, more })
}

/// Those of these invalidations with events that were not read for checks yet. A run may still be made for them. The end
/// of a warming makes none.
pub async fn unread(conn: &mut Conn, ids: &[&InvalidationId]) -> Result<HashSet<InvalidationId>, StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT DISTINCT invalidation_id FROM audit_event
         WHERE invalidation_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))
           AND coalesce(action, '') <> 'warming.finished'
           AND sequence > coalesce((SELECT sequence FROM check_cursor WHERE id = 1), 0)"
    } else {
        "SELECT DISTINCT invalidation_id FROM audit_event
         WHERE invalidation_id IN (SELECT value FROM json_each($1))
           AND coalesce(action, '') <> 'warming.finished'
           AND sequence > coalesce((SELECT sequence FROM check_cursor WHERE id = 1), 0)"
    };
    let rows = fetch_all!(conn, (String,), sql, list_to_json(ids))?;
    Ok(rows.into_iter().map(|(id,)| InvalidationId::from_trusted(id)).collect())
}
