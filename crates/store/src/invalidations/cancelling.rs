//! Cancels what of invalidations was not sent yet, also where it waits together with the items of others.

use std::collections::BTreeMap;

use unstale_domain::{
    id::InvalidationId,
    invalidations::{invalidation::InvalidationState, merging::ServedBatch},
    time::Timestamp,
};

use super::{batches, refresh_states};
use crate::{StoreError, Tx};

/// What was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelledBatches {
    /// How many batches of each of the invalidations were cancelled.
    pub counts: BTreeMap<InvalidationId, u64>,
    /// The batches that waited together with one of these, of any invalidation. Those that were not cancelled wait by
    /// themselves.
    pub separated: Vec<ServedBatch>,
    /// The states of all these invalidations.
    pub states: BTreeMap<InvalidationId, InvalidationState>,
}

impl CancelledBatches {
    /// How many batches of an invalidation were cancelled.
    #[must_use]
    pub fn count(&self, id: &InvalidationId) -> u64 {
        self.counts.get(id).copied().unwrap_or(0)
    }
}

/// Cancels the queued batches of these invalidations.
pub async fn cancel_waiting(
    tx: &mut Tx,
    ids: &[&InvalidationId],
    now: Timestamp,
) -> Result<CancelledBatches, StoreError> {
    let separated = batches::separate_waiting(tx, ids, now).await?;
    let mut counts = BTreeMap::new();
    for id in ids {
        counts.insert((*id).clone(), batches::cancel_queued(tx, id).await?);
    }
    let others = separated.iter().map(|batch| batch.invalidation.clone());
    let states = refresh_states(tx, others.chain(counts.keys().cloned()).collect::<Vec<_>>(), now).await?;
    Ok(CancelledBatches { counts, separated, states })
}
