//! Deletes check runs whose time has passed, so that their looks do not grow for ever. What their verdicts were stays in
//! the history.

use unstale_domain::{id::CheckRunId, time::Timestamp};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_to_json, signed},
    db::{execute, fetch_all},
};

/// Up to `limit` runs that are done and whose time has passed, the longest past first.
pub async fn expired(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<CheckRunId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT id FROM check_run WHERE kept_until IS NOT NULL AND kept_until <= $1 AND state = 'done'
         ORDER BY kept_until LIMIT $2",
        now.as_micros(),
        signed(limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| CheckRunId::from_trusted(id)).collect())
}

/// Deletes up to `limit` of them with all that was seen, and returns how many there were.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let ids = expired(tx, now, limit).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let list = list_to_json(&ids);
    let statements = if tx.is_postgres() { &POSTGRES } else { &SQLITE };
    for sql in statements {
        execute!(tx, *sql, list.as_str())?;
    }
    Ok(ids.len())
}

/// What names a run goes before the run.
const SQLITE: [&str; 6] = [
    "DELETE FROM location_check WHERE run_id IN (SELECT value FROM json_each($1))",
    "DELETE FROM vantage_check WHERE run_id IN (SELECT value FROM json_each($1))",
    "DELETE FROM probe_offer WHERE run_id IN (SELECT value FROM json_each($1))",
    "DELETE FROM probe_round WHERE run_id IN (SELECT value FROM json_each($1))",
    "DELETE FROM url_check WHERE run_id IN (SELECT value FROM json_each($1))",
    "DELETE FROM check_run WHERE id IN (SELECT value FROM json_each($1))",
];
const POSTGRES: [&str; 6] = [
    "DELETE FROM location_check WHERE run_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
    "DELETE FROM vantage_check WHERE run_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
    "DELETE FROM probe_offer WHERE run_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
    "DELETE FROM probe_round WHERE run_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
    "DELETE FROM url_check WHERE run_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
    "DELETE FROM check_run WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
];
