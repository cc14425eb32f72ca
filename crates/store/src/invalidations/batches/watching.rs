//! Batches that are in progress in CloudFront: when to ask for their status, and how they ended.

use unstale_domain::{
    id::{BatchId, CloudFrontInvalidationId, DistributionId, InvalidationId},
    invalidations::{problem::Problem, transition::Transition},
    time::Timestamp,
};

use super::transitions::transition_sql;
use crate::{
    Conn, StoreError, Tx,
    columns::{count, optional_time, time},
    db::{execute, fetch_all, fetch_one},
};

/// An invalidation in progress, as the poller needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedBatch {
    pub batch: BatchId,
    /// Its invalidation. `None` if it was merged from batches of several.
    pub invalidation: Option<InvalidationId>,
    pub number: usize,
    pub cloudfront_id: CloudFrontInvalidationId,
    pub accepted_at: Timestamp,
    pub look_at: Timestamp,
}

/// The invalidations in progress of a distribution, newest first, in the order of CloudFront's list.
pub async fn watched(
    conn: &mut Conn,
    distribution: &DistributionId,
) -> Result<Vec<WatchedBatch>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, Option<String>, i64, String, i64, i64),
        "SELECT id, invalidation_id, number, cloudfront_id, accepted_at, look_at FROM batch
         WHERE distribution_id = $1 AND state = 'in_progress' ORDER BY accepted_at DESC, id DESC LIMIT 5000",
        distribution.as_str(),
    )?;
    Ok(rows
        .into_iter()
        .map(|(batch, invalidation, number, cloudfront_id, accepted_at, look_at)| WatchedBatch {
            batch: BatchId::from_trusted(batch),
            invalidation: invalidation.map(InvalidationId::from_trusted),
            number: count(number),
            cloudfront_id: CloudFrontInvalidationId::from_trusted(cloudfront_id),
            accepted_at: time(accepted_at),
            look_at: time(look_at),
        })
        .collect())
}

/// Sets when to ask CloudFront for the batch again.
pub async fn set_look_at(tx: &mut Tx, id: &BatchId, look_at: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE batch SET look_at = $2 WHERE id = $1 AND state = 'in_progress'",
        id.as_str(),
        look_at.as_micros(),
    )?;
    Ok(())
}

/// Writes that CloudFront reports the batch as completed. `false` if that was written before.
pub async fn set_completed(tx: &mut Tx, id: &BatchId, now: Timestamp) -> Result<bool, StoreError> {
    let changed = execute!(
        tx,
        transition_sql(Transition::Complete, "completed_at = $2, look_at = NULL", "id = $1"),
        id.as_str(),
        now.as_micros(),
    )?;
    Ok(changed == 1)
}

/// Writes that CloudFront no longer has the invalidation.
pub async fn set_lost(tx: &mut Tx, id: &BatchId, problem: &Problem) -> Result<bool, StoreError> {
    let changed = execute!(
        tx,
        transition_sql(
            Transition::Lose,
            "look_at = NULL, problem_kind = $2, problem_code = $3, problem_message = $4",
            "id = $1",
        ),
        id.as_str(),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
    )?;
    Ok(changed == 1)
}

/// When the next status check of an invalidation in progress is due.
pub async fn next_look(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let (at,) =
        fetch_one!(conn, (Option<i64>,), "SELECT min(look_at) FROM batch WHERE state = 'in_progress'")?;
    Ok(optional_time(at))
}
