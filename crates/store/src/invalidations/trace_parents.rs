//! The traces that invalidations belong to, where traces are recorded.

use unstale_domain::{id::InvalidationId, trace_parent::TraceParent};

use crate::{
    Conn, StoreError, Tx,
    columns::list_to_json,
    db::{execute, fetch_all},
};

/// Keeps the trace of the request that an invalidation was accepted with.
pub async fn set(tx: &mut Tx, id: &InvalidationId, parent: &TraceParent) -> Result<(), StoreError> {
    execute!(tx, "UPDATE invalidation SET trace_parent = $2 WHERE id = $1", id.as_str(), parent.as_str())?;
    Ok(())
}

/// The traces of these invalidations, each once, in the order of the requests.
pub async fn of(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<TraceParent>, StoreError> {
    let all = if conn.is_postgres() {
        "SELECT trace_parent FROM invalidation WHERE trace_parent IS NOT NULL
         AND id IN (SELECT value FROM json_array_elements_text($1::json)) ORDER BY requested_at, id"
    } else {
        "SELECT trace_parent FROM invalidation WHERE trace_parent IS NOT NULL
         AND id IN (SELECT value FROM json_each($1)) ORDER BY requested_at, id"
    };
    let mut parents: Vec<TraceParent> = Vec::new();
    for (text,) in fetch_all!(conn, (String,), all, list_to_json(ids.iter().map(InvalidationId::as_str)))? {
        let parent = TraceParent::parse(&text);
        let parent = parent.ok_or_else(|| StoreError::unreadable("the trace of an invalidation", &text))?;
        if !parents.contains(&parent) {
            parents.push(parent);
        }
    }
    Ok(parents)
}
