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
    access::visibility::is_newest_of_each,
    columns::{list_to_json, signed},
    db::fetch_all,
};

/// The condition of the index `invalidation_active`. An engine uses a partial index where a statement repeats it.
macro_rules! is_active {
    () => {
        "state IN ('queued', 'in_progress', 'needs_a_look')"
    };
}

/// The same for the indexes `invalidation_unsuccessful` and `invalidation_unsuccessful_by_distribution`, of a row.
macro_rules! is_unsuccessful {
    ($row:literal) => {
        concat!($row, "state IN ('failed', 'cancelled')")
    };
}

/// Those of the distributions $1 that have not ended or need a look, no more than $2. There are never many: the queue is
/// bounded. SQLite is told the index, because it would rather read all that a distribution ever had.
macro_rules! active_of {
    (sqlite, $also:literal) => {
        select!(
            "INDEXED BY invalidation_active WHERE ",
            is_active!(),
            " AND distribution_id IN (SELECT value FROM json_each($1))",
            $also,
            " ORDER BY requested_at DESC, id DESC LIMIT $2"
        )
    };
    (postgres, $also:literal) => {
        select!(
            "WHERE ",
            is_active!(),
            " AND distribution_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))",
            $also,
            " ORDER BY requested_at DESC, id DESC LIMIT $2"
        )
    };
}

/// Those that have not ended or need a look.
pub async fn active(conn: &mut Conn, access: &Access, limit: usize) -> Result<Vec<Invalidation>, StoreError> {
    let rows = match access.distributions() {
        None => fetch_all!(
            conn,
            Row,
            select!("WHERE ", is_active!(), " ORDER BY requested_at DESC, id DESC LIMIT $1"),
            signed(limit),
        ),
        Some(seen) => {
            let sql = if conn.is_postgres() { active_of!(postgres, "") } else { active_of!(sqlite, "") };
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
    let those = distributions_of(access, wanted.distribution.as_ref()).map(list_to_json);
    let limit = signed(limit);
    let rows = match (those, wanted.state) {
        (None, None) => fetch_all!(conn, Row, ALL, limit, before, id),
        (None, Some(state)) => {
            let sql = all_in_state(state, conn.is_postgres());
            fetch_all!(conn, Row, sql, limit, before, id, state.as_str())
        }
        (Some(those), None) => {
            let sql = if conn.is_postgres() { SOME_POSTGRES } else { SOME_SQLITE };
            fetch_all!(conn, Row, sql, those, limit, before, id)
        }
        (Some(those), Some(state)) => {
            let sql = some_in_state(state, conn.is_postgres());
            fetch_all!(conn, Row, sql, those, limit, before, id, state.as_str())
        }
    }?;
    rows.into_iter().map(Row::into_invalidation).collect()
}

const ALL: &str = select!("WHERE (requested_at, id) < ($2, $3) ORDER BY requested_at DESC, id DESC LIMIT $1");

macro_rules! all_where {
    ($($before_state:expr),+) => {
        select!(
            $($before_state,)+
            "state = $4 AND (requested_at, id) < ($2, $3) ORDER BY requested_at DESC, id DESC LIMIT $1"
        )
    };
}

/// The statement for all in a state. What has not ended, and what did not end well, have indexes of their own; of the
/// rest, nearly all is completed. SQLite is told the index of what did not end well: it would rather go through all by time.
const fn all_in_state(state: InvalidationState, postgres: bool) -> &'static str {
    match state {
        InvalidationState::Queued | InvalidationState::InProgress | InvalidationState::NeedsALook => {
            all_where!("WHERE ", is_active!(), " AND ")
        }
        InvalidationState::Failed | InvalidationState::Cancelled if postgres => {
            all_where!("WHERE ", is_unsuccessful!(""), " AND ")
        }
        InvalidationState::Failed | InvalidationState::Cancelled => {
            all_where!("INDEXED BY invalidation_unsuccessful WHERE ", is_unsuccessful!(""), " AND ")
        }
        InvalidationState::Completed => all_where!("WHERE "),
    }
}

/// The newest ones of each distribution of a list, and of those the newest.
macro_rules! newest_of {
    ($engine:ident, $also:expr) => {
        select!(
            "WHERE ",
            is_newest_of_each!($engine, "invalidation", "requested_at", $also),
            " ORDER BY requested_at DESC, id DESC LIMIT $2"
        )
    };
}
const SOME_SQLITE: &str = newest_of!(sqlite, " AND (l.requested_at, l.id) < ($3, $4)");
const SOME_POSTGRES: &str = newest_of!(postgres, " AND (l.requested_at, l.id) < ($3, $4)");

macro_rules! some_in_state_of {
    ($engine:ident, $state:expr) => {
        match $state {
            InvalidationState::Queued | InvalidationState::InProgress | InvalidationState::NeedsALook => {
                active_of!($engine, " AND state = $5 AND (requested_at, id) < ($3, $4)")
            }
            InvalidationState::Failed | InvalidationState::Cancelled => newest_of!(
                $engine,
                concat!(
                    " AND ",
                    is_unsuccessful!("l."),
                    " AND l.state = $5 AND (l.requested_at, l.id) < ($3, $4)"
                )
            ),
            InvalidationState::Completed => {
                newest_of!($engine, " AND l.state = $5 AND (l.requested_at, l.id) < ($3, $4)")
            }
        }
    };
}

/// The same as [`all_in_state`] for the distributions of a list.
const fn some_in_state(state: InvalidationState, postgres: bool) -> &'static str {
    if postgres { some_in_state_of!(postgres, state) } else { some_in_state_of!(sqlite, state) }
}

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
