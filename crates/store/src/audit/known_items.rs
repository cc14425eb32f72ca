//! Which items the history of a distribution knows.

use std::collections::HashSet;

use serde_json::Value;
use unstale_domain::{audit::search::item_key, id::DistributionId, invalidations::item::Item};

use crate::{Conn, StoreError, db::fetch_all};

/// Looks at the newest events of each item only: one that other distributions have in common must not be read back to
/// the first event.
macro_rules! known_of {
    ($keys:literal) => {
        concat!(
            "SELECT k.item_key FROM ",
            $keys,
            " WHERE EXISTS (SELECT 1 FROM (SELECT a.sequence FROM audit_item a WHERE a.item_key = k.item_key
                     ORDER BY a.sequence DESC LIMIT 20) AS newest
                 JOIN audit_event e ON e.sequence = newest.sequence WHERE e.distribution_id = $2)"
        )
    };
}

/// Those of these items that one of the last events with them named for this distribution.
pub async fn known_items<'i>(
    conn: &mut Conn,
    distribution: &DistributionId,
    items: impl IntoIterator<Item = &'i Item>,
) -> Result<HashSet<&'i Item>, StoreError> {
    let keyed: Vec<(i64, &Item)> = items.into_iter().map(|item| (item_key(item), item)).collect();
    if keyed.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = if conn.is_postgres() {
        known_of!("(SELECT value::bigint AS item_key FROM json_array_elements_text($1::json)) k")
    } else {
        known_of!("(SELECT value AS item_key FROM json_each($1)) k")
    };
    let keys: Vec<i64> = keyed.iter().map(|(key, _)| *key).collect();
    let rows = fetch_all!(conn, (i64,), sql, Value::from(keys).to_string(), distribution.as_str())?;
    let known: HashSet<i64> = rows.into_iter().map(|(key,)| key).collect();
    Ok(keyed.into_iter().filter(|(key, _)| known.contains(key)).map(|(_, item)| item).collect())
}
