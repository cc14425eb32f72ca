//! Cancels the batches that were not sent yet. CloudFront cannot cancel an invalidation that it has accepted.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Event, Target},
        id::InvalidationId,
    },
    store::{
        audit,
        invalidations::{self, batches},
    },
};

/// Cancels the queued batches. [`CommandError::TooLate`] if no batch is queued.
pub async fn cancel_invalidation(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let found = invalidations::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let items = batches::items_of(&mut tx, id).await?;
    let what = Target::act("cancel an invalidation");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, &found.distribution, &items).await?;
    let cancelled = batches::cancel_queued(&mut tx, id).await?;
    if cancelled == 0 {
        return Err(CommandError::TooLate);
    }
    let state = invalidations::refresh_state(&mut tx, id, now).await?;
    let note = format!("{cancelled} of its batches were not sent");
    let event = Event::cancelled(now, acting, &found, state, note);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
