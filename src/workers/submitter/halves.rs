//! Replaces a batch that CloudFront refused for its items by two with half of them each. So the items that CloudFront
//! does not refuse are sent, and the refused ones become known.

use crate::{
    domain::{
        audit::{Action, Event, ItemsRecord, Outcome},
        id::{BatchId, CallerReference, InvalidationId},
        invalidations::{halves, invalidation::NewBatch, item::Item, problem::Problem},
        time::Timestamp,
    },
    failpoint,
    store::{
        StoreError, Tx,
        invalidations::{
            self,
            batches::{self, NewBatchRow},
            needs_a_look,
        },
    },
};

use super::{Held, settle::event};

/// The two batches that replace a refused one.
pub(super) struct Halves {
    items: [Vec<Item>; 2],
    /// The number of the first one. The second one follows.
    first: usize,
    invalidation: InvalidationId,
}

/// The halves of the batch. `None` if it is not cut: what several batches were merged into is taken apart instead.
/// `problem` must be CloudFront's own answer, so that it is certain that CloudFront does not have the batch.
pub(super) async fn of(tx: &mut Tx, held: &Held, problem: &Problem) -> Result<Option<Halves>, StoreError> {
    let own = match &held.batch.serves[..] {
        [own] if !held.batch.is_merged && problem.is_about_items() => own,
        _ => return Ok(None),
    };
    // Another replica may cut another batch of the same invalidation.
    invalidations::lock(tx, &own.invalidation).await?;
    let first = needs_a_look::next_number(tx, &own.invalidation).await?;
    let items = halves::halves(&held.batch.items, problem, first);
    Ok(items.map(|items| Halves { items, first, invalidation: own.invalidation.clone() }))
}

/// Writes that CloudFront refused the batch, and queues the two that replace it. `None` if the lease was lost.
pub(super) async fn replace(
    tx: &mut Tx,
    held: &Held,
    problem: &Problem,
    halves: Halves,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    let (batch, first) = (&held.batch, halves.first);
    if !batches::set_cut_in_two(tx, &batch.id, &held.lease, problem, first).await? {
        return Ok(None);
    }
    failpoint::hit("cutting");
    let row = |(items, number): (Vec<Item>, usize)| {
        let id = BatchId::new(uuid::Uuid::now_v7());
        let caller_reference = CallerReference::of(&id);
        NewBatchRow {
            batch: NewBatch { id, caller_reference, items },
            invalidation: halves.invalidation.clone(),
            distribution: batch.distribution.clone(),
            number,
            created_at: now,
            due_at: now,
            alone: true,
        }
    };
    let rows: Vec<NewBatchRow> = halves.items.into_iter().zip(first..).map(row).collect();
    batches::insert(tx, &rows).await?;
    tracing::warn!(
        batch = %batch.id, distribution = %batch.distribution, items = batch.items.len(), code = problem.code,
        said = problem.message, "CloudFront refused the items of a batch; it was cut in two"
    );
    let mut event = event(held, Action::BatchCutInTwo, now);
    event.outcome = Outcome::Refused;
    event.items = ItemsRecord::of(&batch.items);
    event.note = format!("{}; cut in two: batches {first} and {}", problem.kind.headline(), first + 1);
    event.aws_request_id = problem.request_id.clone().unwrap_or_default();
    Ok(Some(event))
}
