//! Cancels the batches that were not sent yet. CloudFront cannot cancel an invalidation that it has accepted.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::Acting,
        audit::{Event, Target},
        id::InvalidationId,
        invalidations::invalidation::Invalidation,
        time::Timestamp,
    },
    store::{
        Tx, audit,
        invalidations::{self, CancelledBatches},
    },
};

use super::begin_on::begin_on;

/// Writes the events of what was cancelled of these invalidations. `why` is the reason for the history, and may be empty.
pub(in crate::commands) fn append_cancelled(
    tx: &mut Tx,
    acting: &Acting,
    of: &[Invalidation],
    cancelled: &CancelledBatches,
    why: &str,
    now: Timestamp,
) {
    let note = "a request that it waited together with was cancelled";
    for event in Event::separated(now, acting, &cancelled.separated, &cancelled.states, note) {
        audit::append(tx, event);
    }
    for found in of {
        let count = cancelled.count(&found.id);
        if count > 0 {
            let state = cancelled.states.get(&found.id).copied().unwrap_or(found.state);
            let why = if why.is_empty() { String::new() } else { format!("{why}; ") };
            let note = format!("{why}{count} of its batches were not sent");
            audit::append(tx, Event::cancelled(now, acting, found, state, note));
        }
    }
}

/// Cancels the queued batches. [`CommandError::TooLate`] if no batch is queued.
pub async fn cancel_invalidation(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let what = Target::act("cancel an invalidation");
    let (mut tx, found, _) = begin_on(context, acting, id, &what).await?;
    let cancelled = invalidations::cancel_waiting(&mut tx, &[id], now).await?;
    if cancelled.count(id) == 0 {
        return Err(CommandError::TooLate);
    }
    append_cancelled(&mut tx, acting, &[found], &cancelled, "", now);
    context.commit(tx).await?;
    Ok(())
}
