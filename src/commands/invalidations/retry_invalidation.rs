//! Sends the batches that CloudFront refused again, after somebody removed the cause. They keep their caller
//! references.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::InvalidationId,
        invalidations::invalidation::Invalidation,
    },
    store::{
        StoreError, Tx, audit, distributions,
        invalidations::{self, batches},
    },
};

/// Queues the failed batches again. [`CommandError::TooLate`] if no batch has failed.
pub async fn retry_invalidation(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    let found = invalidations::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let items = batches::items_of(&mut tx, id).await?;
    let what = Target::act("retry an invalidation");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, &found.distribution, &items).await?;
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
    if queue_again(context, &mut tx, acting, &found, "").await? == 0 {
        return Err(CommandError::TooLate);
    }
    context.commit(tx).await?;
    Ok(())
}

/// Queues the failed batches again and writes one event for all of them. Returns the number of batches. Writes
/// nothing if there are none.
pub(in crate::commands) async fn queue_again(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    found: &Invalidation,
    note: &str,
) -> Result<u64, StoreError> {
    let (id, now) = (&found.id, context.clock.now());
    let queued = batches::requeue_failed(tx, id, now).await?;
    if queued == 0 {
        return Ok(0);
    }
    let state = invalidations::refresh_state(tx, id, now).await?;
    let mut event = Event::new(now, acting, Action::InvalidationRetried);
    event.target = Target::Invalidation(id.clone());
    event.distribution = Some(found.distribution.clone());
    event.invalidation = Some(id.clone());
    note.clone_into(&mut event.note);
    found.state.as_str().clone_into(&mut event.old);
    state.as_str().clone_into(&mut event.new);
    audit::append(tx, event);
    context.usage.clear();
    Ok(queued)
}
