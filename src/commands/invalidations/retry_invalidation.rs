//! Sends the batches that CloudFront refused again, after somebody removed the cause. They keep their caller
//! references.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, audit::refuse::Attempt},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::InvalidationId,
        invalidations::{
            freeze_window::FreezeAnswer,
            invalidation::{BatchState, Invalidation},
            item::Item,
            monthly_budget::{CountedMonths, Month},
        },
    },
    store::{
        StoreError, Tx, audit, distributions,
        invalidations::{self, batches},
    },
};

use super::{
    begin_on::begin_on,
    freezes::clear_again,
    monthly_budgets::{self, Charge},
};

/// Queues the failed batches again. [`CommandError::TooLate`] if no batch has failed.
pub async fn retry_invalidation(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
    answer: FreezeAnswer<'_>,
) -> Result<(), CommandError> {
    let what = Target::act("retry an invalidation");
    let (mut tx, found, _) = begin_on(context, acting, id, &what).await?;
    if distributions::is_tenant_only(&mut tx, &found.distribution).await? {
        return Err(authorize::refuse(
            context,
            tx,
            acting,
            &what,
            Some(&found.distribution),
            authorize::TENANT_ONLY,
        )
        .await?);
    }
    let queued = queue_again(context, &mut tx, acting, &found, ("", answer)).await;
    let (tx, queued) = context.or_commit_refusal(tx, queued).await?;
    if queued == 0 {
        return Err(CommandError::TooLate);
    }
    context.commit(tx).await?;
    Ok(())
}

/// Queues the failed batches again and writes one event for all of them, with a note. Returns the number of batches.
/// Writes nothing if there are none, and only the refusal if they do not fit the budgets of the month or a freeze window
/// holds them.
pub(in crate::commands) async fn queue_again(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    found: &Invalidation,
    (note, answer): (&str, FreezeAnswer<'_>),
) -> Result<u64, CommandError> {
    let (id, now) = (&found.id, context.clock.now());
    let (what, items) = (Target::act("retry an invalidation"), failed_items(tx, id).await?);
    let asked = Attempt::on(&what, Some(&found.distribution), &items, &found.reason);
    let charge = Charge {
        distribution: &found.distribution,
        requested_by: &found.requested_by,
        items: items.len(),
        months: CountedMonths { made: Month::of(found.requested_at), sent: Month::of(now) },
    };
    let freezes = clear_again(context, tx, acting, &asked, found, (now, answer)).await?;
    monthly_budgets::hold(context, tx, acting, &asked, charge).await?;
    let queued = batches::requeue_failed(tx, id, now).await?;
    if queued == 0 {
        return Ok(0);
    }
    let state = invalidations::refresh_state(tx, id, now).await?;
    let mut event = Event::new(now, acting, Action::InvalidationRetried);
    event.target = Target::Invalidation(id.clone());
    event.distribution = Some(found.distribution.clone());
    event.invalidation = Some(id.clone());
    freezes.note_in(&mut event, note, answer);
    found.state.as_str().clone_into(&mut event.old);
    state.as_str().clone_into(&mut event.new);
    audit::append(tx, event);
    context.usage.clear();
    Ok(queued)
}

/// The items of the batches that would be queued again. They count for no budget before.
async fn failed_items(tx: &mut Tx, id: &InvalidationId) -> Result<Vec<Item>, StoreError> {
    let mut all = batches::of_invalidation(tx, id).await?;
    all.retain(|batch| batch.state == BatchState::Failed && !batch.is_cut());
    let mut items: Vec<Item> = all.into_iter().flat_map(|batch| batch.items).collect();
    items.sort();
    Ok(items)
}
