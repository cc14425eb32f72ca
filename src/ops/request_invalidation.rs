//! Accepts a request: the invalidation, its batches with their final caller references, and the audit event.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::InvalidationId,
        invalidation::{Invalidation, InvalidationState, NewInvalidation},
    },
    store::{StoreError, audit, batches, invalidations},
};

use super::{Desk, OpError};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requested {
    /// It is on disk and will be sent.
    New(InvalidationId),
    /// The same form was sent before; nothing was added.
    Before(InvalidationId),
    /// The same form was sent before with something else in it; nothing was added.
    KeyUsedForAnother(InvalidationId),
}

/// Writes the request, unless one with the same key is there.
pub async fn request_invalidation(
    desk: &Desk,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, OpError> {
    let mut tx = desk.db.begin().await?;
    if let Some(earlier) = invalidations::find_by_key(&mut tx, &new.request_key).await? {
        return Ok(answer_for(&earlier, acting, new));
    }
    match write(desk, tx, acting, new).await {
        // On PostgreSQL another connection may have written the same key since we looked.
        Err(OpError::Store(StoreError::Duplicate(error))) => {
            let mut conn = desk.db.read().await?;
            let earlier = invalidations::find_by_key(&mut conn, &new.request_key).await?;
            let earlier = earlier.ok_or(StoreError::Duplicate(error))?;
            Ok(answer_for(&earlier, acting, new))
        }
        other => other,
    }
}

async fn write(
    desk: &Desk,
    mut tx: crate::store::Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<Requested, OpError> {
    let now = desk.clock.now();
    let items = new.items();
    let record = ItemsRecord::of(&items);
    let invalidation = Invalidation {
        id: new.id.clone(),
        distribution: new.distribution.clone(),
        requested_by: acting.actor.clone(),
        requested_at: now,
        reason: new.reason.clone(),
        state: InvalidationState::Queued,
        item_count: items.len(),
        first_item: new.first_item.clone(),
        ended_at: None,
    };
    invalidations::insert(&mut tx, &invalidation, Some(&new.request_key), &record.sha256).await?;
    for (index, batch) in new.batches.iter().enumerate() {
        batches::insert(&mut tx, batch, &new.id, &new.distribution, index + 1, now).await?;
    }
    let mut event = Event::new(now, acting, Action::InvalidationRequested);
    event.target = Target::new("invalidation", new.id.as_str());
    event.distribution = Some(new.distribution.clone());
    event.invalidation = Some(new.id.clone());
    event.items = record;
    event.reason.clone_from(&new.reason);
    audit::append(&mut tx, event).await?;
    desk.commit(tx).await?;
    Ok(Requested::New(new.id.clone()))
}

fn answer_for(earlier: &invalidations::Earlier, acting: &Acting, new: &NewInvalidation) -> Requested {
    let same = earlier.distribution == new.distribution
        && earlier.actor_id == acting.actor.id
        && earlier.items_sha256 == ItemsRecord::of(&new.items()).sha256;
    let id = earlier.id.clone();
    if same { Requested::Before(id) } else { Requested::KeyUsedForAnother(id) }
}
