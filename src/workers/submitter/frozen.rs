//! Puts a request off whose time was chosen before a freeze window was made for that time.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        invalidations::{
            freeze_window::{MetFreezes, met_by},
            invalidation::{Batch, Invalidation},
        },
        time::Timestamp,
    },
    store::{
        StoreError, Tx, audit,
        distributions::protections,
        invalidations::{self, batches, freezes},
    },
};

/// Puts the unsent batches of the batch's request off until the freeze windows end that it meets. `true` if it did.
///
/// Only the time that a person chose for a request counts: one that was accepted for now, before a window began, goes
/// although it waits for its turn.
pub(super) async fn put_off(tx: &mut Tx, batch: &Batch, now: Timestamp) -> Result<bool, StoreError> {
    if batch.attempts > 0 || batch.due_at <= batch.created_at {
        return Ok(false);
    }
    let windows = freezes::in_force(tx, batch.due_at).await?;
    if !windows.iter().any(|window| window.until > now && window.covers(&batch.distribution)) {
        return Ok(false);
    }
    let Some(found) = invalidations::find(tx, &batch.invalidation).await? else { return Ok(false) };
    let protection = protections::find(tx, &found.distribution).await?;
    let items = batches::items_of(tx, &found.id).await?;
    let met = met_by(windows, &items, &protection, batch.due_at);
    let overridden = freezes::overridden(tx, &found.id).await?;
    let Some(met) = met.and_then(|met| met.without(&overridden)).filter(|met| met.until() > now) else {
        return Ok(false);
    };
    let number = freezes::put_off(tx, &found.id, met.until()).await?;
    audit::append(tx, event(&found, &met, number, now));
    Ok(true)
}

fn event(found: &Invalidation, met: &MetFreezes, number: u64, now: Timestamp) -> Event {
    let mut event = Event::new(now, &Acting::service(), Action::InvalidationPutOff);
    event.target = Target::Invalidation(found.id.clone());
    event.distribution = Some(found.distribution.clone());
    event.invalidation = Some(found.id.clone());
    event.note = format!(
        "{}; {number} of its batches wait until {} UTC, unless somebody overrides that",
        met.describe(),
        met.until().to_the_minute()
    );
    event
}
