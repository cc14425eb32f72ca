//! What waits in somebody's name: requests of which something is queued, and requests that wait for a second person.

use std::collections::HashMap;

use unstale_domain::{
    actor::{Actor, ActorKind},
    id::{InvalidationId, ProposalId},
    invalidations::proposal,
    time::Timestamp,
};

use crate::{
    Conn, StoreError,
    columns::{count, signed},
    db::fetch_all,
};

/// Invalidations of which a batch is queued. SQLite is told the index of those that have not ended, because it would rather
/// read all that an actor ever asked for.
macro_rules! queued_of {
    ($index:literal) => {
        concat!(
            "FROM invalidation ",
            $index,
            "WHERE state IN ('queued', 'in_progress', 'needs_a_look')
               AND EXISTS (SELECT 1 FROM batch b LEFT JOIN batch s ON s.id = b.merged_into
                   WHERE b.invalidation_id = invalidation.id AND COALESCE(s.state, b.state) = 'queued')"
        )
    };
}

/// The oldest invalidations that somebody asked for and of which a batch is queued: CloudFront surely has nothing of it.
pub async fn invalidations_of(
    conn: &mut Conn,
    actor: &Actor,
    limit: usize,
) -> Result<Vec<InvalidationId>, StoreError> {
    let sql = if conn.is_postgres() {
        concat!(
            "SELECT id ",
            queued_of!(""),
            " AND actor_kind = $1 AND actor_id = $2 ORDER BY requested_at, id LIMIT $3"
        )
    } else {
        concat!(
            "SELECT id ",
            queued_of!("INDEXED BY invalidation_active "),
            " AND actor_kind = $1 AND actor_id = $2 ORDER BY requested_at, id LIMIT $3"
        )
    };
    let rows = fetch_all!(conn, (String,), sql, actor.kind().as_str(), actor.id(), signed(limit),)?;
    Ok(rows.into_iter().map(|(id,)| InvalidationId::from_trusted(id)).collect())
}

/// The oldest requests of somebody that wait for a second person.
pub async fn proposals_of(
    conn: &mut Conn,
    actor: &Actor,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<ProposalId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT id FROM proposal
         WHERE state = 'waiting' AND actor_kind = $1 AND actor_id = $2 AND expires_at > $3 AND expires_at <= $4
         ORDER BY asked_at, id LIMIT $5",
        actor.kind().as_str(),
        actor.id(),
        now.as_micros(),
        proposal::latest_end(now).as_micros(),
        signed(limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| ProposalId::from_trusted(id)).collect())
}

macro_rules! counts_of {
    ($index:literal) => {
        concat!(
            "SELECT actor_id, count(*) FROM (SELECT actor_id ",
            queued_of!($index),
            " AND actor_kind = $1
             UNION ALL
             SELECT actor_id FROM proposal
             WHERE state = 'waiting' AND actor_kind = $1 AND expires_at > $2 AND expires_at <= $3
             ) AS waiting GROUP BY actor_id"
        )
    };
}

/// How many of both wait, by the IDs of the actors of one kind that have any.
pub async fn counts(
    conn: &mut Conn,
    kind: ActorKind,
    now: Timestamp,
) -> Result<HashMap<String, usize>, StoreError> {
    let sql = if conn.is_postgres() { counts_of!("") } else { counts_of!("INDEXED BY invalidation_active ") };
    let rows = fetch_all!(
        conn,
        (String, i64),
        sql,
        kind.as_str(),
        now.as_micros(),
        proposal::latest_end(now).as_micros(),
    )?;
    Ok(rows.into_iter().map(|(id, number)| (id, count(number))).collect())
}
