//! Batches that wait to be sent: which may be sent, who holds their leases, and what CloudFront answered.

use std::collections::{BTreeSet, HashMap};

use unstale_domain::{
    id::{BatchId, CloudFrontInvalidationId, DistributionId, InvalidationId},
    invalidations::{
        batching::Load, invalidation::BatchState, problem::Problem, queue::Candidate, transition::Transition,
    },
    time::Timestamp,
};

use super::{merged::may_merge, transitions::transition_sql};
use crate::{
    Conn, StoreError, Tx,
    columns::{count, list_to_json, optional_time, time},
    db::{execute, fetch_all, fetch_one},
};

/// Each engine looks into its index of what is in progress, and into that of what is to be sent.
macro_rules! loads_of {
    ($ids:literal) => {
        concat!(
            "SELECT id, CAST(SUM(path_count) AS BIGINT), CAST(SUM(wildcard_count) AS BIGINT) FROM (
                 SELECT d.value AS id, b.path_count, b.wildcard_count FROM ",
            $ids,
            " JOIN batch b ON b.distribution_id = d.value AND b.state = 'in_progress'
                 UNION ALL
                 SELECT d.value, b.path_count, b.wildcard_count FROM ",
            $ids,
            " JOIN batch b ON b.distribution_id = d.value AND b.state IN ('queued', 'submitting')
                     AND b.state = 'submitting'
             ) AS begun GROUP BY id"
        )
    };
}

/// What each of these distributions has at CloudFront, or may have: everything for which a call was begun and that has not
/// ended. One that has nothing is left out.
pub async fn loads_in_flight(
    conn: &mut Conn,
    distributions: &[&DistributionId],
) -> Result<HashMap<DistributionId, Load>, StoreError> {
    let sql = if conn.is_postgres() {
        loads_of!("json_array_elements_text($1::json) AS d (value)")
    } else {
        loads_of!("json_each($1) AS d")
    };
    // A distribution that is given twice counts once.
    let each: BTreeSet<_> = distributions.iter().collect();
    let rows = fetch_all!(conn, (String, i64, i64), sql, list_to_json(each))?;
    Ok(rows
        .into_iter()
        .map(|(id, paths, wildcards)| {
            let load = Load { paths: count(paths), wildcards: count(wildcards) };
            (DistributionId::from_trusted(id), load)
        })
        .collect())
}

/// The load of one distribution. See [`loads_in_flight`].
pub async fn in_flight(conn: &mut Conn, distribution: &DistributionId) -> Result<Load, StoreError> {
    Ok(loads_in_flight(conn, &[distribution]).await?.remove(distribution).unwrap_or_default())
}

/// A distribution with a batch that may be sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sendable {
    pub distribution: DistributionId,
    pub account: String,
    /// When the account's next create is due at the even rate.
    pub create_next_at: Timestamp,
}

/// Distributions with a batch that may be sent now. Those that have waited longest come first.
pub async fn sendable(conn: &mut Conn, now: Timestamp) -> Result<Vec<Sendable>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String, i64),
        "SELECT d.id, d.account_id, a.create_next_at FROM distribution d JOIN account a ON a.id = d.account_id
         WHERE (a.retry_at IS NULL OR a.retry_at <= $1) AND EXISTS (
             SELECT 1 FROM batch b WHERE b.distribution_id = d.id AND b.state IN ('queued', 'submitting')
               AND b.due_at <= $1 AND (b.lease_until IS NULL OR b.lease_until <= $1))
         ORDER BY d.last_claimed_at, d.id LIMIT 200",
        now.as_micros(),
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, account, create_next_at)| Sendable {
            distribution: DistributionId::from_trusted(id),
            account,
            create_next_at: time(create_next_at),
        })
        .collect())
}

/// The next batches of a distribution that may be sent now, in the order of [`unstale_domain::invalidations::queue`].
pub async fn candidates(
    conn: &mut Conn,
    distribution: &DistributionId,
    now: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, i64, i64, String, i64, bool, Option<i64>),
        concat!(
            "SELECT id, path_count, wildcard_count, state, due_at, ",
            may_merge!(""),
            ", (SELECT max(s.accepted_at) FROM batch s WHERE s.invalidation_id = batch.invalidation_id)
             FROM batch
             WHERE distribution_id = $1 AND state IN ('queued', 'submitting')
               AND due_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
             ORDER BY CASE state WHEN 'submitting' THEN 0 ELSE 1 END, number, created_at, id LIMIT 100"
        ),
        distribution.as_str(),
        now.as_micros(),
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, paths, wildcards, state, due_at, may_merge, last_sent)| Candidate {
            id: BatchId::from_trusted(id),
            load: Load { paths: count(paths), wildcards: count(wildcards) },
            counted: state == BatchState::Submitting.as_str(),
            may_merge,
            waiting_since: waiting_since(time(due_at), optional_time(last_sent), now),
        })
        .collect())
}

/// Since its own time, or since the last of its invalidation was sent. One that seems to have been sent later than now was
/// by a clock that was ahead: then nobody knows, and it has waited long enough.
fn waiting_since(due_at: Timestamp, last_sent: Option<Timestamp>, now: Timestamp) -> Timestamp {
    last_sent.filter(|at| *at <= now).map_or(due_at, |at| at.max(due_at))
}

/// Claims a batch for sending. From then on, a call to CloudFront may have been made for it.
pub async fn claim(
    tx: &mut Tx,
    id: &BatchId,
    lease: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        transition_sql(
            Transition::Claim,
            "lease = $2, lease_until = $4, attempts = attempts + 1, first_sent_at = COALESCE(first_sent_at, $3)",
            "id = $1 AND (lease_until IS NULL OR lease_until <= $3)",
        ),
        id.as_str(),
        lease,
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Releases all leases. For a service that has just taken the lock of an SQLite file.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE batch SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    execute!(
        tx,
        "UPDATE distribution SET poll_lease = NULL, poll_lease_until = NULL WHERE poll_lease IS NOT NULL"
    )?;
    execute!(tx, "UPDATE survey SET lease = NULL, lease_until = NULL")?;
    Ok(())
}

/// Writes that CloudFront accepted the batch. Here and below, `false` if the lease was lost.
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
        transition_sql(
            Transition::Accept,
            "lease = NULL, lease_until = NULL, accepted_at = $5, cloudfront_id = $3, aws_request_id = $4,
             look_at = $6, problem_kind = NULL, problem_code = NULL, problem_message = NULL",
            "id = $1 AND lease = $2",
        ),
        id.as_str(),
        lease,
        cloudfront_id.as_str(),
        aws_request_id,
        now.as_micros(),
        look_at.as_micros(),
    )?;
    Ok(held == 1)
}

/// The next state of a batch that CloudFront did not clearly accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAccepted {
    /// CloudFront certainly does not have it. It may be sent again at this time.
    Postponed(Timestamp),
    /// CloudFront may have it; it is asked again, with the same reference, at this time.
    Unknown(Timestamp),
    /// CloudFront refused it for good.
    Failed,
    /// A person has to decide whether CloudFront has it.
    NeedsALook,
}

/// Writes the new state of a batch that was not accepted.
pub async fn set_not_accepted(
    tx: &mut Tx,
    id: &BatchId,
    lease: &str,
    what: NotAccepted,
    problem: &Problem,
) -> Result<bool, StoreError> {
    let (transition, due_at) = match what {
        NotAccepted::Postponed(at) => (Transition::Postpone, Some(at)),
        NotAccepted::Unknown(at) => (Transition::AskAgain, Some(at)),
        NotAccepted::Failed => (Transition::Refuse, None),
        NotAccepted::NeedsALook => (Transition::Escalate, None),
    };
    let held = execute!(
        tx,
        transition_sql(
            transition,
            "lease = NULL, lease_until = NULL, due_at = COALESCE($3, due_at), problem_kind = $4,
             problem_code = $5, problem_message = $6, aws_request_id = COALESCE($7, aws_request_id)",
            "id = $1 AND lease = $2",
        ),
        id.as_str(),
        lease,
        due_at.map(Timestamp::as_micros),
        problem.kind.as_str(),
        problem.code.as_str(),
        problem.message.as_str(),
        problem.request_id.as_deref(),
    )?;
    Ok(held == 1)
}

/// Cancels the queued batches that were never sent. Returns their number.
pub async fn cancel_queued(tx: &mut Tx, id: &InvalidationId) -> Result<u64, StoreError> {
    execute!(tx, transition_sql(Transition::Cancel, "", "invalidation_id = $1"), id.as_str())
}

/// Queues the batches that CloudFront refused again, with the same caller reference. Returns their number. One that
/// was cut in two stays as it is: its halves have its items.
pub async fn requeue_failed(tx: &mut Tx, id: &InvalidationId, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        transition_sql(Transition::Retry, "due_at = $2", "invalidation_id = $1 AND cut_into IS NULL"),
        id.as_str(),
        now.as_micros(),
    )
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
