//! What the answer to a refused request still has to leave in the history.

use crate::domain::{id::DistributionId, invalidations::item::Item};

/// The event that is still to be written for a refused request. It travels in the extensions of the response.
#[derive(Debug, Clone)]
pub struct MissingEvent {
    pub why: String,
    pub tried: RefusedRequest,
}

/// What the refused request asked for.
#[derive(Debug, Clone, Default)]
pub struct RefusedRequest {
    pub distribution: Option<DistributionId>,
    pub items: Vec<Item>,
    pub reason: String,
}
