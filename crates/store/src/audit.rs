//! The history: written once, at its end, each event with the hash of the one before it.

mod candidates;
mod check;
mod encoded_events;
mod facts;
mod filters;
mod heads;
mod index;
mod listed;
mod row;
pub mod saved_searches;
mod scan;
mod search;
mod segments;

pub use crate::audit::encoded_events::{Sheet, sheet};
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
pub use listed::{items_as_recorded, items_of};
pub use scan::{Scanned, find, scan};
pub use search::{SearchResult, search};
pub use segments::{drop_segment_events, first_sequence, insert_segment, segments};

use std::mem;

use unstale_domain::{
    audit::{Action, Chained, Event, VERSION, visibility::Visibility},
    id::{DistributionId, InvalidationId},
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one, fetch_optional, insert_all},
};
use crate::{
    access::visibility::bars,
    columns::{items_to_json, signed},
};

/// The columns of an event, in the order of [`Row`].
macro_rules! columns {
    () => {
        "sequence, at, actor_kind, actor_id, actor_name, sign_in, session, client_address, request_id, action, \
         target_kind, target_id, distribution_id, invalidation_id, items_shown, items_count, items_sha256, reason, \
         outcome, note, aws_request_id, cloudfront_id, old_value, new_value, version, previous_hash, hash"
    };
}
use columns;

/// An event as one text of JSON: a row of 27 columns costs the driver more to hand over than the database to read.
macro_rules! line {
    (sqlite) => {
        concat!("json_array(", $crate::audit::columns!(), ")")
    };
    (postgres) => {
        concat!("json_build_array(", $crate::audit::columns!(), ")::text")
    };
}
use {line, row::Row};

/// The statement that gives the events of a `WHERE` clause as one text, a line each, in their order: each row would be
/// handed over by itself, which takes longer than to read it. JSON has no control characters in it.
macro_rules! lines_of {
    (sqlite, $rest:literal) => {
        concat!(
            "SELECT COALESCE(group_concat(line, char(10)), '') FROM (SELECT ",
            $crate::audit::line!(sqlite),
            " AS line FROM audit_event ",
            $rest,
            ")"
        )
    };
    (postgres, $rest:literal) => {
        concat!(
            "SELECT COALESCE(string_agg(line, chr(10)), '') FROM (SELECT ",
            $crate::audit::line!(postgres),
            " AS line FROM audit_event ",
            $rest,
            ") AS lines"
        )
    };
}

/// The events of a `WHERE` clause.
macro_rules! fetch_events {
    ($conn:expr, $rest:literal $(, $arg:expr)* $(,)?) => {{
        let sql = if $conn.is_postgres() { lines_of!(postgres, $rest) } else { lines_of!(sqlite, $rest) };
        $crate::audit::fetch_lines!($conn, sql $(, $arg)*)
    }};
}

macro_rules! fetch_lines {
    ($conn:expr, $sql:expr $(, $arg:expr)* $(,)?) => {
        $crate::db::fetch_one!($conn, (String,), $sql $(, $arg)*)
            .and_then(|(lines,)| lines.lines().map($crate::audit::Row::read_event).collect())
    };
}
use {fetch_events, fetch_lines, lines_of};

/// [`lines_of`] a clause that is put together while the program runs.
fn lines_where(postgres: bool, clause: &str) -> String {
    let any = if postgres { lines_of!(postgres, "\u{0}") } else { lines_of!(sqlite, "\u{0}") };
    any.replace('\u{0}', clause)
}

/// The events, unless one of them cannot be read: for what has to hand each on as it was written.
pub fn readable(events: Vec<Chained>) -> Result<Vec<Chained>, StoreError> {
    match events.iter().find(|chained| chained.event.action == Action::EventUnreadable) {
        None => Ok(events),
        Some(bad) => Err(StoreError::Unreadable(format!("event {}: {}", bad.sequence, bad.event.note))),
    }
}

/// Puts an event at the end of the chain, where it is written with the commit: what the same transaction reads of the
/// history has it not yet.
pub fn append(tx: &mut Tx, event: Event) {
    tx.events.push(event);
}

/// Writes the events of a transaction that is about to be committed, each with the hash of the one before it. Writers
/// queue up from here to the commit.
pub(super) async fn write(tx: &mut Tx) -> Result<(), StoreError> {
    let events = mem::take(&mut tx.events);
    if events.is_empty() {
        return Ok(());
    }
    let (mut sequence, mut hash) = take_head(tx).await?;
    let mut chained = Vec::with_capacity(events.len());
    for event in events {
        let next = Chained::new(sequence + 1, event.with_origins_words().storable(), hash);
        (sequence, hash) = (next.sequence, next.hash.clone());
        chained.push(next);
    }
    insert(tx, &chained).await?;
    execute!(tx, "UPDATE audit_head SET sequence = $1, hash = $2 WHERE id = 1", sequence, hash)?;
    Ok(())
}

/// The last event, held until the transaction ends.
async fn take_head(tx: &mut Tx) -> Result<(i64, String), StoreError> {
    let sql = if tx.is_postgres() {
        "SELECT sequence, hash FROM audit_head WHERE id = 1 FOR UPDATE"
    } else {
        "SELECT sequence, hash FROM audit_head WHERE id = 1"
    };
    fetch_one!(tx, (i64, String), sql)
}

async fn insert(tx: &mut Tx, rows: &[Chained]) -> Result<(), StoreError> {
    insert_all!(tx, concat!("INSERT INTO audit_event (", columns!(), ") "), rows, |row| [
        row.sequence,
        row.event.at.as_micros(),
        row.event.acting.actor.kind().as_str(),
        row.event.acting.actor.id(),
        row.event.acting.actor.name(),
        row.event.acting.origin.sign_in.as_str(),
        row.event.acting.origin.session.as_str(),
        row.event.acting.origin.client_address.as_str(),
        row.event.acting.origin.request_id.as_str(),
        row.event.action.as_str(),
        row.event.target.kind.as_str(),
        row.event.target.id.as_str(),
        row.event.distribution.as_ref().map(DistributionId::as_str),
        row.event.invalidation.as_ref().map(InvalidationId::as_str),
        items_to_json(&row.event.items.shown),
        signed(row.event.items.count),
        row.event.items.sha256.as_str(),
        row.event.reason.as_str(),
        row.event.outcome.as_str(),
        row.event.note.as_str(),
        row.event.aws_request_id.as_str(),
        row.event.cloudfront_id.as_str(),
        row.event.old.as_str(),
        row.event.new.as_str(),
        VERSION,
        row.previous_hash.as_str(),
        row.hash.as_str(),
    ]);
    Ok(())
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

/// Which events a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    pub distribution: Option<DistributionId>,
    pub invalidation: Option<InvalidationId>,
    pub action: Option<Action>,
}

/// Up to `limit` events before a sequence, newest first, less what [`Visibility::admits`] would not show; `None` is
/// everything.
pub async fn page_seen_by(
    conn: &mut Conn,
    visibility: Option<&Visibility>,
    wanted: &EventFilter,
    sequence: i64,
    limit: usize,
) -> Result<Vec<Chained>, StoreError> {
    fetch_events!(
        conn,
        "WHERE sequence < $1
               AND ($2 OR (distribution_id IS NULL AND actor_kind = $9 AND actor_id = $4)
                   OR replace($3, '|' || distribution_id || '|', '') <> $3)
               AND ($6 = '' OR distribution_id = $6) AND ($7 = '' OR invalidation_id = $7)
               AND ($8 = '' OR action = $8)
             ORDER BY sequence DESC LIMIT $5",
        sequence,
        visibility.is_none(),
        visibility.map_or_else(String::new, |visibility| bars(&visibility.distributions)),
        visibility.map_or("", |visibility| visibility.id.as_str()),
        signed(limit),
        wanted.distribution.as_ref().map_or("", DistributionId::as_str),
        wanted.invalidation.as_ref().map_or("", InvalidationId::as_str),
        wanted.action.map_or("", Action::as_str),
        visibility.map_or("", |visibility| visibility.kind.as_str()),
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
