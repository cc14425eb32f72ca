//! The transitions of a batch: from which state to which it may go, and by what.

use super::invalidation::BatchState;

/// What moves a batch from one state to another. Nothing else does: the store builds each UPDATE of a batch's state from
/// one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// The submitter begins a call, or begins again where an earlier lease has run out.
    Claim,
    /// CloudFront took it.
    Accept,
    /// CloudFront surely has nothing of it; it is sent again later.
    Postpone,
    /// CloudFront may have it; it is asked again later, with the same reference.
    AskAgain,
    /// CloudFront refused it for good.
    Refuse,
    /// Whether CloudFront took it cannot be found out; a person has to say.
    Escalate,
    /// A person took it back before anything was sent.
    Cancel,
    /// A person sends again what CloudFront refused.
    Retry,
    /// CloudFront reports it as completed.
    Complete,
    /// CloudFront no longer knows it.
    Lose,
    /// A person found it at CloudFront.
    ResolveFound,
    /// A person says that it is not at CloudFront; another batch takes its place.
    ResolveNotThere,
}

impl Transition {
    pub const ALL: [Self; 12] = [
        Self::Claim,
        Self::Accept,
        Self::Postpone,
        Self::AskAgain,
        Self::Refuse,
        Self::Escalate,
        Self::Cancel,
        Self::Retry,
        Self::Complete,
        Self::Lose,
        Self::ResolveFound,
        Self::ResolveNotThere,
    ];

    /// The states that it may start from.
    #[must_use]
    pub const fn from(self) -> &'static [BatchState] {
        match self {
            Self::Claim => &[BatchState::Queued, BatchState::Submitting],
            Self::Accept | Self::Postpone | Self::AskAgain | Self::Refuse | Self::Escalate => {
                &[BatchState::Submitting]
            }
            Self::Cancel => &[BatchState::Queued],
            Self::Retry => &[BatchState::Failed],
            Self::Complete | Self::Lose => &[BatchState::InProgress],
            Self::ResolveFound | Self::ResolveNotThere => &[BatchState::NeedsALook],
        }
    }

    /// The state that it leads to.
    #[must_use]
    pub const fn to(self) -> BatchState {
        match self {
            Self::Claim | Self::AskAgain => BatchState::Submitting,
            Self::Postpone | Self::Retry => BatchState::Queued,
            Self::Accept | Self::ResolveFound => BatchState::InProgress,
            Self::Refuse => BatchState::Failed,
            Self::Escalate => BatchState::NeedsALook,
            Self::Cancel | Self::ResolveNotThere => BatchState::Cancelled,
            Self::Complete => BatchState::Completed,
            Self::Lose => BatchState::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchState as B, *};

    /// Does a single transition lead from one state to the other?
    fn leads(from: B, to: B) -> bool {
        Transition::ALL.into_iter().any(|one| one.to() == to && one.from().contains(&from))
    }

    #[test]
    fn what_has_ended_stays_ended() {
        for next in B::ALL {
            assert!(!leads(B::Completed, next));
            assert!(!leads(B::Cancelled, next));
            assert!(!leads(B::Lost, next));
        }
        assert!(!leads(B::Submitting, B::Cancelled));
        assert!(!leads(B::InProgress, B::Queued));
    }

    #[test]
    fn only_what_cloudfront_surely_does_not_have_is_queued_again() {
        let queues = |from: &B| leads(*from, B::Queued);
        assert_eq!(B::ALL.into_iter().filter(queues).collect::<Vec<_>>(), [B::Submitting, B::Failed]);
    }

    #[test]
    fn every_state_that_goes_on_by_itself_is_left_by_a_transition() {
        for state in B::ALL.into_iter().filter(|state| state.is_active()) {
            assert!(B::ALL.into_iter().any(|next| next != state && leads(state, next)), "{state:?}");
        }
    }
}
