//! Batches of a database that was restored from a backup: they waited when it was made, and were perhaps sent since.

use unstale_domain::{
    id::{BatchId, DistributionId},
    invalidations::{restored::AcceptedItems, transition::Transition},
    time::Timestamp,
};

use super::transitions::transition_sql;
use crate::{
    Conn, StoreError, Tx,
    columns::items_from_json,
    db::{execute, fetch_all},
};

/// The moment since which a batch may have been sent: that of its first call, or the time at which it was due.
macro_rules! since_when {
    () => {
        "COALESCE(first_sent_at, CASE WHEN due_at > created_at THEN due_at ELSE created_at END)"
    };
}

/// Marks the batches that may have been sent since the backup was made: those that were due, and those that were merged into
/// one that was. They are not merged any more, so that each is looked for by itself. Returns how many were due.
pub async fn mark_restored(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        concat!(
            "UPDATE batch SET restored_from = ",
            since_when!(),
            ", alone = $2 WHERE state = 'merged' AND merged_into IN (
                 SELECT s.id FROM batch s WHERE s.state IN ('queued', 'submitting') AND s.due_at <= $1)"
        ),
        now.as_micros(),
        true,
    )?;
    execute!(
        tx,
        concat!(
            "UPDATE batch SET restored_from = ",
            since_when!(),
            ", alone = $2 WHERE state IN ('queued', 'submitting') AND due_at <= $1"
        ),
        now.as_micros(),
        true,
    )
}

macro_rules! accepted_since {
    ($index:literal) => {
        concat!(
            "SELECT items FROM batch ",
            $index,
            " WHERE distribution_id = $1 AND accepted_at IS NOT NULL AND accepted_at >= $2"
        )
    };
}

/// What CloudFront accepted for a distribution at this moment or later, as far as this database knows. A batch whose list
/// cannot be read was changed, and counts for nothing.
pub async fn accepted_since(
    conn: &mut Conn,
    distribution: &DistributionId,
    since: Timestamp,
) -> Result<AcceptedItems, StoreError> {
    // SQLite is told the index, because it would rather read all that the distribution ever had.
    let sql =
        if conn.is_postgres() { accepted_since!("") } else { accepted_since!("INDEXED BY batch_billed") };
    let lists = fetch_all!(conn, (String,), sql, distribution.as_str(), since.as_micros())?;
    let mut accepted = AcceptedItems::default();
    for (list,) in lists {
        accepted.add(&items_from_json(&list).unwrap_or_default());
    }
    Ok(accepted)
}

/// Writes that the batch is not sent, because its items were refreshed since. `false` if the lease was lost.
pub async fn set_skipped(tx: &mut Tx, id: &BatchId, lease: &str) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        transition_sql(
            Transition::Skip,
            "lease = NULL, lease_until = NULL, problem_kind = NULL, problem_code = NULL, problem_message = NULL",
            "id = $1 AND lease = $2",
        ),
        id.as_str(),
        lease,
    )?;
    Ok(held == 1)
}
