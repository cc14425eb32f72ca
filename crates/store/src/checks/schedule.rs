//! When the looks of each run are due, and who makes them.

use unstale_domain::{
    checks::Freshness,
    id::{CheckRunId, DistributionId, InvalidationId},
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, signed},
    db::{execute, fetch_all, fetch_one},
};

/// A run that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedRun {
    pub id: CheckRunId,
    pub lease: String,
}

/// When the next looks are due. `None` if none are.
pub async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let (due,) =
        fetch_one!(conn, (Option<i64>,), "SELECT min(due_at) FROM check_run WHERE due_at IS NOT NULL")?;
    Ok(due.map(Timestamp::from_micros))
}

/// How many runs are not done, counted up to `limit`.
pub async fn open_runs(conn: &mut Conn, limit: usize) -> Result<usize, StoreError> {
    let (open,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM (SELECT 1 FROM check_run WHERE state <> 'done' LIMIT $1) AS open",
        signed(limit),
    )?;
    Ok(count(open))
}

/// Up to `limit` runs whose looks are due, the longest due first. A distribution of which another run is claimed has
/// none: a host that hangs then holds one worker's place and not all.
pub async fn due_runs(
    conn: &mut Conn,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(CheckRunId, DistributionId)>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String),
        "SELECT r.id, r.distribution_id FROM check_run r
         WHERE r.due_at IS NOT NULL AND r.due_at <= $1
           AND NOT EXISTS (SELECT 1 FROM check_run o WHERE o.distribution_id = r.distribution_id
               AND o.lease IS NOT NULL AND o.lease_until > $1)
         ORDER BY r.due_at, r.id LIMIT $2",
        now.as_micros(),
        signed(limit),
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, distribution)| (CheckRunId::from_trusted(id), DistributionId::from_trusted(distribution)))
        .collect())
}

/// Takes the lease of a run. `false` if another process has it or its looks are no longer due.
pub async fn claim(
    tx: &mut Tx,
    run: &ClaimedRun,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE check_run SET lease = $2, lease_until = $4
         WHERE id = $1 AND due_at <= $3 AND (lease IS NULL OR lease_until <= $3)",
        run.id.as_str(),
        run.lease.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Releases all runs: no other process uses the database, so who held them is gone.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE check_run SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    Ok(())
}

/// CloudFront has completed the invalidation, so that its URLs are looked at now.
pub async fn begin_after(tx: &mut Tx, id: &InvalidationId, now: Timestamp) -> Result<bool, StoreError> {
    let begun = execute!(
        tx,
        "UPDATE check_run SET state = 'after', due_at = $2 WHERE invalidation_id = $1 AND state IN ('before', 'waiting')",
        id.as_str(),
        now.as_micros(),
    )?;
    Ok(begun == 1)
}

/// The invalidation ended without being completed, so there is nothing to look for.
pub async fn give_up(tx: &mut Tx, id: &InvalidationId) -> Result<bool, StoreError> {
    let ended = execute!(
        tx,
        "UPDATE check_run SET state = 'done', due_at = NULL, freshness = 'off'
         WHERE invalidation_id = $1 AND state IN ('before', 'waiting')",
        id.as_str(),
    )?;
    Ok(ended == 1)
}

/// Somebody asked to look again. `false` if the run waits for looks anyway.
pub async fn check_again(tx: &mut Tx, id: &CheckRunId, now: Timestamp) -> Result<bool, StoreError> {
    let again = execute!(
        tx,
        "UPDATE check_run SET state = 'after', due_at = $2 WHERE id = $1 AND freshness <> 'off'
           AND (state = 'done' OR (state = 'after' AND due_at > $2))",
        id.as_str(),
        now.as_micros(),
    )?;
    Ok(again == 1)
}

/// The looks before are stored. The run waits now, unless CloudFront has completed the invalidation meanwhile. `false`
/// if the lease was lost.
pub async fn release_before(tx: &mut Tx, run: &ClaimedRun) -> Result<bool, StoreError> {
    execute!(
        tx,
        "UPDATE check_run SET state = 'waiting', due_at = NULL WHERE id = $1 AND lease = $2 AND state = 'before'",
        run.id.as_str(),
        run.lease.as_str(),
    )?;
    let held = execute!(
        tx,
        "UPDATE check_run SET lease = NULL, lease_until = NULL WHERE id = $1 AND lease = $2",
        run.id.as_str(),
        run.lease.as_str(),
    )?;
    Ok(held == 1)
}

/// Stores what the looks of a round prove so far. The round goes on, and the run stays claimed. `false` if the lease was
/// lost.
pub async fn set_verdict(tx: &mut Tx, run: &ClaimedRun, freshness: Freshness) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE check_run SET freshness = $3 WHERE id = $1 AND lease = $2",
        run.id.as_str(),
        run.lease.as_str(),
        freshness.as_str(),
    )?;
    Ok(held == 1)
}

/// A round of looks after completion is stored. `due_at` is when the next round is due; without one the run is done.
/// `false` if the lease was lost.
pub async fn finish(
    tx: &mut Tx,
    run: &ClaimedRun,
    freshness: Freshness,
    due_at: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE check_run SET freshness = $3, round = round + 1, state = $4, due_at = $5, lease = NULL, lease_until = NULL
         WHERE id = $1 AND lease = $2",
        run.id.as_str(),
        run.lease.as_str(),
        freshness.as_str(),
        if due_at.is_some() { "after" } else { "done" },
        due_at.map(Timestamp::as_micros),
    )?;
    Ok(held == 1)
}
