//! Batches that are sent together: each keeps its row, and a further batch that belongs to no invalidation is sent in
//! their place.

use unstale_domain::{
    id::{BatchId, CallerReference, DistributionId, InvalidationId},
    invalidations::{
        batching::Load,
        invalidation::{BatchState, NewBatch},
        item::Item,
        merging::ServedBatch,
        problem::Problem,
        transition::Transition,
    },
    time::Timestamp,
};

use super::transitions::transition_sql;
use crate::{
    Conn, StoreError, Tx,
    columns::{self, count, items_from_json, items_to_json, list_to_json, optional_time, signed, time},
    db::{execute, fetch_all, fetch_optional},
};

/// A batch as it is sent: one of an invalidation, or one that several were merged into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendingBatch {
    pub id: BatchId,
    pub distribution: DistributionId,
    pub caller_reference: CallerReference,
    pub items: Vec<Item>,
    /// How many calls to CloudFront were started for it.
    pub attempts: u32,
    pub created_at: Timestamp,
    /// When the first call for it was started.
    pub first_sent_at: Option<Timestamp>,
    pub problem: Option<Problem>,
    /// Whether several batches were merged into it.
    pub is_merged: bool,
    /// It waited in a backup that was restored, and was perhaps sent since this moment. `None` for all others.
    pub restored_from: Option<Timestamp>,
    /// The batches whose items it has: itself, or those that were merged into it.
    pub serves: Vec<ServedBatch>,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    invalidation_id: Option<String>,
    number: i64,
    distribution_id: String,
    caller_reference: String,
    items: String,
    attempts: i64,
    created_at: i64,
    first_sent_at: Option<i64>,
    restored_from: Option<i64>,
    problem_kind: Option<String>,
    problem_code: Option<String>,
    problem_message: Option<String>,
}

/// The batch that is sent for this one: itself, or the one that it was merged into.
pub async fn sent_for(conn: &mut Conn, id: &BatchId) -> Result<Option<SendingBatch>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT id, invalidation_id, number, distribution_id, caller_reference, items, attempts, created_at,
             first_sent_at, restored_from, problem_kind, problem_code, problem_message FROM batch
         WHERE id = COALESCE((SELECT m.merged_into FROM batch m WHERE m.id = $1), $1)",
        id.as_str(),
    )?;
    let Some(row) = row else { return Ok(None) };
    let id = BatchId::from_trusted(row.id);
    let is_merged = row.invalidation_id.is_none();
    let serves = match row.invalidation_id {
        Some(invalidation) => {
            vec![served_batch(id.to_string(), invalidation, row.distribution_id.clone(), row.number)]
        }
        None => served(conn, &id).await?,
    };
    Ok(Some(SendingBatch {
        id,
        distribution: DistributionId::from_trusted(row.distribution_id),
        caller_reference: CallerReference::from_trusted(row.caller_reference),
        items: items_from_json(&row.items)?,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        created_at: time(row.created_at),
        first_sent_at: optional_time(row.first_sent_at),
        problem: columns::problem(row.problem_kind, row.problem_code, row.problem_message),
        is_merged,
        restored_from: optional_time(row.restored_from),
        serves,
    }))
}

/// The batches that were merged into this one.
pub async fn served(conn: &mut Conn, merged: &BatchId) -> Result<Vec<ServedBatch>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String, String, i64),
        "SELECT id, invalidation_id, distribution_id, number FROM batch WHERE merged_into = $1 ORDER BY created_at, id",
        merged.as_str(),
    )?;
    let of = |(id, invalidation, distribution, number)| served_batch(id, invalidation, distribution, number);
    Ok(rows.into_iter().map(of).collect())
}

fn served_batch(id: String, invalidation: String, distribution: String, number: i64) -> ServedBatch {
    ServedBatch {
        id: BatchId::from_trusted(id),
        invalidation: InvalidationId::from_trusted(invalidation),
        distribution: DistributionId::from_trusted(distribution),
        number: count(number),
    }
}

/// A batch for which no call was ever started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsentBatch {
    pub batch: ServedBatch,
    pub items: Vec<Item>,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
}

/// The condition for a batch that may be merged: no call for it was ever started, it need not go alone, and it is no merged
/// one itself. `$batch` is the name of its row with a dot, or empty.
macro_rules! may_merge {
    ($batch:literal) => {
        concat!(
            $batch,
            "state = 'queued' AND ",
            $batch,
            "attempts = 0 AND NOT ",
            $batch,
            "alone AND ",
            $batch,
            "invalidation_id IS NOT NULL"
        )
    };
}
pub(in crate::invalidations) use may_merge;

/// Those of these batches that may be merged, in the order of `ids`.
pub async fn unsent(conn: &mut Conn, ids: &[&BatchId]) -> Result<Vec<UnsentBatch>, StoreError> {
    let sql = if conn.is_postgres() {
        concat!(
            "SELECT id, invalidation_id, distribution_id, number, items, created_at, due_at FROM batch
             WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND ",
            may_merge!("")
        )
    } else {
        concat!(
            "SELECT id, invalidation_id, distribution_id, number, items, created_at, due_at FROM batch
             WHERE id IN (SELECT value FROM json_each($1)) AND ",
            may_merge!("")
        )
    };
    let list = list_to_json(ids.iter().map(|id| id.as_str()));
    let mut found = Vec::new();
    for (id, invalidation, distribution, number, items, created_at, due_at) in
        fetch_all!(conn, (String, String, String, i64, String, i64, i64), sql, list)?
    {
        // One whose list of items cannot be read was changed, and nobody else waits for it.
        let Ok(items) = items_from_json(&items) else { continue };
        found.push(UnsentBatch {
            batch: served_batch(id, invalidation, distribution, number),
            items,
            created_at: time(created_at),
            due_at: time(due_at),
        });
    }
    found.sort_by_key(|unsent| ids.iter().position(|id| **id == unsent.batch.id));
    Ok(found)
}

/// Merges these batches into a new one, which takes the place of the first of them in the queue. `false`, and nothing is
/// changed, if one of them was sent, cancelled or merged meanwhile, or another transaction holds it.
pub async fn merge(tx: &mut Tx, parts: &[UnsentBatch], new: &NewBatch) -> Result<bool, StoreError> {
    let Some(first) = parts.first() else { return Ok(false) };
    let list = list_to_json(parts.iter().map(|part| part.batch.id.as_str()));
    if !hold(tx, &list, parts.len()).await? {
        return Ok(false);
    }
    let which = if tx.is_postgres() {
        "attempts = 0 AND id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))"
    } else {
        "attempts = 0 AND id IN (SELECT value FROM json_each($1))"
    };
    let merged = transition_sql(Transition::Merge, "merged_into = $2", which);
    let changed = execute!(tx, merged, &list, new.id.as_str())?;
    if count(changed.cast_signed()) != parts.len() {
        return Err(StoreError::unreadable("the batches to merge", &list));
    }
    let load = Load::of(&new.items);
    execute!(
        tx,
        "INSERT INTO batch (id, distribution_id, number, caller_reference, items, path_count, wildcard_count, state,
             created_at, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id.as_str(),
        first.batch.distribution.as_str(),
        signed(first.batch.number),
        new.caller_reference.as_str(),
        items_to_json(&new.items),
        signed(load.paths),
        signed(load.wildcards),
        BatchState::Queued.as_str(),
        first.created_at.as_micros(),
        first.due_at.as_micros(),
    )?;
    Ok(true)
}

/// Locks so many batches that were never sent, until the transaction ends. `false` if one of them was meanwhile, or is
/// locked: it waits for no other transaction. On SQLite there is only one writer.
async fn hold(tx: &mut Tx, list: &str, how_many: usize) -> Result<bool, StoreError> {
    let sql = if tx.is_postgres() {
        "SELECT id FROM batch WHERE id = ANY (ARRAY(SELECT json_array_elements_text($1::json)))
           AND state = 'queued' AND attempts = 0 AND NOT alone FOR UPDATE SKIP LOCKED"
    } else {
        "SELECT id FROM batch WHERE id IN (SELECT value FROM json_each($1))
           AND state = 'queued' AND attempts = 0 AND NOT alone"
    };
    let held = fetch_all!(tx, (String,), sql, list)?;
    Ok(held.len() == how_many)
}

/// Ends the merged batches that wait to be sent again and that have items of these invalidations: CloudFront certainly does
/// not have them. The batches that were merged into them wait by themselves again. Returns all of these.
pub async fn separate_waiting(
    tx: &mut Tx,
    invalidations: &[&InvalidationId],
    now: Timestamp,
) -> Result<Vec<ServedBatch>, StoreError> {
    // Whoever changes merged batches locks them first and in this order, so that two never wait for each other.
    let sql = if tx.is_postgres() {
        "SELECT id FROM batch WHERE state = 'queued' AND invalidation_id IS NULL AND id IN (
             SELECT m.merged_into FROM batch m WHERE m.state = 'merged'
               AND m.invalidation_id = ANY (ARRAY(SELECT json_array_elements_text($1::json))))
         ORDER BY id FOR UPDATE"
    } else {
        "SELECT id FROM batch WHERE state = 'queued' AND invalidation_id IS NULL AND id IN (
             SELECT m.merged_into FROM batch m WHERE m.state = 'merged'
               AND m.invalidation_id IN (SELECT value FROM json_each($1)))
         ORDER BY id"
    };
    let list = list_to_json(invalidations.iter().map(|id| id.as_str()));
    let mut separated = Vec::new();
    for (id,) in fetch_all!(tx, (String,), sql, list)? {
        if execute!(tx, transition_sql(Transition::Cancel, "", "id = $1"), &id)? == 1 {
            separated.extend(separate(tx, &BatchId::from_trusted(id), Afterwards::MayMergeAgain, now).await?);
        }
    }
    Ok(separated)
}

/// Whether batches may be merged again that were taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    MayMergeAgain,
    /// CloudFront refused what they were merged into. By itself, each gets its own answer.
    Alone,
}

/// Lets the batches wait by themselves again that were merged into this one. The caller has ended it in this transaction
/// and is certain that CloudFront does not have it.
pub async fn separate(
    tx: &mut Tx,
    merged: &BatchId,
    afterwards: Afterwards,
    now: Timestamp,
) -> Result<Vec<ServedBatch>, StoreError> {
    let parts = served(tx, merged).await?;
    execute!(
        tx,
        transition_sql(
            Transition::Separate,
            "merged_into = NULL, alone = $2, due_at = CASE WHEN due_at > $3 THEN $3 ELSE due_at END",
            "merged_into = $1",
        ),
        merged.as_str(),
        afterwards == Afterwards::Alone,
        now.as_micros(),
    )?;
    Ok(parts)
}

/// The other invalidations of which something was sent together with this one.
pub async fn sent_together(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<InvalidationId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT DISTINCT o.invalidation_id FROM batch m JOIN batch o ON o.merged_into = m.merged_into
         WHERE m.invalidation_id = $1 AND o.invalidation_id <> $1 ORDER BY o.invalidation_id",
        id.as_str(),
    )?;
    Ok(rows.into_iter().map(|(id,)| InvalidationId::from_trusted(id)).collect())
}
