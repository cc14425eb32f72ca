//! Withdraws a request whose actor is no longer allowed to make it, before anything of it was sent.

use crate::{
    domain::{actor::Acting, audit::Event, invalidations::invalidation::Batch, time::Timestamp},
    store::{
        StoreError, Tx, access, audit,
        invalidations::{self, batches},
    },
};

/// The reason that the history shows.
const WHY: &str = "the person or token that requested it may not refresh this now";

/// Why what waited together with such a request waits by itself.
const SEPARATED: &str = "a request that it waited together with was cancelled";

/// Cancels the queued batches of the batch's request if its actor may not make the request now. `true` if it did. A
/// batch that was claimed before is not cancelled: somebody else may have looked at it and retried it.
pub(super) async fn take_back(tx: &mut Tx, batch: &Batch, now: Timestamp) -> Result<bool, StoreError> {
    if batch.attempts > 0 {
        return Ok(false);
    }
    let Some(found) = invalidations::find(tx, &batch.invalidation).await? else { return Ok(false) };
    let access = access::of_requester(tx, &found.requested_by).await?;
    // The access of most actors is not limited by grants, so the items need not be read.
    let items = if access.is_narrowed() { batches::items_of(tx, &found.id).await? } else { Vec::new() };
    if access.may_request(&found.distribution, &items) {
        return Ok(false);
    }
    let cancelled = invalidations::cancel_waiting(tx, &[&found.id], now).await?;
    let separated =
        Event::separated(now, &Acting::service(), &cancelled.separated, &cancelled.states, SEPARATED);
    for event in separated {
        audit::append(tx, event);
    }
    let state = cancelled.states.get(&found.id).copied().unwrap_or(found.state);
    let note = format!("{WHY}; {} of its batches were not sent", cancelled.count(&found.id));
    audit::append(tx, Event::cancelled(now, &Acting::service(), &found, state, note));
    Ok(true)
}
