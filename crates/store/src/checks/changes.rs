//! The changed files of distributions whose buckets are listed: one row for each.

use unstale_domain::{
    checks::{BucketChanges, BucketComparison},
    id::DistributionId,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
    invalidations::batches,
};

/// A listing that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedListing {
    pub distribution: DistributionId,
    pub lease: String,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    distribution_id: String,
    asked_at: Option<i64>,
    looked_at: Option<i64>,
    comparison: Option<String>,
}

impl Row {
    fn into_changes(self) -> Result<BucketChanges, StoreError> {
        let comparison = |text: String| {
            BucketComparison::from_json(&text)
                .ok_or_else(|| StoreError::unreadable("the changed files of a bucket", &text))
        };
        Ok(BucketChanges {
            distribution: DistributionId::from_trusted(self.distribution_id),
            asked_at: optional_time(self.asked_at),
            seen: self.looked_at.map(time).zip(self.comparison.map(comparison).transpose()?),
        })
    }
}

/// The changed files of a distribution, without those that were invalidated after its buckets were listed. `None` if
/// they are not listed.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<Option<BucketChanges>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT distribution_id, asked_at, looked_at, comparison FROM bucket_changes WHERE distribution_id = $1",
        id.as_str(),
    )?;
    let Some(changes) = row.map(Row::into_changes).transpose()? else { return Ok(None) };
    let since = match &changes.seen {
        Some((at, comparison)) if comparison.changed > 0 => *at,
        Some(_) | None => return Ok(Some(changes)),
    };
    let refreshed = batches::refreshed_since(conn, id, since, batches::LOOKED_THROUGH).await?;
    Ok(Some(changes.without(&refreshed)))
}

/// The buckets of a distribution are listed from now on.
pub async fn begin(tx: &mut Tx, id: &DistributionId) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO bucket_changes (distribution_id, due_at) VALUES ($1, 0)
         ON CONFLICT (distribution_id) DO UPDATE SET due_at = 0 WHERE bucket_changes.due_at IS NULL",
        id.as_str(),
    )?;
    Ok(())
}

/// The buckets of a distribution are no longer listed, and what was seen is forgotten.
pub async fn end(tx: &mut Tx, id: &DistributionId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM bucket_changes WHERE distribution_id = $1", id.as_str())?;
    Ok(())
}

/// Somebody asks for a listing. What the last one showed stays until the new one is there. `false` if somebody waits
/// for one already.
pub async fn ask(tx: &mut Tx, id: &DistributionId, now: Timestamp) -> Result<bool, StoreError> {
    let asked = execute!(
        tx,
        "INSERT INTO bucket_changes (distribution_id, due_at, asked_at) VALUES ($1, $2, $2)
         ON CONFLICT (distribution_id) DO UPDATE SET due_at = $2, asked_at = $2
             WHERE bucket_changes.asked_at IS NULL",
        id.as_str(),
        now.as_micros(),
    )?;
    Ok(asked == 1)
}

/// Up to `limit` distributions whose buckets are to be listed and that nobody has claimed, the longest due first.
pub async fn due(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<DistributionId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT distribution_id FROM bucket_changes
         WHERE due_at IS NOT NULL AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
         ORDER BY due_at, distribution_id LIMIT $2",
        now.as_micros(),
        signed(limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| DistributionId::from_trusted(id)).collect())
}

/// When the next listing after now is due. `None` if none is.
pub async fn next_due(conn: &mut Conn, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let (due,) = fetch_one!(
        conn,
        (Option<i64>,),
        "SELECT min(due_at) FROM bucket_changes WHERE due_at IS NOT NULL AND due_at > $1",
        now.as_micros(),
    )?;
    Ok(optional_time(due))
}

/// Takes the lease of a listing. `false` if another process has it or it is no longer due.
pub async fn claim(
    tx: &mut Tx,
    listing: &ClaimedListing,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE bucket_changes SET lease = $2, lease_until = $4
         WHERE distribution_id = $1 AND due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3)",
        listing.distribution.as_str(),
        listing.lease.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// When a listing began and ended, and when the next one is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingTimes {
    pub begun: Timestamp,
    pub ended: Timestamp,
    pub next: Option<Timestamp>,
}

/// Stores what a listing showed. The next one is due at once if somebody asked while this one went on, because it may
/// lack what they look for; a time in the future is no such moment. `false` if the lease was lost.
pub async fn finish(
    tx: &mut Tx,
    listing: &ClaimedListing,
    comparison: &BucketComparison,
    times: ListingTimes,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE bucket_changes SET looked_at = $3, comparison = $4, lease = NULL, lease_until = NULL,
             due_at = CASE WHEN asked_at > $3 AND asked_at <= $6 THEN due_at ELSE $5 END,
             asked_at = CASE WHEN asked_at > $3 AND asked_at <= $6 THEN asked_at ELSE NULL END
         WHERE distribution_id = $1 AND lease = $2",
        listing.distribution.as_str(),
        listing.lease.as_str(),
        times.begun.as_micros(),
        comparison.to_json(),
        times.next.map(Timestamp::as_micros),
        times.ended.as_micros(),
    )?;
    Ok(held == 1)
}

/// Releases all listings: no other process uses the database, so who held them is gone.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE bucket_changes SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    Ok(())
}
