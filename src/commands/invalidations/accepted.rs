//! A request that was accepted, as it is kept: an invalidation and its queued batches.

use crate::{
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Target},
        checks::warming,
        invalidations::invalidation::{NewBatch, NewInvalidation},
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        checks::warming as warmings,
        invalidations::{self, batches, trace_parents},
    },
};

use super::{freezes::FreezeClearance, monthly_budgets::WithinBudgets};

/// The note of the event of a request, with what viewers must get and whether its URLs are fetched afterwards.
pub(in crate::commands) fn noted(new: &NewInvalidation, note: &str) -> String {
    let note = new.expected.noted(note);
    if new.warm { warming::noted(&note) } else { note }
}

/// What proves that a request may be queued: it fits the budgets of the month, and no freeze window holds it.
pub(in crate::commands) type Cleared = (WithinBudgets, FreezeClearance);

/// Queues it, to be sent from now on or when it wants to be; gives the event that says so, with this note.
pub(in crate::commands) async fn queue(
    tx: &mut Tx,
    (_, freezes): Cleared,
    acting: &Acting,
    requested_by: &Actor,
    new: &NewInvalidation,
    (action, note): (Action, &str),
    now: Timestamp,
) -> Result<Event, StoreError> {
    let mut event = Event::new(now, acting, action);
    event.target = Target::Invalidation(new.id.clone());
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(new.id.clone());
    event.items = ItemsRecord::of(&new.items());
    event.reason.clone_from(&new.reason);
    event.note = freezes.noted(&noted(new, note));
    let row = invalidations::NewInvalidationRow {
        invalidation: new.queued(requested_by, now),
        request_key: Some(new.request_key.clone()),
        items_sha256: event.items.sha256.clone(),
    };
    invalidations::insert(tx, &[row]).await?;
    if let Some(parent) = &acting.origin.trace_parent {
        trace_parents::set(tx, &new.id, parent).await?;
    }
    if new.warm {
        warmings::insert(tx, &new.id, &new.distribution).await?;
    }
    let batch = |(index, batch): (usize, &NewBatch)| batches::NewBatchRow {
        batch: batch.clone(),
        invalidation: new.id.clone(),
        distribution: new.distribution.clone(),
        number: index + 1,
        created_at: now,
        due_at: new.due_at(now),
        alone: false,
    };
    let rows: Vec<_> = new.batches.iter().enumerate().map(batch).collect();
    batches::insert(tx, &rows).await?;
    freezes.keep(tx, &new.id, &[]).await?;
    Ok(event)
}
