//! What became of the last request for a distribution.

use crate::{
    domain::{invalidations::invalidation::InvalidationState, time::Timestamp},
    store::distributions::LastRequest,
};

use super::When;

/// `last refreshed 4 min ago`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRefreshView {
    pub words: &'static str,
    /// `None` if it has not ended.
    pub when: Option<When>,
}

impl LastRefreshView {
    pub fn new(last: &LastRequest, now: Timestamp) -> Self {
        let ended = last.ended_at.unwrap_or(last.requested_at);
        let (words, at) = match last.state {
            InvalidationState::Queued => ("waiting to be refreshed", None),
            InvalidationState::InProgress => ("refreshing", None),
            InvalidationState::NeedsALook => ("the last request needs a look", None),
            InvalidationState::Completed => ("last refreshed", Some(ended)),
            InvalidationState::Failed => ("the last request was refused", Some(ended)),
            InvalidationState::Cancelled => ("the last request was cancelled", Some(ended)),
        };
        Self { words, when: at.map(|at| When::new(at, now)) }
    }
}
