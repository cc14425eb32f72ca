//! Invalidations as they were requested. The state of an invalidation follows from its batches and is also stored
//! in its row.

pub mod batches;
mod cancelling;
pub mod cloudtrail;
pub mod freezes;
pub mod idempotency;
mod lists;
pub mod monthly_budgets;
mod named;
pub mod needs_a_look;
pub mod outside;
pub mod preconditions;
pub mod proposals;
pub mod queue;
pub mod trace_parents;
pub mod unsettled;
pub mod waiting;

pub use cancelling::{CancelledBatches, cancel_waiting};
pub use lists::{InvalidationFilter, active, of_distribution, page, recent};
pub use named::{by_name, count_up_to, made_outside};

use std::collections::{BTreeMap, BTreeSet};

use unstale_domain::{
    actor::Actor,
    checks::ExpectedContent,
    id::{DistributionId, InvalidationId, RequestKey},
    invalidations::{
        invalidation::{BatchState, Invalidation, InvalidationState, PUT_OFF_MAX},
        item::Item,
        quotas::QuotaUsage,
    },
    time::Timestamp,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one, fetch_optional, insert_all},
};
use crate::checks::warming;
use crate::columns::{actor, count, list_to_json, optional_time, signed, time};

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, distribution_id, actor_kind, actor_id, actor_name, reason, expected, warm, requested_at, item_count, ",
            "first_item, state, ended_at FROM invalidation ",
            $($rest)*
        )
    };
}
use select;

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    distribution_id: String,
    actor_kind: String,
    actor_id: String,
    actor_name: String,
    reason: String,
    expected: String,
    warm: bool,
    requested_at: i64,
    item_count: i64,
    first_item: String,
    state: String,
    ended_at: Option<i64>,
}

impl Row {
    fn into_invalidation(self) -> Result<Invalidation, StoreError> {
        let requested_by = actor(&self.actor_kind, self.actor_id, self.actor_name)?;
        let state = InvalidationState::parse(&self.state)
            .ok_or_else(|| StoreError::unreadable("an invalidation's state", &self.state))?;
        Ok(Invalidation {
            id: InvalidationId::from_trusted(self.id),
            distribution: DistributionId::from_trusted(self.distribution_id),
            requested_by,
            requested_at: time(self.requested_at),
            reason: self.reason,
            expected: expected(&self.expected)?,
            warm: self.warm,
            state,
            item_count: count(self.item_count),
            first_item: Item::from_trusted(self.first_item),
            ended_at: optional_time(self.ended_at),
        })
    }
}

/// Reads a stored [`ExpectedContent`].
fn expected(text: &str) -> Result<ExpectedContent, StoreError> {
    ExpectedContent::parse(text).map_err(|_| StoreError::unreadable("an expected content", text))
}

/// How many items an actor requested after `from` and up to `until`, and when the first of these requests was made.
pub async fn spent_between(
    conn: &mut Conn,
    actor: &Actor,
    from: Timestamp,
    until: Timestamp,
) -> Result<QuotaUsage, StoreError> {
    let (items, since) = fetch_one!(
        conn,
        (i64, Option<i64>),
        "SELECT CAST(COALESCE(SUM(item_count), 0) AS BIGINT), MIN(requested_at) FROM invalidation
         WHERE actor_kind = $1 AND actor_id = $2 AND requested_at > $3 AND requested_at <= $4",
        actor.kind().as_str(),
        actor.id(),
        from.as_micros(),
        until.as_micros(),
    )?;
    Ok(QuotaUsage { items: u64::try_from(items).unwrap_or(0), since: optional_time(since) })
}

/// The row of a new invalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvalidationRow {
    pub invalidation: Invalidation,
    pub request_key: Option<RequestKey>,
    pub items_sha256: String,
}

/// Inserts new invalidations. The caller inserts their batches in the same transaction.
pub async fn insert(tx: &mut Tx, rows: &[NewInvalidationRow]) -> Result<(), StoreError> {
    const INTO: &str =
        "INSERT INTO invalidation (id, request_key, distribution_id, actor_kind, actor_id, actor_name,
         reason, expected, warm, requested_at, item_count, first_item, items_sha256, state, ended_at) ";
    insert_all!(tx, INTO, rows, |row| [
        row.invalidation.id.as_str(),
        row.request_key.as_ref().map(RequestKey::as_str),
        row.invalidation.distribution.as_str(),
        row.invalidation.requested_by.kind().as_str(),
        row.invalidation.requested_by.id(),
        row.invalidation.requested_by.name(),
        row.invalidation.reason.as_str(),
        row.invalidation.expected.to_string(),
        row.invalidation.warm,
        row.invalidation.requested_at.as_micros(),
        signed(row.invalidation.item_count),
        row.invalidation.first_item.as_str(),
        row.items_sha256.as_str(),
        row.invalidation.state.as_str(),
        row.invalidation.ended_at.map(Timestamp::as_micros),
    ]);
    Ok(())
}

/// An earlier request with the same key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub id: InvalidationId,
    pub distribution: DistributionId,
    pub actor_id: String,
    pub items_sha256: String,
    pub expected: ExpectedContent,
    pub warm: bool,
    pub requested_at: Timestamp,
}

pub async fn find_by_key(conn: &mut Conn, key: &RequestKey) -> Result<Option<Earlier>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, String, String, String, String, bool, i64),
        "SELECT id, distribution_id, actor_id, items_sha256, expected, warm, requested_at FROM invalidation
         WHERE request_key = $1",
        key.as_str(),
    )?;
    let Some((id, distribution, actor_id, items_sha256, wanted, warm, requested_at)) = row else {
        return Ok(None);
    };
    Ok(Some(Earlier {
        id: InvalidationId::from_trusted(id),
        distribution: DistributionId::from_trusted(distribution),
        actor_id,
        items_sha256,
        expected: expected(&wanted)?,
        warm,
        requested_at: time(requested_at),
    }))
}

pub async fn find(conn: &mut Conn, id: &InvalidationId) -> Result<Option<Invalidation>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(Row::into_invalidation).transpose()
}

/// Those of these invalidations that exist.
pub async fn find_all(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<Invalidation>, StoreError> {
    let list = list_to_json(ids);
    let sql = if conn.is_postgres() {
        select!("WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))")
    } else {
        select!("WHERE id IN (SELECT value FROM json_each($1))")
    };
    let rows = fetch_all!(conn, Row, sql, list)?;
    rows.into_iter().map(Row::into_invalidation).collect()
}

/// When an earlier invalidation of the same items must be due, so that it answers a new request for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueWithin {
    /// It is due later than this.
    pub after: Timestamp,
    /// It is due no later than this. An invalidation that is due later does not help a person who wants it sooner.
    pub until: Timestamp,
    /// It was requested no later than this. A later time was stored while the clock was ahead.
    pub asked_until: Timestamp,
}

/// The newest invalidation of the same items with the same expected content that is due or was sent within these times,
/// and that neither failed nor was cancelled. Where `warm` is set, its URLs are fetched too.
pub async fn same_due_within(
    conn: &mut Conn,
    distribution: &DistributionId,
    items_sha256: &str,
    expected: ExpectedContent,
    warm: bool,
    due: DueWithin,
) -> Result<Option<Invalidation>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!(
            "WHERE distribution_id = $1 AND items_sha256 = $2 AND requested_at > $3 AND requested_at <= $4
               AND state NOT IN ('failed', 'cancelled') AND expected = $7 AND warm >= $8
               AND (SELECT max(COALESCE(s.first_sent_at, b.first_sent_at, b.due_at)) FROM batch b
                    LEFT JOIN batch s ON s.id = b.merged_into
                    WHERE b.invalidation_id = invalidation.id) BETWEEN $5 AND $6
             ORDER BY requested_at DESC LIMIT 1"
        ),
        distribution.as_str(),
        items_sha256,
        // No invalidation is due later than this span after its request, unless a freeze window put it off: older ones need
        // not be read.
        due.after.minus(PUT_OFF_MAX).as_micros(),
        due.asked_until.as_micros(),
        due.after.as_micros().saturating_add(1),
        due.until.as_micros(),
        expected.to_string(),
        warm,
    )?;
    row.map(Row::into_invalidation).transpose()
}

/// Makes two transactions that change batches of the same invalidation wait for each other here, so that the second
/// one sees what the first one did. On SQLite there is only one writer.
pub async fn lock(tx: &mut Tx, id: &InvalidationId) -> Result<(), StoreError> {
    if tx.is_postgres() {
        execute!(tx, "SELECT id FROM invalidation WHERE id = $1 FOR NO KEY UPDATE", id.as_str())?;
    }
    Ok(())
}

/// Refreshes the states of the invalidations of these batches; see [`refresh_state`]. They are locked in the order of
/// their IDs, so that two transactions never wait for each other.
pub async fn refresh_states(
    tx: &mut Tx,
    of: impl IntoIterator<Item = InvalidationId>,
    now: Timestamp,
) -> Result<BTreeMap<InvalidationId, InvalidationState>, StoreError> {
    let each: BTreeSet<InvalidationId> = of.into_iter().collect();
    let mut states = BTreeMap::new();
    for id in each {
        let state = refresh_state(tx, &id, now).await?;
        states.insert(id, state);
    }
    Ok(states)
}

/// Sets the state of an invalidation to the one that follows from its batches. Call this after each change of a
/// batch's state.
pub async fn refresh_state(
    tx: &mut Tx,
    id: &InvalidationId,
    now: Timestamp,
) -> Result<InvalidationState, StoreError> {
    // Of two transactions that end batches of the same invalidation the second one sees both ends.
    lock(tx, id).await?;
    let rows = fetch_all!(
        tx,
        (String, bool),
        "SELECT COALESCE(s.state, b.state), i.warm FROM batch b JOIN invalidation i ON i.id = b.invalidation_id
             LEFT JOIN batch s ON s.id = b.merged_into
         WHERE b.invalidation_id = $1 AND b.cut_into IS NULL",
        id.as_str(),
    )?;
    let states: Vec<BatchState> = rows
        .iter()
        .map(|(state, _)| {
            BatchState::parse(state).ok_or_else(|| StoreError::unreadable("a batch's state", state))
        })
        .collect::<Result<_, _>>()?;
    let state = InvalidationState::of(&states);
    let ended = !matches!(state, InvalidationState::Queued | InvalidationState::InProgress);
    execute!(
        tx,
        "UPDATE invalidation SET state = $2, ended_at = $3 WHERE id = $1",
        id.as_str(),
        state.as_str(),
        ended.then_some(now.as_micros()),
    )?;
    if rows.iter().any(|(_, warm)| *warm) {
        warming::follow(tx, id, state, now).await?;
    }
    Ok(state)
}
