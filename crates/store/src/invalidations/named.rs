//! What the history's page asks of the table of invalidations besides its lists. Callers who see only some distributions
//! must not be shown these lists.

use unstale_domain::{
    access::Access, id::InvalidationId, invalidations::invalidation::Invalidation, time::Timestamp,
};

use super::{Row, select};
use crate::{
    Conn, StoreError,
    columns::{count, list_to_json, signed},
    db::{fetch_all, fetch_one},
};

/// The next ones after `after` of a person or token of this name, newest first.
pub async fn by_name(
    conn: &mut Conn,
    name: &str,
    after: Option<&(Timestamp, InvalidationId)>,
    limit: usize,
) -> Result<Vec<Invalidation>, StoreError> {
    let (before, id) = keyset(after);
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE actor_name = $1 AND (requested_at, id) < ($2, $3) ORDER BY requested_at DESC, id DESC LIMIT $4"
        ),
        name,
        before,
        id,
        signed(limit),
    )?;
    rows.into_iter().map(Row::into_invalidation).collect()
}

/// The next ones after `after` that were made outside Unstale, newest first.
pub async fn made_outside(
    conn: &mut Conn,
    after: Option<&(Timestamp, InvalidationId)>,
    limit: usize,
) -> Result<Vec<Invalidation>, StoreError> {
    let (before, id) = keyset(after);
    // The literal is the condition of the index.
    let rows = fetch_all!(
        conn,
        Row,
        select!(
            "WHERE actor_kind = 'outside' AND (requested_at, id) < ($1, $2)
             ORDER BY requested_at DESC, id DESC LIMIT $3"
        ),
        before,
        id,
        signed(limit),
    )?;
    rows.into_iter().map(Row::into_invalidation).collect()
}

fn keyset(after: Option<&(Timestamp, InvalidationId)>) -> (i64, &str) {
    after.map_or((i64::MAX, ""), |(at, id)| (at.as_micros(), id.as_str()))
}

/// How many invalidations somebody may see, counted up to `most`.
pub async fn count_up_to(conn: &mut Conn, access: &Access, most: usize) -> Result<usize, StoreError> {
    let (counted,) = match access.distributions() {
        None => fetch_one!(
            conn,
            (i64,),
            "SELECT count(*) FROM (SELECT 1 AS one FROM invalidation LIMIT $1) AS counted",
            signed(most),
        )?,
        Some(seen) => {
            let sql = if conn.is_postgres() {
                "SELECT count(*) FROM (SELECT 1 AS one FROM invalidation
                     WHERE distribution_id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) LIMIT $2) AS counted"
            } else {
                "SELECT count(*) FROM (SELECT 1 AS one FROM invalidation
                     WHERE distribution_id IN (SELECT value FROM json_each($1)) LIMIT $2) AS counted"
            };
            fetch_one!(conn, (i64,), sql, list_to_json(&seen), signed(most))?
        }
    };
    Ok(count(counted))
}
