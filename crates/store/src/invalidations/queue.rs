//! Where a queued invalidation stands: what goes before it, and what it waits for.

use unstale_domain::{
    id::InvalidationId,
    invalidations::{batching::Load, queue::QueuePosition},
    time::Timestamp,
};

use crate::{
    Conn, StoreError,
    columns::{count, optional_time, time},
    db::{fetch_all, fetch_one, fetch_optional},
};

#[derive(sqlx::FromRow)]
struct Mine {
    distribution_id: String,
    account_id: String,
    number: i64,
    created_at: i64,
    due_at: i64,
    path_count: i64,
    wildcard_count: i64,
    create_next_at: i64,
    retry_at: Option<i64>,
}

/// The place of an invalidation's next queued batch; `None` where none is queued. What is put off until after it is due
/// is not before it.
pub async fn place(conn: &mut Conn, id: &InvalidationId) -> Result<Option<QueuePosition>, StoreError> {
    let mine = fetch_optional!(
        conn,
        Mine,
        "SELECT b.distribution_id, d.account_id, b.number, b.created_at, b.due_at, b.path_count, b.wildcard_count,
             a.create_next_at, a.retry_at
         FROM batch b JOIN distribution d ON d.id = b.distribution_id JOIN account a ON a.id = d.account_id
         WHERE b.invalidation_id = $1 AND b.state = 'queued' ORDER BY b.number LIMIT 1",
        id.as_str(),
    )?;
    let Some(mine) = mine else { return Ok(None) };
    let (before,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM batch WHERE distribution_id = $1 AND state = 'queued'
           AND (number < $2 OR (number = $2 AND created_at < $3)) AND (attempts > 0 OR due_at <= $4)",
        mine.distribution_id.as_str(),
        mine.number,
        mine.created_at,
        mine.due_at,
    )?;
    let others = fetch_all!(
        conn,
        (i64,),
        "SELECT count(*) FROM batch b JOIN distribution d ON d.id = b.distribution_id
         WHERE d.account_id = $1 AND d.id <> $2 AND b.state = 'queued' AND (b.attempts > 0 OR b.due_at <= $3)
         GROUP BY d.id",
        mine.account_id.as_str(),
        mine.distribution_id.as_str(),
        mine.due_at,
    )?;
    let (oldest,) = fetch_one!(
        conn,
        (Option<i64>,),
        "SELECT min(accepted_at) FROM batch WHERE distribution_id = $1 AND state = 'in_progress'",
        mine.distribution_id.as_str(),
    )?;
    Ok(Some(QueuePosition {
        before_here: count(before),
        elsewhere: others.into_iter().map(|(queued,)| count(queued)).collect(),
        load: Load { paths: count(mine.path_count), wildcards: count(mine.wildcard_count) },
        due_at: time(mine.due_at),
        next_call_at: time(mine.create_next_at),
        paused_until: optional_time(mine.retry_at),
        oldest_in_progress: oldest.map(Timestamp::from_micros),
    }))
}
