//! Stores batches: those that wait to be sent, those that CloudFront has, and how each ended.
//!
//! A worker holds the lease of a batch while it works on it. Its result is written only if the lease is still
//! valid.

mod halves;
mod merged;
mod refreshed;
mod restored;
mod sending;
mod transitions;
mod unfinished;
mod watching;

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use unstale_domain::{
    id::{BatchId, CallerReference, CloudFrontInvalidationId, DistributionId, InvalidationId},
    invalidations::{
        batching::Load,
        invalidation::{Batch, BatchState, NewBatch},
        item::Item,
    },
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    access::visibility::is_newest_of_each,
    columns::{self, count, items_from_json, items_to_json, list_to_json, optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional, insert_all},
};

pub use halves::set_cut_in_two;
pub(super) use merged::may_merge;
pub use merged::{
    Afterwards, SendingBatch, UnsentBatch, merge, sent_for, sent_together, separate, separate_waiting,
    served, unsent,
};
pub use refreshed::{LOOKED_THROUGH, refreshed, refreshed_since};
pub use restored::{accepted_since, mark_restored, set_skipped};
pub use sending::{
    NotAccepted, Sendable, cancel_queued, candidates, claim, in_flight, loads_in_flight, next_due,
    release_all, requeue_failed, sendable, set_accepted, set_not_accepted,
};
pub(super) use transitions::transition_sql;
pub use unfinished::unfinished;
pub use watching::{WatchedBatch, next_look, set_completed, set_look_at, set_lost, watched};

/// The batches of invalidations. What CloudFront did with one that was merged is read from the batch that was sent.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT b.id, b.invalidation_id, b.distribution_id, b.number, b.caller_reference, b.items, b.created_at,
                 b.cut_into, s.caller_reference AS merged_into, COALESCE(s.state, b.state) AS state,
                 COALESCE(s.attempts, b.attempts) AS attempts, COALESCE(s.due_at, b.due_at) AS due_at,
                 COALESCE(s.first_sent_at, b.first_sent_at) AS first_sent_at,
                 COALESCE(s.accepted_at, b.accepted_at) AS accepted_at,
                 COALESCE(s.completed_at, b.completed_at) AS completed_at,
                 COALESCE(s.cloudfront_id, b.cloudfront_id) AS cloudfront_id,
                 COALESCE(s.aws_request_id, b.aws_request_id) AS aws_request_id,
                 COALESCE(s.problem_kind, b.problem_kind) AS problem_kind,
                 COALESCE(s.problem_code, b.problem_code) AS problem_code,
                 COALESCE(s.problem_message, b.problem_message) AS problem_message
             FROM batch b LEFT JOIN batch s ON s.id = b.merged_into ",
            $rest
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    invalidation_id: String,
    distribution_id: String,
    number: i64,
    caller_reference: String,
    items: String,
    state: String,
    attempts: i64,
    due_at: i64,
    created_at: i64,
    first_sent_at: Option<i64>,
    accepted_at: Option<i64>,
    completed_at: Option<i64>,
    cloudfront_id: Option<String>,
    aws_request_id: Option<String>,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
    cut_into: Option<i64>,
    merged_into: Option<String>,
}

impl Row {
    /// For who shows it or holds it against the history. A list of items that cannot be read counts as an empty one, which
    /// is never what the history recorded: only this batch is not as it was, and nothing else stops for it. Who acts on
    /// the items takes [`Self::into_batch`].
    fn into_shown(mut self) -> Result<Batch, StoreError> {
        if items_from_json(&self.items).is_err() {
            tracing::error!(batch = self.id, "the list of items of a batch cannot be read: it was changed");
            "[]".clone_into(&mut self.items);
        }
        self.into_batch()
    }

    fn into_batch(self) -> Result<Batch, StoreError> {
        Ok(Batch {
            id: BatchId::from_trusted(self.id),
            invalidation: InvalidationId::from_trusted(self.invalidation_id),
            distribution: DistributionId::from_trusted(self.distribution_id),
            number: count(self.number),
            caller_reference: CallerReference::from_trusted(self.caller_reference),
            items: items_from_json(&self.items)?,
            state: BatchState::parse(&self.state)
                .ok_or_else(|| StoreError::unreadable("a batch's state", &self.state))?,
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            due_at: time(self.due_at),
            created_at: time(self.created_at),
            first_sent_at: optional_time(self.first_sent_at),
            accepted_at: optional_time(self.accepted_at),
            completed_at: optional_time(self.completed_at),
            cloudfront_id: self.cloudfront_id.map(CloudFrontInvalidationId::from_trusted),
            aws_request_id: self.aws_request_id,
            problem: columns::problem(self.problem_kind, self.problem_code, self.problem_message),
            cut_into: self.cut_into.map(|first| [count(first), count(first) + 1]),
            merged_into: self.merged_into.map(CallerReference::from_trusted),
        })
    }
}

/// A batch as it is first written, in its place and with its final caller reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatchRow {
    pub batch: NewBatch,
    pub invalidation: InvalidationId,
    pub distribution: DistributionId,
    /// From 1.
    pub number: usize,
    pub created_at: Timestamp,
    /// The earliest time at which the batch may be sent.
    pub due_at: Timestamp,
    /// Whether it is not merged with others.
    pub alone: bool,
}

/// Inserts batches that are to be sent.
pub async fn insert(tx: &mut Tx, rows: &[NewBatchRow]) -> Result<(), StoreError> {
    const INTO: &str =
        "INSERT INTO batch (id, invalidation_id, distribution_id, number, caller_reference, items,
         path_count, wildcard_count, state, created_at, due_at, alone) ";
    let rows: Vec<_> = rows.iter().map(|row| (row, Load::of(&row.batch.items))).collect();
    insert_all!(tx, INTO, rows, |(row, load)| [
        row.batch.id.as_str(),
        row.invalidation.as_str(),
        row.distribution.as_str(),
        signed(row.number),
        row.batch.caller_reference.as_str(),
        items_to_json(&row.batch.items),
        signed(load.paths),
        signed(load.wildcards),
        BatchState::Queued.as_str(),
        row.created_at.as_micros(),
        row.due_at.as_micros(),
        row.alone,
    ]);
    Ok(())
}

/// What CloudFront says of an invalidation that was made outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideBatch {
    pub batch: NewBatch,
    pub cloudfront_id: CloudFrontInvalidationId,
    pub created_at: Timestamp,
    pub completed: bool,
    /// When to ask CloudFront for it again, if it is not completed.
    pub look_at: Timestamp,
}

/// Inserts the only batch of an invalidation that was made outside.
pub async fn insert_outside(
    tx: &mut Tx,
    seen: &OutsideBatch,
    invalidation: &InvalidationId,
    distribution: &DistributionId,
) -> Result<(), StoreError> {
    let load = Load::of(&seen.batch.items);
    let state = if seen.completed { BatchState::Completed } else { BatchState::InProgress };
    execute!(
        tx,
        "INSERT INTO batch (id, invalidation_id, distribution_id, number, caller_reference, items, path_count,
             wildcard_count, state, created_at, due_at, accepted_at, cloudfront_id, look_at)
         VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $9, $9, $10, $11)",
        seen.batch.id.as_str(),
        invalidation.as_str(),
        distribution.as_str(),
        seen.batch.caller_reference.as_str(),
        items_to_json(&seen.batch.items),
        signed(load.paths),
        signed(load.wildcards),
        state.as_str(),
        seen.created_at.as_micros(),
        seen.cloudfront_id.as_str(),
        seen.look_at.as_micros(),
    )?;
    Ok(())
}

/// A batch of an invalidation.
pub async fn find(conn: &mut Conn, id: &BatchId) -> Result<Option<Batch>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!("WHERE b.id = $1 AND b.invalidation_id IS NOT NULL"),
        id.as_str()
    )?;
    row.map(Row::into_batch).transpose()
}

/// The batches of an invalidation, in their order. One whose list of items cannot be read has none.
pub async fn of_invalidation(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<Batch>, StoreError> {
    rows_of(conn, id).await?.into_iter().map(Row::into_shown).collect()
}

async fn rows_of(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<Row>, StoreError> {
    fetch_all!(conn, Row, select!("WHERE b.invalidation_id = $1 ORDER BY b.number"), id.as_str())
}

/// The batches of several invalidations, in their order. One whose list of items cannot be read has none.
pub async fn of_invalidations(conn: &mut Conn, ids: &[InvalidationId]) -> Result<Vec<Batch>, StoreError> {
    let list = list_to_json(ids);
    let sql = if conn.is_postgres() {
        select!(
            "WHERE b.invalidation_id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))
             ORDER BY b.invalidation_id, b.number"
        )
    } else {
        select!(
            "WHERE b.invalidation_id IN (SELECT value FROM json_each($1)) ORDER BY b.invalidation_id, b.number"
        )
    };
    let rows = fetch_all!(conn, Row, sql, list)?;
    rows.into_iter().map(Row::into_shown).collect()
}

/// All items of an invalidation, sorted, each once. Fails where one of its lists cannot be read.
pub async fn items_of(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<Item>, StoreError> {
    let mut items: Vec<Item> = Vec::new();
    for row in rows_of(conn, id).await? {
        items.extend(items_from_json(&row.items)?);
    }
    items.sort();
    items.dedup();
    Ok(items)
}

/// The number of batches that wait to be sent, counted up to `most`.
pub async fn waiting(conn: &mut Conn, most: usize) -> Result<usize, StoreError> {
    let (number,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM
             (SELECT 1 FROM batch WHERE state IN ('queued', 'submitting') LIMIT $1) AS waiting",
        signed(most),
    )?;
    Ok(count(number))
}

/// The items that CloudFront took from an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountItems {
    pub billed: u64,
    /// Those of distributions that are on flat-rate plans now. AWS does not say how it counts them.
    pub on_flat_rate_plans: u64,
}

/// How many items CloudFront took from an account from `from` to `until`, as far as Unstale knows.
pub async fn taken_between(
    conn: &mut Conn,
    account: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<AccountItems, StoreError> {
    let (billed, unpriced) = fetch_one!(
        conn,
        (i64, i64),
        "SELECT CAST(COALESCE(SUM(CASE WHEN d.flat_rate_plan IS NULL THEN b.path_count + b.wildcard_count END), 0) AS BIGINT),
             CAST(COALESCE(SUM(CASE WHEN d.flat_rate_plan IS NOT NULL THEN b.path_count + b.wildcard_count END), 0) AS BIGINT)
         FROM batch b JOIN distribution d ON d.id = b.distribution_id
         WHERE b.accepted_at >= $2 AND b.accepted_at <= $3 AND d.account_id = $1",
        account,
        from.as_micros(),
        until.as_micros(),
    )?;
    let number = |items| u64::try_from(items).unwrap_or(0);
    Ok(AccountItems { billed: number(billed), on_flat_rate_plans: number(unpriced) })
}

macro_rules! spans_of_each {
    ($engine:ident) => {
        concat!(
            "SELECT distribution_id, completed_at - accepted_at FROM batch WHERE ",
            is_newest_of_each!($engine, "batch", "completed_at", " AND l.completed_at IS NOT NULL"),
        )
    };
}

/// The fewest completed invalidations of which a median is told. That of fewer would change with each new one.
const SPANS_MIN: usize = 5;

/// The median time from acceptance to completion of the last invalidations of each of these distributions. Distributions
/// with fewer than five are left out.
pub async fn usual_times(
    conn: &mut Conn,
    distributions: &[&DistributionId],
) -> Result<HashMap<DistributionId, Duration>, StoreError> {
    let sql = if conn.is_postgres() { spans_of_each!(postgres) } else { spans_of_each!(sqlite) };
    let rows = fetch_all!(conn, (String, i64), sql, list_to_json(distributions), 21_i64)?;
    let mut spans: HashMap<DistributionId, Vec<i64>> = HashMap::new();
    for (id, span) in rows {
        spans.entry(DistributionId::from_trusted(id)).or_default().push(span);
    }
    let middle = |mut spans: Vec<i64>| {
        spans.sort_unstable();
        Duration::from_micros(spans.get(spans.len() / 2).map_or(0, |span| u64::try_from(*span).unwrap_or(0)))
    };
    spans.retain(|_, spans| spans.len() >= SPANS_MIN);
    Ok(spans.into_iter().map(|(id, spans)| (id, middle(spans))).collect())
}

/// The median time of one distribution. See [`usual_times`].
pub async fn usual_time(
    conn: &mut Conn,
    distribution: &DistributionId,
) -> Result<Option<Duration>, StoreError> {
    Ok(usual_times(conn, &[distribution]).await?.remove(distribution))
}

/// Those of these CloudFront IDs that are in the database.
pub async fn known(
    conn: &mut Conn,
    distribution: &DistributionId,
    ids: &[CloudFrontInvalidationId],
) -> Result<HashSet<CloudFrontInvalidationId>, StoreError> {
    let list = list_to_json(ids);
    let sql = if conn.is_postgres() {
        "SELECT cloudfront_id FROM batch
         WHERE distribution_id = $1 AND cloudfront_id = ANY (ARRAY(SELECT json_array_elements_text($2::json)))"
    } else {
        "SELECT cloudfront_id FROM batch
         WHERE distribution_id = $1 AND cloudfront_id IN (SELECT value FROM json_each($2))"
    };
    let rows = fetch_all!(conn, (String,), sql, distribution.as_str(), list)?;
    Ok(rows.into_iter().map(|(id,)| CloudFrontInvalidationId::from_trusted(id)).collect())
}

/// The last one of a distribution that CloudFront was known to have taken when an invalidation was requested. What the
/// history says counts and no clock, which may have been put back meanwhile.
pub async fn taken_before(
    conn: &mut Conn,
    distribution: &DistributionId,
    requested: &InvalidationId,
) -> Result<Option<CloudFrontInvalidationId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String,),
        "SELECT cloudfront_id FROM audit_event
         WHERE distribution_id = $1 AND action = 'batch.accepted'
           AND sequence < (SELECT min(r.sequence) FROM audit_event r WHERE r.invalidation_id = $2)
         ORDER BY sequence DESC LIMIT 1",
        distribution.as_str(),
        requested.as_str(),
    )?;
    Ok(row.map(|(id,)| CloudFrontInvalidationId::from_trusted(id)))
}

/// Whether a batch of a distribution has this caller reference, so that it was made here.
pub async fn is_known_reference(
    conn: &mut Conn,
    distribution: &DistributionId,
    reference: &CallerReference,
) -> Result<bool, StoreError> {
    let (known,) = fetch_one!(
        conn,
        (bool,),
        "SELECT EXISTS (SELECT 1 FROM batch WHERE distribution_id = $1 AND caller_reference = $2)",
        distribution.as_str(),
        reference.as_str(),
    )?;
    Ok(known)
}
