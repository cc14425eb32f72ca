//! Stores an invalidation that was made outside Unstale, with the AWS console or another tool.

use crate::{
    cloudfront::{InvalidationDetails, InvalidationStatus},
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Target},
        checks::ExpectedContent,
        id::{BatchId, DistributionId, InvalidationId},
        invalidations::{
            invalidation::{Invalidation, InvalidationState, NewBatch},
            item::Item,
            retry::wait_before_look,
        },
        time::Timestamp,
    },
    store::{
        StoreError, audit,
        invalidations::{
            self,
            batches::{self, OutsideBatch},
            cloudtrail,
        },
    },
};

use super::super::WorkerContext;

/// Stores the invalidation, unless it is stored already.
pub(super) async fn keep(
    context: &WorkerContext,
    distribution: &DistributionId,
    seen: &InvalidationDetails,
) -> Result<(), StoreError> {
    match write(context, distribution, seen).await {
        // On PostgreSQL another replica may have stored it at the same time.
        Err(StoreError::Duplicate(_)) => Ok(()),
        other => other,
    }
}

/// Stores the invalidation, unless Unstale made it. The caller reference shows this, even if the answer to the
/// batch has not been written yet.
async fn write(
    context: &WorkerContext,
    distribution: &DistributionId,
    seen: &InvalidationDetails,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let reference = &seen.caller_reference;
    if batches::is_known_reference(&mut tx, distribution, reference).await? {
        return Ok(());
    }
    let completed = seen.status == InvalidationStatus::Completed;
    let mut items = seen.items.clone();
    items.sort();
    let record = ItemsRecord::of(&items);
    let invalidation = Invalidation {
        id: InvalidationId::new(uuid::Uuid::now_v7()),
        distribution: distribution.clone(),
        requested_by: Actor::outside(),
        requested_at: seen.created_at,
        reason: String::new(),
        expected: ExpectedContent::NewVersion,
        warm: false,
        state: if completed { InvalidationState::Completed } else { InvalidationState::InProgress },
        item_count: items.len(),
        first_item: items.first().cloned().unwrap_or_else(Item::of_none),
        ended_at: None,
    };
    let items_sha256 = record.sha256.clone();
    let row = invalidations::NewInvalidationRow {
        invalidation: invalidation.clone(),
        request_key: None,
        items_sha256,
    };
    invalidations::insert(&mut tx, &[row]).await?;
    let id = BatchId::new(uuid::Uuid::now_v7());
    let outside = OutsideBatch {
        batch: NewBatch { id, caller_reference: reference.clone(), items },
        cloudfront_id: seen.id.clone(),
        created_at: seen.created_at,
        completed,
        look_at: now.plus(wait_before_look(now.since(seen.created_at))),
    };
    batches::insert_outside(&mut tx, &outside, &invalidation.id, distribution).await?;
    cloudtrail::insert(&mut tx, &invalidation.id, seen.created_at).await?;
    audit::append(&mut tx, event(&invalidation, seen, record, now));
    tx.commit().await?;
    context.notifier.notify();
    Ok(())
}

fn event(
    invalidation: &Invalidation,
    seen: &InvalidationDetails,
    items: ItemsRecord,
    now: Timestamp,
) -> Event {
    let acting = Acting { actor: Actor::outside(), ..Acting::service() };
    let mut event = Event::new(now, &acting, Action::InvalidationSeen);
    event.target = Target::Invalidation(invalidation.id.clone());
    event.distribution = Some(invalidation.distribution.clone());
    event.invalidation = Some(invalidation.id.clone());
    event.items = items;
    event.cloudfront_id = seen.id.to_string();
    invalidation.state.as_str().clone_into(&mut event.new);
    event.done_at = Some(seen.created_at);
    if seen.status == InvalidationStatus::Completed {
        "it was over when Unstale found it, and was not watched".clone_into(&mut event.note);
    }
    event
}
