//! Batches: what waits to be sent, what CloudFront has, and how each ended.
//!
//! Whoever works on a batch holds its lease; what comes of the work is written only while the lease still holds.

use std::{collections::HashSet, time::Duration};

use crate::domain::{
    batching::Load,
    id::{BatchId, CallerReference, CloudFrontInvalidationId, DistributionId, InvalidationId},
    invalidation::{Batch, BatchState, NewBatch},
    problem::Problem,
    queue::Candidate,
    time::Timestamp,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one, fetch_optional},
    parts::{self, count, items_from_json, items_to_json, optional_time, signed, time},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, invalidation_id, distribution_id, number, caller_reference, items, state, attempts, due_at, ",
            "created_at, first_sent_at, accepted_at, completed_at, cloudfront_id, aws_request_id, problem_kind, ",
            "problem_code, problem_message FROM batch ",
            $rest
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    invalidation_id: String,
    distribution_id: String,
    number: i64,
    caller_reference: String,
    items: String,
    state: String,
    attempts: i64,
    due_at: i64,
    created_at: i64,
    first_sent_at: Option<i64>,
    accepted_at: Option<i64>,
    completed_at: Option<i64>,
    cloudfront_id: Option<String>,
    aws_request_id: Option<String>,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
}

impl Row {
    fn into_batch(self) -> Result<Batch, StoreError> {
        Ok(Batch {
            id: BatchId::from_trusted(self.id),
            invalidation: InvalidationId::from_trusted(self.invalidation_id),
            distribution: DistributionId::from_trusted(self.distribution_id),
            number: count(self.number),
            caller_reference: CallerReference::from_trusted(self.caller_reference),
            items: items_from_json(&self.items)?,
            state: BatchState::parse(&self.state)
                .ok_or_else(|| StoreError::unreadable("a batch's state", &self.state))?,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            due_at: time(self.due_at),
            created_at: time(self.created_at),
            first_sent_at: optional_time(self.first_sent_at),
            accepted_at: optional_time(self.accepted_at),
            completed_at: optional_time(self.completed_at),
            cloudfront_id: self.cloudfront_id.map(CloudFrontInvalidationId::from_trusted),
            aws_request_id: self.aws_request_id,
            problem: parts::problem(self.problem_kind, self.problem_code, self.problem_message),
        })
    }
}

/// Writes a batch with its final caller reference, to be sent from `now` on.
pub async fn insert(
    tx: &mut Tx,
    new: &NewBatch,
    invalidation: &InvalidationId,
    distribution: &DistributionId,
    number: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let load = Load::of(&new.items);
    execute!(
        tx,
        "INSERT INTO batch (id, invalidation_id, distribution_id, number, caller_reference, items, path_count,
             wildcard_count, state, created_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $9)",
        new.id.as_str(),
        invalidation.as_str(),
        distribution.as_str(),
        signed(number),
        new.caller_reference.as_str(),
        items_to_json(&new.items),
        signed(load.paths),
        signed(load.wildcards),
        now.as_micros(),
    )?;
    Ok(())
}

/// What CloudFront says of an invalidation that was made outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideBatch {
    pub batch: NewBatch,
    pub cloudfront_id: CloudFrontInvalidationId,
    pub created_at: Timestamp,
    pub completed: bool,
    /// When to ask for it again, where it is not completed.
    pub look_at: Timestamp,
}

/// Writes the one batch of an invalidation that was made outside.
pub async fn insert_outside(
    tx: &mut Tx,
    seen: &OutsideBatch,
    invalidation: &InvalidationId,
    distribution: &DistributionId,
) -> Result<(), StoreError> {
    let load = Load::of(&seen.batch.items);
    let state = if seen.completed { BatchState::Completed } else { BatchState::InProgress };
    execute!(
        tx,
        "INSERT INTO batch (id, invalidation_id, distribution_id, number, caller_reference, items, path_count,
             wildcard_count, state, created_at, due_at, accepted_at, cloudfront_id, look_at)
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $9, $9, $10, $11)",
        seen.batch.id.as_str(),
        invalidation.as_str(),
        distribution.as_str(),
        seen.batch.caller_reference.as_str(),
        items_to_json(&seen.batch.items),
        signed(load.paths),
        signed(load.wildcards),
        state.as_str(),
        seen.created_at.as_micros(),
        seen.cloudfront_id.as_str(),
        seen.look_at.as_micros(),
    )?;
    Ok(())
}

pub async fn find(conn: &mut Conn, id: &BatchId) -> Result<Option<Batch>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(Row::into_batch).transpose()
}

/// The batches of an invalidation, in their order.
pub async fn of_invalidation(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<Batch>, StoreError> {
    let rows = fetch_all!(conn, Row, select!("WHERE invalidation_id = $1 ORDER BY number"), id.as_str())?;
    rows.into_iter().map(Row::into_batch).collect()
}

/// What a distribution has at CloudFront, or may have: everything for which a call was begun and that has not ended.
pub async fn in_flight(conn: &mut Conn, distribution: &DistributionId) -> Result<Load, StoreError> {
    let (paths, wildcards) = fetch_one!(
        conn,
        (i64, i64),
        "SELECT CAST(COALESCE(SUM(path_count), 0) AS BIGINT), CAST(COALESCE(SUM(wildcard_count), 0) AS BIGINT)
         FROM batch WHERE distribution_id = $1 AND state IN ('submitting', 'in_progress')",
        distribution.as_str(),
    )?;
    Ok(Load { paths: count(paths), wildcards: count(wildcards) })
}

/// How many items CloudFront took from an account since `from`, as far as Unstale knows.
pub async fn billed_since(conn: &mut Conn, account: &str, from: Timestamp) -> Result<u64, StoreError> {
    let (items,) = fetch_one!(
        conn,
        (i64,),
        "SELECT CAST(COALESCE(SUM(b.path_count + b.wildcard_count), 0) AS BIGINT)
         FROM batch b JOIN distribution d ON d.id = b.distribution_id
         WHERE b.accepted_at >= $2 AND d.account_id = $1",
        account,
        from.as_micros(),
    )?;
    Ok(u64::try_from(items).unwrap_or(0))
}

/// How long the last invalidations of a distribution took from acceptance to completion: the middle one.
pub async fn usual_time(
    conn: &mut Conn,
    distribution: &DistributionId,
) -> Result<Option<Duration>, StoreError> {
    let rows = fetch_all!(
        conn,
        (i64,),
        "SELECT completed_at - accepted_at FROM batch
         WHERE distribution_id = $1 AND completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 21",
        distribution.as_str(),
    )?;
    let mut spans: Vec<i64> = rows.into_iter().map(|(span,)| span).collect();
    spans.sort_unstable();
    let middle = spans.get(spans.len() / 2);
    Ok(middle.map(|micros| Duration::from_micros(u64::try_from(*micros).unwrap_or(0))))
}

/// Distributions with a batch that may be sent now, those that waited longest for a turn first, with their account.
pub async fn sendable(conn: &mut Conn, now: Timestamp) -> Result<Vec<(DistributionId, String)>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String),
        "SELECT d.id, d.account_id FROM distribution d JOIN account a ON a.id = d.account_id
         WHERE (a.retry_at IS NULL OR a.retry_at <= $1) AND EXISTS (
             SELECT 1 FROM batch b WHERE b.distribution_id = d.id AND b.state IN ('queued', 'submitting')
               AND b.due_at <= $1 AND (b.lease_until IS NULL OR b.lease_until <= $1))
         ORDER BY d.last_claimed_at, d.id LIMIT 200",
        now.as_micros(),
    )?;
    Ok(rows.into_iter().map(|(id, account)| (DistributionId::from_trusted(id), account)).collect())
}

/// The next batches of a distribution that may be sent now, in the order of [`crate::domain::queue`].
pub async fn candidates(
    conn: &mut Conn,
    distribution: &DistributionId,
    now: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, i64, i64, String, i64),
        "SELECT id, path_count, wildcard_count, state, due_at FROM batch
         WHERE distribution_id = $1 AND state IN ('queued', 'submitting')
           AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
         ORDER BY CASE state WHEN 'submitting' THEN 0 ELSE 1 END, number, created_at, id LIMIT 100",
        distribution.as_str(),
        now.as_micros(),
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, paths, wildcards, state, due_at)| Candidate {
            id: BatchId::from_trusted(id),
            load: Load { paths: count(paths), wildcards: count(wildcards) },
            counted: state == BatchState::Submitting.as_str(),
            due_at: time(due_at),
        })
        .collect())
}

/// Takes a batch up to be sent. From here on a call to CloudFront may have been made for it.
pub async fn claim(
    tx: &mut Tx,
    id: &BatchId,
    lease: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE batch SET state = 'submitting', lease = $2, lease_until = $4, attempts = attempts + 1,
             first_sent_at = COALESCE(first_sent_at, $3)
         WHERE id = $1 AND state IN ('queued', 'submitting') AND (lease_until IS NULL OR lease_until <= $3)",
        id.as_str(),
        lease,
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Lets go of all leases: for a service that just took the only seat at an SQLite file.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE batch SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    execute!(
        tx,
        "UPDATE distribution SET poll_lease = NULL, poll_lease_until = NULL WHERE poll_lease IS NOT NULL"
    )?;
    execute!(tx, "UPDATE survey SET lease = NULL, lease_until = NULL")?;
    Ok(())
}

/// CloudFront took it. `false` where the lease was lost meanwhile, here and below.
pub async fn set_accepted(
    tx: &mut Tx,
    id: &BatchId,
    lease: &str,
    cloudfront_id: &CloudFrontInvalidationId,
    aws_request_id: Option<&str>,
    now: Timestamp,
    look_at: Timestamp,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE batch SET state = 'in_progress', lease = NULL, lease_until = NULL, accepted_at = $5,
             cloudfront_id = $3, aws_request_id = $4, look_at = $6,
             problem_kind = NULL, problem_code = NULL, problem_message = NULL
         WHERE id = $1 AND lease = $2 AND state = 'submitting'",
        id.as_str(),
        lease,
        cloudfront_id.as_str(),
        aws_request_id,
        now.as_micros(),
        look_at.as_micros(),
    )?;
    Ok(held == 1)
}

/// What becomes of a batch that CloudFront did not plainly accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAccepted {
    /// CloudFront surely has nothing of it; it may be sent again at this time.
    Postponed(Timestamp),
    /// CloudFront may have it; it is asked again, with the same reference, at this time.
    Unknown(Timestamp),
    /// CloudFront refused it for good.
    Failed,
    /// A person has to say what became of it.
    NeedsALook,
}

/// Writes what became of a batch that was not accepted.
pub async fn set_not_accepted(
    tx: &mut Tx,
    id: &BatchId,
    lease: &str,
    what: NotAccepted,
    problem: &Problem,
) -> Result<bool, StoreError> {
    let (state, due_at) = match what {
        NotAccepted::Postponed(at) => (BatchState::Queued, Some(at)),
        NotAccepted::Unknown(at) => (BatchState::Submitting, Some(at)),
        NotAccepted::Failed => (BatchState::Failed, None),
        NotAccepted::NeedsALook => (BatchState::NeedsALook, None),
    };
    let held = execute!(
        tx,
        "UPDATE batch SET state = $3, lease = NULL, lease_until = NULL, due_at = COALESCE($4, due_at),
             problem_kind = $5, problem_code = $6, problem_message = $7,
             aws_request_id = COALESCE($8, aws_request_id)
         WHERE id = $1 AND lease = $2 AND state = 'submitting'",
        id.as_str(),
        lease,
        state.as_str(),
        due_at.map(Timestamp::as_micros),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
        problem.request_id.as_deref(),
    )?;
    Ok(held == 1)
}

/// An invalidation in progress, as the poller needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub batch: BatchId,
    pub invalidation: InvalidationId,
    pub cloudfront_id: CloudFrontInvalidationId,
    pub accepted_at: Timestamp,
    pub look_at: Timestamp,
}

/// All that a distribution has in progress, newest first, as CloudFront lists them.
pub async fn watched(conn: &mut Conn, distribution: &DistributionId) -> Result<Vec<Watched>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String, String, i64, i64),
        "SELECT id, invalidation_id, cloudfront_id, accepted_at, look_at FROM batch
         WHERE distribution_id = $1 AND state = 'in_progress' ORDER BY accepted_at DESC, id DESC LIMIT 5000",
        distribution.as_str(),
    )?;
    Ok(rows
        .into_iter()
        .map(|(batch, invalidation, cloudfront_id, accepted_at, look_at)| Watched {
            batch: BatchId::from_trusted(batch),
            invalidation: InvalidationId::from_trusted(invalidation),
            cloudfront_id: CloudFrontInvalidationId::from_trusted(cloudfront_id),
            accepted_at: time(accepted_at),
            look_at: time(look_at),
        })
        .collect())
}

/// Says when to ask for it again.
pub async fn set_look_at(tx: &mut Tx, id: &BatchId, look_at: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE batch SET look_at = $2 WHERE id = $1 AND state = 'in_progress'",
        id.as_str(),
        look_at.as_micros(),
    )?;
    Ok(())
}

/// CloudFront reports it as completed. `false` where it was written already.
pub async fn set_completed(tx: &mut Tx, id: &BatchId, now: Timestamp) -> Result<bool, StoreError> {
    let changed = execute!(
        tx,
        "UPDATE batch SET state = 'completed', completed_at = $2, look_at = NULL
         WHERE id = $1 AND state = 'in_progress'",
        id.as_str(),
        now.as_micros(),
    )?;
    Ok(changed == 1)
}

/// CloudFront no longer knows it.
pub async fn set_lost(tx: &mut Tx, id: &BatchId, problem: &Problem) -> Result<bool, StoreError> {
    let changed = execute!(
        tx,
        "UPDATE batch SET state = 'lost', look_at = NULL,
             problem_kind = $2, problem_code = $3, problem_message = $4
         WHERE id = $1 AND state = 'in_progress'",
        id.as_str(),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
    )?;
    Ok(changed == 1)
}

/// Takes back what is queued and was never sent; gives how many batches that were.
pub async fn cancel_queued(tx: &mut Tx, id: &InvalidationId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE batch SET state = 'cancelled' WHERE invalidation_id = $1 AND state = 'queued'",
        id.as_str(),
    )
}

/// Queues again what CloudFront refused, with the same caller reference; gives how many batches that were.
pub async fn requeue_failed(tx: &mut Tx, id: &InvalidationId, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE batch SET state = 'queued', due_at = $2 WHERE invalidation_id = $1 AND state = 'failed'",
        id.as_str(),
        now.as_micros(),
    )
}

/// Those of CloudFront's IDs that are known already.
pub async fn known(
    conn: &mut Conn,
    distribution: &DistributionId,
    ids: &[CloudFrontInvalidationId],
) -> Result<HashSet<CloudFrontInvalidationId>, StoreError> {
    let mut known = HashSet::new();
    for id in ids {
        let row = fetch_optional!(
            conn,
            (String,),
            "SELECT cloudfront_id FROM batch WHERE distribution_id = $1 AND cloudfront_id = $2",
            distribution.as_str(),
            id.as_str(),
        )?;
        known.extend(row.map(|(id,)| CloudFrontInvalidationId::from_trusted(id)));
    }
    Ok(known)
}

/// The batch of a distribution with this caller reference.
pub async fn find_by_reference(
    conn: &mut Conn,
    distribution: &DistributionId,
    reference: &CallerReference,
) -> Result<Option<Batch>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("WHERE distribution_id = $1 AND caller_reference = $2"),
        distribution.as_str(),
        reference.as_str(),
    )?;
    row.map(Row::into_batch).transpose()
}

/// When the next batch is due to be sent, as far as leases and pauses allow.
pub async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let (at,) = fetch_one!(
        conn,
        (Option<i64>,),
        "SELECT min(CASE WHEN lease_until IS NOT NULL AND lease_until > due_at THEN lease_until ELSE due_at END)
         FROM batch WHERE state IN ('queued', 'submitting')"
    )?;
    Ok(optional_time(at))
}

/// When the next invalidation in progress is due for a look.
pub async fn next_look(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let (at,) =
        fetch_one!(conn, (Option<i64>,), "SELECT min(look_at) FROM batch WHERE state = 'in_progress'")?;
    Ok(optional_time(at))
}
