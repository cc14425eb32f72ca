//! Resolves a batch that a person did not find in CloudFront: its items are sent as a new batch.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, audit::refuse::Attempt, new_uuid},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::{BatchId, CallerReference},
        invalidations::{
            freeze_window::FreezeAnswer,
            invalidation::{Batch, InvalidationState, NewBatch},
        },
        time::Timestamp,
    },
    store::{
        audit,
        invalidations::{self, batches, needs_a_look},
    },
};

use super::retry_invalidation::clear_again;

/// Gives the batch up and queues its items with a new caller reference. `TooLate` if the batch is resolved already.
pub async fn resolve_not_there(
    context: &CommandContext,
    acting: &Acting,
    id: &BatchId,
    answer: FreezeAnswer<'_>,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let batch = batches::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let what = Target::act("settle a batch");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, &batch.distribution, &batch.items).await?;
    let found = invalidations::find(&mut tx, &batch.invalidation).await?.ok_or(CommandError::NotFound)?;
    let asked = Attempt::on(&what, Some(&batch.distribution), &batch.items, answer.reason);
    let freezes = match clear_again(context, &mut tx, acting, &asked, &found, answer).await {
        Err(CommandError::Store(error)) => return Err(error.into()),
        // The refusal is written too.
        Err(refused) => {
            context.commit(tx).await?;
            return Err(refused);
        }
        Ok(freezes) => freezes,
    };
    if !needs_a_look::set_given_up(&mut tx, id).await? {
        return Err(CommandError::TooLate);
    }
    let new_id = BatchId::new(new_uuid());
    let caller_reference = CallerReference::of(&new_id);
    let new = NewBatch { id: new_id, caller_reference, items: batch.items.clone() };
    let number = needs_a_look::next_number(&mut tx, &batch.invalidation).await?;
    let row = batches::NewBatchRow {
        batch: new,
        invalidation: batch.invalidation.clone(),
        distribution: batch.distribution.clone(),
        number,
        created_at: now,
        due_at: now,
    };
    batches::insert(&mut tx, &[row]).await?;
    let state = invalidations::refresh_state(&mut tx, &batch.invalidation, now).await?;
    let mut event = resolved(now, acting, Action::BatchResolved, &batch, state);
    event.items = ItemsRecord::of(&batch.items);
    event.note = freezes.noted(&format!("not at CloudFront, says a person; sent again as batch {number}"));
    if freezes.is_override() {
        answer.reason.trim().clone_into(&mut event.reason);
    }
    audit::append(&mut tx, event);
    context.usage.clear();
    context.commit(tx).await?;
    Ok(())
}

/// The event for a batch that a person resolved.
pub(in crate::commands) fn resolved(
    now: Timestamp,
    acting: &Acting,
    action: Action,
    batch: &Batch,
    state: InvalidationState,
) -> Event {
    let mut event = Event::new(now, acting, action);
    event.target = Target::Batch(batch.id.clone());
    event.distribution = Some(batch.distribution.clone());
    event.invalidation = Some(batch.invalidation.clone());
    event.old = format!("batch {}", batch.number);
    state.as_str().clone_into(&mut event.new);
    event
}
