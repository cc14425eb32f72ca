//! Lists of invalidations, each as somebody may see them, newest first. None of them reads more rows than it shows for each
//! distribution, however long the history is.

use std::collections::BTreeSet;

use unstale_domain::{
    access::Access,
    id::{DistributionId, InvalidationId},
    invalidations::invalidation::{Invalidation, InvalidationState},
    time::Timestamp,
};

use super::{Row, select};
use crate::{
    Conn, StoreError,
    columns::{list_to_json, signed},
    db::fetch_all,
};

/// Those that have not ended or need a look. There are never many: the queue is bounded. SQLite is told the index, because
/// it would rather read all that a distribution ever had.
pub async fn active(conn: &mut Conn, access: &Access, limit: usize) -> Result<Vec<Invalidation>, StoreError> {
    let rows = match access.distributions() {
        None => fetch_all!(
            conn,
            Row,
            select!(
                "WHERE state IN ('queued', 'in_progress', 'needs_a_look')
                 ORDER BY requested_at DESC, id DESC LIMIT $1"
            ),
            signed(limit),
        ),
        Some(seen) => {
            let sql = if conn.is_postgres() {
                select!(
                    "WHERE state IN ('queued', 'in_progress', 'needs_a_look')
                       AND distribution_id IN (SELECT value FROM json_array_elements_text($1::json))
                     ORDER BY requested_at DESC, id DESC LIMIT $2"
                )
            } else {
                select!(
                    "INDEXED BY invalidation_active
                     WHERE state IN ('queued', 'in_progress', 'needs_a_look')
                       AND distribution_id IN (SELECT value FROM json_each($1))
                     ORDER BY requested_at DESC, id DESC LIMIT $2"
                )
            };
            fetch_all!(conn, Row, sql, list_to_json(&seen), signed(limit))
        }
    }?;
    rows.into_iter().map(Row::into_invalidation).collect()
}

/// The newest ones of all distributions.
pub async fn recent(conn: &mut Conn, access: &Access, limit: usize) -> Result<Vec<Invalidation>, StoreError> {
    page(conn, access, &InvalidationFilter::default(), limit).await
}

/// Which invalidations a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InvalidationFilter {
    pub distribution: Option<DistributionId>,
    pub state: Option<InvalidationState>,
    /// Only those after this one in the list.
    pub after: Option<(Timestamp, InvalidationId)>,
}

/// The next ones of a list.
pub async fn page(
    conn: &mut Conn,
    access: &Access,
    wanted: &InvalidationFilter,
    limit: usize,
) -> Result<Vec<Invalidation>, StoreError> {
    let (before, id) = wanted.after.as_ref().map_or((i64::MAX, ""), |(at, id)| (at.as_micros(), id.as_str()));
    let state = wanted.state.map_or("", InvalidationState::as_str);
    let rows = match distributions_of(access, wanted.distribution.as_ref()) {
        None => fetch_all!(
            conn,
            Row,
            select!(
                "WHERE ($1 = '' OR state = $1) AND (requested_at, id) < ($2, $3)
                 ORDER BY requested_at DESC, id DESC LIMIT $4"
            ),
            state,
            before,
            id,
            signed(limit),
        ),
        Some(those) => {
            let sql = if conn.is_postgres() { PAGE_POSTGRES } else { PAGE_SQLITE };
            fetch_all!(conn, Row, sql, state, before, id, signed(limit), list_to_json(&those))
        }
    }?;
    rows.into_iter().map(Row::into_invalidation).collect()
}

/// The newest ones of each distribution of the list $5, and of those the newest: both engines go down the index
/// `invalidation_by_distribution` once for each, and read no more than $4 rows there.
const PAGE_POSTGRES: &str = select!(
    "WHERE id IN (
         SELECT newest.id FROM json_array_elements_text($5::json) AS d (value)
         CROSS JOIN LATERAL (
             SELECT l.id FROM invalidation AS l
             WHERE l.distribution_id = d.value AND ($1 = '' OR l.state = $1) AND (l.requested_at, l.id) < ($2, $3)
             ORDER BY l.requested_at DESC, l.id DESC LIMIT $4
         ) AS newest
     )
     ORDER BY requested_at DESC, id DESC LIMIT $4"
);
const PAGE_SQLITE: &str = select!(
    "WHERE id IN (
         SELECT n.id FROM json_each($5) AS d JOIN invalidation AS n ON n.id IN (
             SELECT l.id FROM invalidation AS l
             WHERE l.distribution_id = d.value AND ($1 = '' OR l.state = $1) AND (l.requested_at, l.id) < ($2, $3)
             ORDER BY l.requested_at DESC, l.id DESC LIMIT $4
         )
     )
     ORDER BY requested_at DESC, id DESC LIMIT $4"
);

/// The distributions that a list is of; `None` for all.
fn distributions_of(access: &Access, wanted: Option<&DistributionId>) -> Option<BTreeSet<DistributionId>> {
    match wanted {
        Some(id) if access.sees(id) => Some([id.clone()].into()),
        Some(_) => Some(BTreeSet::new()),
        None => access.distributions(),
    }
}

/// The newest ones of one distribution.
pub async fn of_distribution(
    conn: &mut Conn,
    distribution: &DistributionId,
    limit: usize,
) -> Result<Vec<Invalidation>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE distribution_id = $1 ORDER BY requested_at DESC, id DESC LIMIT $2"),
        distribution.as_str(),
        signed(limit),
    )?;
    rows.into_iter().map(Row::into_invalidation).collect()
}
