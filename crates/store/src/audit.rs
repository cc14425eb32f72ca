//! The history: written once, at its end, each event with the hash of the one before it.

mod candidates;
pub(crate) mod chain;
mod check;
mod facts;
mod filters;
mod heads;
mod index;
mod invalidations;
mod known_items;
mod listed;
pub mod saved_searches;
mod scan;
mod search;
mod segments;
mod stored;
mod table;

pub use check::{
    CheckState, check_state, claim_post, forget_post_problem, set_check_state, set_checked, set_file_problem,
    set_head_posted, set_head_told, set_post_problem, standing,
};
pub use facts::{
    contradicted, contradiction, contradiction_of, contradiction_of_proposal, of_invalidations,
    proposal_contradiction, stating, unstated_invalidation, unstated_proposal,
};
pub use heads::{head_link, insert_signed_head, last_signed_head, signed_heads};
pub use index::{IndexEntry, add_to_index, index_reached, missing_from_index, reindex_after};
pub use invalidations::{FoundInvalidation, InvalidationsFound, first_events, search_invalidations};
pub use known_items::known_items;
pub use listed::{items_as_recorded, items_of};
pub use scan::{Scanned, find, scan};
pub use search::{SearchResult, search};
pub use segments::{drop_segment_events, first_sequence, insert_segment, segments};
pub use stored::{StoredEvent, StoredEvents, readable, stored_events};
pub use table::follows_forms;

use unstale_domain::{
    audit::{Action, Chained, Event},
    id::InvalidationId,
};

use super::{
    Conn, StoreError, Tx,
    db::{fetch_one, fetch_optional},
};
use crate::columns::signed;
use stored::fetch_events;

/// Puts an event at the end of the chain, where it is written with the commit: what the same transaction reads of the
/// history has it not yet.
pub fn append(tx: &mut Tx, event: Event) {
    tx.events.push(event);
}

/// The sequence of the last event that was committed; 0 where there is none.
pub async fn head(conn: &mut Conn) -> Result<i64, StoreError> {
    Ok(fetch_one!(conn, (i64,), "SELECT sequence FROM audit_head WHERE id = 1")?.0)
}

/// Up to `limit` events behind one sequence and before another, newest first.
pub async fn between(
    conn: &mut Conn,
    after: i64,
    before: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    fetch_events!(
        conn,
        "WHERE sequence > $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
        after,
        before,
        signed(limit)
    )
}

/// Up to `limit` events after a sequence, oldest first.
pub async fn after(conn: &mut Conn, sequence: i64, limit: usize) -> Result<Vec<Chained>, StoreError> {
    fetch_events!(conn, "WHERE sequence > $1 ORDER BY sequence LIMIT $2", sequence, signed(limit))
}

/// The first `limit` events of an invalidation, oldest first.
pub async fn of_invalidation(
    conn: &mut Conn,
    id: &InvalidationId,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    fetch_events!(conn, "WHERE invalidation_id = $1 ORDER BY sequence LIMIT $2", id.as_str(), signed(limit))
}

/// Who made an invalidation outside, and the event that says so, where CloudTrail told.
pub async fn maker(conn: &mut Conn, id: &InvalidationId) -> Result<Option<(String, i64)>, StoreError> {
    fetch_optional!(
        conn,
        (String, i64),
        "SELECT actor_name, sequence FROM audit_event WHERE invalidation_id = $1 AND action = $2
         ORDER BY sequence LIMIT 1",
        id.as_str(),
        Action::InvalidationTraced.as_str(),
    )
}
