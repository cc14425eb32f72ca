//! Which paths of a distribution CloudFront was last told to refresh, and when.

use unstale_domain::{checks::RefreshedPaths, id::DistributionId, time::Timestamp};

use super::{items_from_json, list_to_json, signed, time};
use crate::{Conn, StoreError, db::fetch_all};

/// How many invalidations of a distribution are looked through for changed files.
pub const LOOKED_THROUGH: usize = 500;
/// The batches whose items are read at one time.
const AT_ONCE: usize = 20;
/// When no further items are read.
const ITEMS_MAX: usize = 200_000;

/// What the last invalidations of a distribution covered, up to `most` of them.
pub async fn refreshed(
    conn: &mut Conn,
    id: &DistributionId,
    most: usize,
) -> Result<RefreshedPaths, StoreError> {
    refreshed_since(conn, id, Timestamp::from_micros(i64::MIN), most).await
}

/// The same of those that CloudFront accepted since this moment.
pub async fn refreshed_since(
    conn: &mut Conn,
    id: &DistributionId,
    since: Timestamp,
    most: usize,
) -> Result<RefreshedPaths, StoreError> {
    let accepted = fetch_all!(
        conn,
        (String,),
        "SELECT COALESCE(s.id, b.id) FROM (SELECT id, requested_at FROM invalidation WHERE distribution_id = $1
             ORDER BY requested_at DESC, id DESC LIMIT $3) i
         JOIN batch b ON b.invalidation_id = i.id LEFT JOIN batch s ON s.id = b.merged_into
         WHERE COALESCE(s.accepted_at, b.accepted_at) >= $2 ORDER BY i.requested_at DESC, i.id DESC, b.number LIMIT $3",
        id.as_str(),
        since.as_micros(),
        signed(most),
    )?;
    let accepted: Vec<String> = accepted.into_iter().map(|(id,)| id).collect();
    let mut paths = RefreshedPaths::default();
    for some in accepted.chunks(AT_ONCE) {
        add_items(conn, some, &mut paths).await?;
        if paths.len() > ITEMS_MAX {
            break;
        }
    }
    Ok(paths)
}

/// Takes in the items of these batches. One whose list cannot be read was changed, and covers nothing.
async fn add_items(
    conn: &mut Conn,
    batches: &[String],
    paths: &mut RefreshedPaths,
) -> Result<(), StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT accepted_at, items FROM batch
         WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND accepted_at IS NOT NULL"
    } else {
        "SELECT accepted_at, items FROM batch
         WHERE id IN (SELECT value FROM json_each($1)) AND accepted_at IS NOT NULL"
    };
    for (accepted_at, items) in fetch_all!(conn, (i64, String), sql, list_to_json(batches))? {
        for item in items_from_json(&items).unwrap_or_default() {
            paths.add(&item, time(accepted_at));
        }
    }
    Ok(())
}
