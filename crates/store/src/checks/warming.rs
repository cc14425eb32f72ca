//! Stores the warming of each invalidation that asks for one: its URLs, and how many of them were fetched.

use std::collections::BTreeMap;

use unstale_domain::{
    checks::{Warming, WarmingEnd, WarmingFailure, WarmingPlan, WarmingRemark, WarmingState},
    id::{DistributionId, InvalidationId},
    invalidations::invalidation::InvalidationState,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, list_from_json, list_to_json, optional_time, signed},
    db::{execute, fetch_all, fetch_one, fetch_optional, insert_all},
};

/// A warming that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedWarming {
    pub invalidation: InvalidationId,
    pub lease: String,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    invalidation_id: String,
    distribution_id: String,
    state: String,
    due_at: Option<i64>,
    planned: i64,
    fetched: i64,
    failed: i64,
    left_out: i64,
    failures: String,
    remarks: String,
    ended: Option<String>,
    finished_at: Option<i64>,
}

impl Row {
    fn into_warming(self) -> Result<Warming, StoreError> {
        let state = WarmingState::parse(&self.state)
            .ok_or_else(|| StoreError::unreadable("a warming's state", &self.state))?;
        let ended = self.ended.map(|word| {
            WarmingEnd::parse(&word).ok_or_else(|| StoreError::unreadable("a warming's end", &word))
        });
        let remarks = list_from_json(&self.remarks)?.into_iter().map(|word| {
            WarmingRemark::parse(&word).ok_or_else(|| StoreError::unreadable("a remark on a warming", &word))
        });
        Ok(Warming {
            invalidation: InvalidationId::from_trusted(self.invalidation_id),
            distribution: DistributionId::from_trusted(self.distribution_id),
            state,
            due_at: optional_time(self.due_at),
            planned: count(self.planned),
            fetched: count(self.fetched),
            failed: count(self.failed),
            left_out: count(self.left_out),
            failures: failures_from_json(&self.failures)?,
            remarks: remarks.collect::<Result<_, _>>()?,
            ended: ended.transpose()?,
            finished_at: optional_time(self.finished_at),
        })
    }
}

fn failures_to_json(failures: &BTreeMap<WarmingFailure, usize>) -> String {
    let words: BTreeMap<String, usize> =
        failures.iter().map(|(failure, count)| (failure.word(), *count)).collect();
    serde_json::json!(words).to_string()
}

fn failures_from_json(text: &str) -> Result<BTreeMap<WarmingFailure, usize>, StoreError> {
    let unreadable = || StoreError::unreadable("the failures of a warming", text);
    let words: BTreeMap<String, usize> = serde_json::from_str(text).map_err(|_| unreadable())?;
    let failures = words.into_iter().map(|(word, count)| Some((WarmingFailure::parse(&word)?, count)));
    failures.collect::<Option<_>>().ok_or_else(unreadable)
}

/// Inserts a warming that waits until CloudFront has completed the invalidation, which the caller inserts in the same
/// transaction.
pub async fn insert(
    tx: &mut Tx,
    invalidation: &InvalidationId,
    distribution: &DistributionId,
) -> Result<(), StoreError> {
    const INTO: &str = "INSERT INTO warming (invalidation_id, distribution_id, state) ";
    insert_all!(tx, INTO, [(invalidation, distribution)], |row| [row.0.as_str(), row.1.as_str(), "waiting"]);
    Ok(())
}

/// The warming of an invalidation. `None` if it has none.
pub async fn find(conn: &mut Conn, id: &InvalidationId) -> Result<Option<Warming>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT invalidation_id, distribution_id, state, due_at, planned, fetched, failed, left_out, failures, remarks,
             ended, finished_at
         FROM warming WHERE invalidation_id = $1",
        id.as_str(),
    )?;
    row.map(Row::into_warming).transpose()
}

/// The URLs of a warming that has begun, in their order. Empty before and afterwards.
pub async fn urls(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<String>, StoreError> {
    let row =
        fetch_optional!(conn, (String,), "SELECT urls FROM warming WHERE invalidation_id = $1", id.as_str())?;
    row.map_or_else(|| Ok(Vec::new()), |(urls,)| list_from_json(&urls))
}

/// Up to `limit` warmings that are due, the longest due first. A distribution of which another one is claimed has none:
/// its site is asked by one at a time.
pub async fn due(
    conn: &mut Conn,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(InvalidationId, DistributionId)>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String),
        "SELECT w.invalidation_id, w.distribution_id FROM warming w
         WHERE w.due_at IS NOT NULL AND w.due_at <= $1
           AND NOT EXISTS (SELECT 1 FROM warming o WHERE o.distribution_id = w.distribution_id
               AND o.lease IS NOT NULL AND o.lease_until > $1)
         ORDER BY w.due_at, w.invalidation_id LIMIT $2",
        now.as_micros(),
        signed(limit),
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, distribution)| {
            (InvalidationId::from_trusted(id), DistributionId::from_trusted(distribution))
        })
        .collect())
}

/// When the next one is due. `None` if none is.
pub async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let (due,) =
        fetch_one!(conn, (Option<i64>,), "SELECT min(due_at) FROM warming WHERE due_at IS NOT NULL")?;
    Ok(optional_time(due))
}

/// Takes the lease of a warming. `false` if another process has it or it is no longer due.
pub async fn claim(
    tx: &mut Tx,
    warming: &ClaimedWarming,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE warming SET lease = $2, lease_until = $4
         WHERE invalidation_id = $1 AND due_at <= $3 AND (lease IS NULL OR lease_until <= $3)",
        warming.invalidation.as_str(),
        warming.lease.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Releases all: no other process uses the database, so who held them is gone.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE warming SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    Ok(())
}

/// Stores what is to be fetched. `false` if the lease was lost.
pub async fn begin(tx: &mut Tx, warming: &ClaimedWarming, plan: &WarmingPlan) -> Result<bool, StoreError> {
    let begun = execute!(
        tx,
        "UPDATE warming SET state = 'running', urls = $3, planned = $4, left_out = $5, remarks = $6
         WHERE invalidation_id = $1 AND lease = $2 AND state = 'waiting'",
        warming.invalidation.as_str(),
        warming.lease.as_str(),
        list_to_json(&plan.urls),
        signed(plan.urls.len()),
        signed(plan.left_out),
        list_to_json(plan.remarks.iter().map(|remark| remark.as_str())),
    )?;
    Ok(begun == 1)
}

/// Stores how many URLs were tried, and holds the lease until later. `false` if it was lost.
pub async fn set_tried(
    tx: &mut Tx,
    claimed: &ClaimedWarming,
    warming: &Warming,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE warming SET fetched = $3, failed = $4, failures = $5, lease_until = $6
         WHERE invalidation_id = $1 AND lease = $2",
        claimed.invalidation.as_str(),
        claimed.lease.as_str(),
        signed(warming.fetched),
        signed(warming.failed),
        failures_to_json(&warming.failures),
        until.as_micros(),
    )?;
    Ok(held == 1)
}

/// Gives the lease back. The rest is done at `due_at`.
pub async fn put_off(tx: &mut Tx, warming: &ClaimedWarming, due_at: Timestamp) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE warming SET due_at = $3, lease = NULL, lease_until = NULL WHERE invalidation_id = $1 AND lease = $2",
        warming.invalidation.as_str(),
        warming.lease.as_str(),
        due_at.as_micros(),
    )?;
    Ok(held == 1)
}

/// It is over. `false` if the lease was lost.
pub async fn finish(
    tx: &mut Tx,
    warming: &ClaimedWarming,
    ended: WarmingEnd,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE warming SET state = 'done', ended = $3, finished_at = $4, urls = '[]', due_at = NULL, lease = NULL,
             lease_until = NULL
         WHERE invalidation_id = $1 AND lease = $2",
        warming.invalidation.as_str(),
        warming.lease.as_str(),
        ended.as_str(),
        now.as_micros(),
    )?;
    Ok(held == 1)
}

/// The invalidation is in this state now: where it has ended, its warming is due, and where it goes on, because it was
/// tried again, the warming waits again, whoever holds it.
pub(crate) async fn follow(
    tx: &mut Tx,
    id: &InvalidationId,
    state: InvalidationState,
    now: Timestamp,
) -> Result<(), StoreError> {
    use InvalidationState::{Cancelled, Completed, Failed, InProgress, NeedsALook, Queued};
    match state {
        Completed | Failed | Cancelled => {
            execute!(
                tx,
                "UPDATE warming SET due_at = $2 WHERE invalidation_id = $1 AND state = 'waiting'",
                id.as_str(),
                now.as_micros(),
            )?;
        }
        Queued | InProgress | NeedsALook => {
            execute!(
                tx,
                "UPDATE warming SET state = 'waiting', due_at = NULL, ended = NULL, finished_at = NULL, lease = NULL,
                     lease_until = NULL
                 WHERE invalidation_id = $1 AND (state = 'waiting' OR ended IN ('refused', 'cancelled'))",
                id.as_str(),
            )?;
        }
    }
    Ok(())
}
