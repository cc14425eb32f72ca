//! Distributions as lists show them: a page at a time, less what an actor may not see.

use std::collections::HashMap;

use unstale_domain::{
    access::Access,
    actor::Actor,
    distributions::distribution::{Distribution, ListPosition},
    id::DistributionId,
    invalidations::invalidation::InvalidationState,
    time::Timestamp,
};

use super::{
    super::{
        Conn, StoreError,
        db::{fetch_all, fetch_one, fetch_optional},
    },
    Row, select,
};
use crate::{
    access::visibility::is_newest_of_each,
    columns::{count, list_to_json, optional_time, signed, time},
};

/// The number of distributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DistributionCounts {
    pub here: usize,
    /// The number of distributions that CloudFront no longer lists.
    pub gone: usize,
}

/// The number of distributions that an actor may see.
pub async fn known(conn: &mut Conn, access: &Access) -> Result<DistributionCounts, StoreError> {
    let (all, gone) = match access.distributions() {
        None => fetch_one!(conn, (i64, i64), "SELECT count(*), count(gone_at) FROM distribution"),
        Some(seen) => {
            let sql = if conn.is_postgres() {
                "SELECT count(*), count(gone_at) FROM distribution
                 WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))"
            } else {
                "SELECT count(*), count(gone_at) FROM distribution WHERE id IN (SELECT value FROM json_each($1))"
            };
            fetch_one!(conn, (i64, i64), sql, list_to_json(&seen))
        }
    }?;
    Ok(DistributionCounts { here: count(all - gone), gone: count(gone) })
}

macro_rules! page_of {
    ($seen:literal) => {
        select!(
            "WHERE ",
            $seen,
            "((gone_at IS NOT NULL) = $2
                  AND (sort_name, id) > (COALESCE((SELECT sort_name FROM distribution WHERE id = $3), ''), $3)
                 OR gone_at IS NOT NULL AND NOT $2)
             ORDER BY gone_at IS NOT NULL, sort_name, id LIMIT $1"
        )
    };
}

/// Up to `limit` of those that an actor sees, by their names, from behind a position on; those that are gone come last.
pub async fn page(
    conn: &mut Conn,
    access: &Access,
    after: Option<&ListPosition>,
    limit: usize,
) -> Result<Vec<Distribution>, StoreError> {
    let gone = after.is_some_and(|place| place.gone);
    let id = after.map_or("", |place| place.id.as_str());
    let rows = match access.distributions() {
        None => fetch_all!(conn, Row, page_of!(""), signed(limit), gone, id),
        Some(seen) => {
            let sql = if conn.is_postgres() {
                page_of!("id = ANY (ARRAY(SELECT json_array_elements_text($4::json))) AND ")
            } else {
                page_of!("id IN (SELECT value FROM json_each($4)) AND ")
            };
            fetch_all!(conn, Row, sql, signed(limit), gone, id, list_to_json(&seen))
        }
    }?;
    rows.into_iter().map(Row::into_distribution).collect()
}

/// Those with these IDs that there are, by their IDs.
pub async fn some(conn: &mut Conn, ids: &[&DistributionId]) -> Result<Vec<Distribution>, StoreError> {
    let sql = if conn.is_postgres() {
        select!("WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) ORDER BY id")
    } else {
        select!("WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id")
    };
    let rows = fetch_all!(conn, Row, sql, list_to_json(ids))?;
    rows.into_iter().map(Row::into_distribution).collect()
}

macro_rules! most_used_of {
    ($latest:expr, $limit:literal) => {
        concat!(
            "SELECT distribution_id FROM (SELECT distribution_id, requested_at FROM invalidation ",
            $latest,
            ") AS latest GROUP BY distribution_id
             ORDER BY count(*) DESC, max(requested_at) DESC, distribution_id LIMIT ",
            $limit
        )
    };
}

macro_rules! most_used_of_each {
    ($engine:ident) => {
        most_used_of!(
            concat!(
                "WHERE ",
                is_newest_of_each!($engine, "invalidation", "requested_at", ""),
                " ORDER BY requested_at DESC, id DESC LIMIT $2"
            ),
            "$3"
        )
    };
}
const MOST_USED_SQLITE: &str = most_used_of_each!(sqlite);
const MOST_USED_POSTGRES: &str = most_used_of_each!(postgres);

/// Up to `limit` of those that an actor sees and that are most often among the last `looked_at` invalidations, the most
/// used first; of two that are used alike, the one that was used later.
pub async fn most_used(
    conn: &mut Conn,
    access: &Access,
    looked_at: usize,
    limit: usize,
) -> Result<Vec<DistributionId>, StoreError> {
    let (looked_at, limit) = (signed(looked_at), signed(limit));
    let rows = match access.distributions() {
        None => fetch_all!(
            conn,
            (String,),
            most_used_of!("ORDER BY requested_at DESC, id DESC LIMIT $1", "$2"),
            looked_at,
            limit,
        ),
        Some(seen) => {
            let sql = if conn.is_postgres() { MOST_USED_POSTGRES } else { MOST_USED_SQLITE };
            fetch_all!(conn, (String,), sql, list_to_json(&seen), looked_at, limit)
        }
    }?;
    Ok(rows.into_iter().map(|(id,)| DistributionId::from_trusted(id)).collect())
}

macro_rules! last_requests_of {
    ($ids:literal) => {
        concat!(
            "SELECT d.value, i.requested_at, i.actor_name, i.state, i.ended_at FROM ",
            $ids,
            " JOIN invalidation i ON i.id = (
                 SELECT l.id FROM invalidation l WHERE l.distribution_id = d.value
                 ORDER BY l.requested_at DESC, l.id DESC LIMIT 1)"
        )
    };
}

/// The last request for a distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRequest {
    pub requested_at: Timestamp,
    /// The name of whoever made it.
    pub actor_name: String,
    pub state: InvalidationState,
    /// When it reached a final state. `None` before that.
    pub ended_at: Option<Timestamp>,
}

/// The last request for each of these. One that nobody made a request for is left out.
pub async fn last_requests(
    conn: &mut Conn,
    ids: &[&DistributionId],
) -> Result<HashMap<DistributionId, LastRequest>, StoreError> {
    let sql = if conn.is_postgres() {
        last_requests_of!("json_array_elements_text($1::json) AS d (value)")
    } else {
        last_requests_of!("json_each($1) AS d")
    };
    let rows = fetch_all!(conn, (String, i64, String, String, Option<i64>), sql, list_to_json(ids))?;
    let last = |(id, requested_at, actor_name, state, ended_at): (String, _, _, String, _)| {
        let state = InvalidationState::parse(&state)
            .ok_or_else(|| StoreError::unreadable("an invalidation's state", &state))?;
        let last = LastRequest {
            requested_at: time(requested_at),
            actor_name,
            state,
            ended_at: optional_time(ended_at),
        };
        Ok((DistributionId::from_trusted(id), last))
    };
    rows.into_iter().map(last).collect()
}

/// The distribution of the last request that an actor made. `None` if they made none.
pub async fn last_used_by(conn: &mut Conn, actor: &Actor) -> Result<Option<DistributionId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String,),
        "SELECT distribution_id FROM invalidation WHERE actor_kind = $1 AND actor_id = $2
         ORDER BY requested_at DESC LIMIT 1",
        actor.kind().as_str(),
        actor.id(),
    )?;
    Ok(row.map(|(id,)| DistributionId::from_trusted(id)))
}
