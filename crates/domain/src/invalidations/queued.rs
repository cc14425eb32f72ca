//! A new request as it is when it was just accepted.

use super::invalidation::{Batch, BatchState, Invalidation, InvalidationState, NewBatch, NewInvalidation};
use crate::{actor::Actor, time::Timestamp};

impl NewInvalidation {
    /// The invalidation, accepted at this time.
    #[must_use]
    pub fn queued(&self, requested_by: &Actor, at: Timestamp) -> Invalidation {
        Invalidation {
            id: self.id.clone(),
            distribution: self.distribution.clone(),
            requested_by: requested_by.clone(),
            requested_at: at,
            reason: self.reason.clone(),
            expected: self.expected,
            warm: self.warm,
            state: InvalidationState::Queued,
            item_count: self.item_count(),
            first_item: self.first_item.clone(),
            ended_at: None,
        }
    }

    /// Its batches.
    #[must_use]
    pub fn queued_batches(&self, at: Timestamp) -> Vec<Batch> {
        let batch = |(index, new): (usize, &NewBatch)| Batch {
            id: new.id.clone(),
            invalidation: self.id.clone(),
            distribution: self.distribution.clone(),
            number: index + 1,
            caller_reference: new.caller_reference.clone(),
            items: new.items.clone(),
            state: BatchState::Queued,
            attempts: 0,
            due_at: self.due_at(at),
            created_at: at,
            first_sent_at: None,
            accepted_at: None,
            completed_at: None,
            cloudfront_id: None,
            aws_request_id: None,
            problem: None,
            cut_into: None,
            merged_into: None,
        };
        self.batches.iter().enumerate().map(batch).collect()
    }

    /// When its batches may be sent.
    #[must_use]
    pub fn due_at(&self, at: Timestamp) -> Timestamp {
        self.not_before.map_or(at, |due| due.max(at))
    }
}
