//! Requests that were accepted, as they are kept: each an invalidation and its queued batches.

use std::mem;

use crate::{
    domain::{
        actor::Actor,
        audit::ItemsRecord,
        invalidation::{Invalidation, InvalidationState, NewInvalidation},
        time::Timestamp,
    },
    store::{StoreError, Tx, batches, invalidations},
};

#[derive(Debug, Default)]
pub(super) struct Accepted {
    invalidations: Vec<invalidations::NewRow>,
    batches: Vec<batches::NewRow>,
}

impl Accepted {
    /// One more, to be sent from now on or when it wants to be.
    pub fn add(&mut self, requested_by: &Actor, new: &NewInvalidation, now: Timestamp) {
        self.invalidations.push(invalidations::NewRow {
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
            items_sha256: ItemsRecord::of(&new.items()).sha256,
        });
        self.batches.extend(new.batches.iter().enumerate().map(|(index, batch)| batches::NewRow {
            batch: batch.clone(),
            invalidation: new.id.clone(),
            distribution: new.distribution.clone(),
            number: index + 1,
            created_at: now,
            due_at: new.not_before.map_or(now, |due| due.max(now)),
        }));
    }

    /// Writes those that are not written yet.
    pub async fn write(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        invalidations::insert(tx, &mem::take(&mut self.invalidations)).await?;
        batches::insert(tx, &mem::take(&mut self.batches)).await
    }
}
