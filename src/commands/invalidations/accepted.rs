//! Requests that were accepted, as they are kept: each an invalidation and its queued batches.

use std::mem;

use crate::{
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Target},
        invalidations::invalidation::{Invalidation, InvalidationState, NewInvalidation},
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        invalidations::{self, batches},
    },
};

#[derive(Debug, Default)]
pub(in crate::commands) struct Accepted {
    invalidations: Vec<invalidations::NewInvalidationRow>,
    batches: Vec<batches::NewBatchRow>,
}

impl Accepted {
    /// One more, to be sent from now on or when it wants to be; gives the event that says so.
    pub fn add(
        &mut self,
        acting: &Acting,
        requested_by: &Actor,
        new: &NewInvalidation,
        action: Action,
        now: Timestamp,
    ) -> Event {
        let mut event = Event::new(now, acting, action);
        event.target = Target::Invalidation(new.id.clone());
        event.distribution = Some(new.distribution.clone());
        event.invalidation = Some(new.id.clone());
        event.items = ItemsRecord::of(&new.items());
        event.reason.clone_from(&new.reason);
        self.invalidations.push(invalidations::NewInvalidationRow {
            invalidation: Invalidation {
                id: new.id.clone(),
                distribution: new.distribution.clone(),
                requested_by: requested_by.clone(),
                requested_at: now,
                reason: new.reason.clone(),
                state: InvalidationState::Queued,
                item_count: new.item_count(),
                first_item: new.first_item.clone(),
                ended_at: None,
            },
            request_key: Some(new.request_key.clone()),
            items_sha256: event.items.sha256.clone(),
        });
        self.batches.extend(new.batches.iter().enumerate().map(|(index, batch)| batches::NewBatchRow {
            batch: batch.clone(),
            invalidation: new.id.clone(),
            distribution: new.distribution.clone(),
            number: index + 1,
            created_at: now,
            due_at: new.not_before.map_or(now, |due| due.max(now)),
        }));
        event
    }

    /// Writes those that are not written yet.
    pub async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        invalidations::insert(tx, &mem::take(&mut self.invalidations)).await?;
        batches::insert(tx, &mem::take(&mut self.batches)).await
    }
}
