//! Reads of a batch what the count needs.

use std::collections::HashMap;

use unstale_domain::{id::BatchId, insights::counting::CountedBatch};

use crate::{
    Conn, StoreError,
    columns::{list_to_json, optional_time},
    db::fetch_all,
};

use super::unsigned;

/// What was merged counts with the first of the batches that were merged into it. Their IDs are in the order in which they
/// were made.
macro_rules! select {
    ($which:literal) => {
        concat!(
            "SELECT b.id, COALESCE(s.path_count + s.wildcard_count, b.path_count + b.wildcard_count) AS paths,
                 COALESCE(s.accepted_at, b.accepted_at) AS accepted_at, i.actor_kind = 'outside' AS is_outside,
                 NOT EXISTS (SELECT 1 FROM batch o WHERE o.merged_into = b.merged_into AND o.id < b.id) AS is_first
             FROM batch b JOIN invalidation i ON i.id = b.invalidation_id
             LEFT JOIN batch s ON s.id = b.merged_into
             WHERE b.id ",
            $which
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    paths: i64,
    accepted_at: Option<i64>,
    is_outside: bool,
    is_first: bool,
}

/// What the count needs of each of these batches.
pub async fn counted_batches(
    conn: &mut Conn,
    ids: &[&BatchId],
) -> Result<HashMap<BatchId, CountedBatch>, StoreError> {
    let sql = if conn.is_postgres() {
        select!("= ANY (ARRAY(SELECT json_array_elements_text($1::json)))")
    } else {
        select!("IN (SELECT value FROM json_each($1))")
    };
    let rows = fetch_all!(conn, Row, sql, list_to_json(ids.iter().map(|id| id.as_str())))?;
    let read = rows.into_iter().map(|row| {
        let batch = CountedBatch {
            paths: unsigned(row.paths),
            accepted_at: optional_time(row.accepted_at),
            is_outside: row.is_outside,
            is_first: row.is_first,
        };
        (BatchId::from_trusted(row.id), batch)
    });
    Ok(read.collect())
}
