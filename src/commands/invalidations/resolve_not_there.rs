//! Resolves a batch that a person did not find in CloudFront: its items are sent as a new batch.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
        new_uuid,
    },
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::{BatchId, CallerReference},
        invalidations::{
            freeze_window::FreezeAnswer,
            invalidation::{Batch, NewBatch},
            merging::ServedBatch,
        },
        time::Timestamp,
    },
    store::{
        Tx, audit,
        invalidations::{
            self,
            batches::{self, Afterwards, SendingBatch},
            needs_a_look,
        },
    },
};

use super::freezes::clear_again;

/// Gives the batch up and queues its items with a new caller reference. `TooLate` if the batch is resolved already.
///
/// If several batches were merged into it, each of them waits again.
pub async fn resolve_not_there(
    context: &CommandContext,
    acting: &Acting,
    id: &BatchId,
    answer: FreezeAnswer<'_>,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let batch = batches::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let (mut tx, sent) = sent_for(context, tx, acting, &batch).await?;
    let found = invalidations::find(&mut tx, &batch.invalidation).await?.ok_or(CommandError::NotFound)?;
    let what = Target::act("settle a batch");
    let asked = Attempt::on(&what, Some(&batch.distribution), &sent.items, answer.reason);
    let freezes = clear_again(context, &mut tx, acting, &asked, &found, (now, answer)).await;
    let (mut tx, freezes) = context.or_commit_refusal(tx, freezes).await?;
    if !needs_a_look::set_given_up(&mut tx, &sent.id).await? {
        return Err(CommandError::TooLate);
    }
    let event = |action, note: &str| {
        let mut event = Event::new(now, acting, action);
        freezes.note_in(&mut event, note, answer);
        event
    };
    match &sent.serves[..] {
        [own] if !sent.is_merged => replace(&mut tx, own, &batch, now, event).await?,
        _ => separate(&mut tx, &sent, now, event).await?,
    }
    context.usage.clear();
    context.commit(tx).await?;
    Ok(())
}

/// What was sent for the batch, if the actor may resolve it: it may have the items of others.
pub(super) async fn sent_for(
    context: &CommandContext,
    tx: Tx,
    acting: &Acting,
    batch: &Batch,
) -> Result<(Tx, SendingBatch), CommandError> {
    let what = Target::act("settle a batch");
    let distribution = &batch.distribution;
    let (mut tx, access) = authorize::check(context, tx, acting, &what, distribution, &batch.items).await?;
    let sent = batches::sent_for(&mut tx, &batch.id).await?.ok_or(CommandError::NotFound)?;
    if access.covers_all(distribution, &sent.items) {
        return Ok((tx, sent));
    }
    let why = AccessRefusal::Rule("it was sent together with items that you may not refresh");
    Err(authorize::refuse(context, tx, acting, &what, Some(distribution), why).await?)
}

/// Queues the items of the batch as a new one of its invalidation.
async fn replace(
    tx: &mut Tx,
    own: &ServedBatch,
    batch: &Batch,
    now: Timestamp,
    event: impl Fn(Action, &str) -> Event,
) -> Result<(), CommandError> {
    let new_id = BatchId::new(new_uuid());
    let caller_reference = CallerReference::of(&new_id);
    let new = NewBatch { id: new_id, caller_reference, items: batch.items.clone() };
    let number = needs_a_look::next_number(tx, &batch.invalidation).await?;
    let row = batches::NewBatchRow {
        batch: new,
        invalidation: batch.invalidation.clone(),
        distribution: batch.distribution.clone(),
        number,
        created_at: now,
        due_at: now,
        alone: false,
    };
    batches::insert(tx, &[row]).await?;
    let states = invalidations::refresh_states(tx, [batch.invalidation.clone()], now).await?;
    let note = format!("not at CloudFront, says a person; sent again as batch {number}");
    let event = Event { items: ItemsRecord::of(&batch.items), ..event(Action::BatchResolved, &note) };
    for event in event.of_each(std::slice::from_ref(own), &states) {
        audit::append(tx, event);
    }
    Ok(())
}

/// Lets the batches wait again that were merged into it.
async fn separate(
    tx: &mut Tx,
    sent: &SendingBatch,
    now: Timestamp,
    event: impl Fn(Action, &str) -> Event,
) -> Result<(), CommandError> {
    let parts = batches::separate(tx, &sent.id, Afterwards::MayMergeAgain, now).await?;
    let of = parts.iter().map(|batch| batch.invalidation.clone());
    let states = invalidations::refresh_states(tx, of, now).await?;
    let event = event(Action::BatchSeparated, "not at CloudFront, says a person; waits again");
    for event in event.of_each(&parts, &states) {
        audit::append(tx, event);
    }
    Ok(())
}
