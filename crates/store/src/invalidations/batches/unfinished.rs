//! Which items of a distribution the requests refresh that have not ended.

use unstale_domain::{
    id::DistributionId,
    invalidations::{invalidation::BatchState, plan::UnfinishedItems},
};

use super::{items_from_json, signed, time};
use crate::{Conn, StoreError, db::fetch_all};

/// When no further items are read: several times what CloudFront lets a distribution have in progress.
const ITEMS_MAX: usize = 10_000;

/// What the batches of a distribution refresh that have not ended. Of very many items, those of the newest batches.
pub async fn unfinished(conn: &mut Conn, id: &DistributionId) -> Result<UnfinishedItems, StoreError> {
    let sql = "SELECT state, joinable, at, items FROM (
             SELECT state, attempts = 0 AND NOT alone AND due_at = created_at AS joinable, COALESCE(accepted_at, first_sent_at, created_at) AS at, items,
                 SUM(path_count + wildcard_count) OVER (ORDER BY created_at DESC, id) AS items_so_far
             FROM (
                 SELECT id, state, accepted_at, first_sent_at, created_at, items, path_count, wildcard_count,
                     attempts, alone, due_at
                 FROM batch WHERE distribution_id = $1 AND state IN ('queued', 'submitting')
                 UNION ALL
                 SELECT id, state, accepted_at, first_sent_at, created_at, items, path_count, wildcard_count,
                     attempts, alone, due_at
                 FROM batch WHERE distribution_id = $1 AND state = 'in_progress'
             ) AS unfinished
         ) AS counted WHERE items_so_far <= $2";
    let mut unfinished = UnfinishedItems::default();
    for (state, joinable, at, items) in
        fetch_all!(conn, (String, bool, i64, String), sql, id.as_str(), signed(ITEMS_MAX))?
    {
        let some = match (state == BatchState::Queued.as_str(), joinable) {
            (true, true) => &mut unfinished.joinable,
            (true, false) => &mut unfinished.waiting,
            (false, _) => &mut unfinished.sent,
        };
        // A list that cannot be read was changed, and covers nothing.
        for item in items_from_json(&items).unwrap_or_default() {
            some.add(&item, time(at));
        }
    }
    Ok(unfinished)
}
