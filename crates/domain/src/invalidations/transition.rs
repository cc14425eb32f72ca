//! The transitions of a batch: which state may follow which, and for what reason.

use super::invalidation::BatchState;

/// A reason for a batch to change its state. There are no other changes: the store builds each UPDATE of a batch's
/// state from one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// The submitter starts a call, or starts one again after an earlier lease has expired.
    Claim,
    /// A new batch with the items of several takes its place, before any call for it was started.
    Merge,
    /// The batch that took its place is certainly not at CloudFront and is not sent any more. It waits by itself again.
    Separate,
    /// CloudFront accepted it.
    Accept,
    /// It is certain that CloudFront does not have it, and it is sent again later. Or it is one of a restored backup, and is
    /// looked for again later.
    Postpone,
    /// CloudFront may have it. The call is repeated later with the same caller reference.
    AskAgain,
    /// CloudFront refused it.
    Refuse,
    /// CloudFront refused it for its items. Two new batches with half of them each replace it.
    CutInTwo,
    /// Unstale cannot find out whether CloudFront accepted it. A person must decide.
    Escalate,
    /// A person or program cancels it before it is sent.
    Cancel,
    /// After a restore: CloudFront does not have it, and what it accepted since refreshes all of its items. It is not sent.
    Skip,
    /// A person sends it again after CloudFront refused it, unless two others have replaced it.
    Retry,
    /// CloudFront reports it as completed.
    Complete,
    /// CloudFront no longer has an invalidation with its ID.
    Lose,
    /// A person found its invalidation at CloudFront.
    ResolveFound,
    /// A person says that it is not at CloudFront. A new batch with the same items replaces it.
    ResolveNotThere,
}

impl Transition {
    pub const ALL: [Self; 16] = [
        Self::Claim,
        Self::Merge,
        Self::Separate,
        Self::Accept,
        Self::Postpone,
        Self::AskAgain,
        Self::Refuse,
        Self::CutInTwo,
        Self::Escalate,
        Self::Cancel,
        Self::Skip,
        Self::Retry,
        Self::Complete,
        Self::Lose,
        Self::ResolveFound,
        Self::ResolveNotThere,
    ];

    /// The states from which it is allowed.
    #[must_use]
    pub const fn from(self) -> &'static [BatchState] {
        match self {
            Self::Claim => &[BatchState::Queued, BatchState::Submitting],
            Self::Accept
            | Self::Postpone
            | Self::AskAgain
            | Self::Refuse
            | Self::CutInTwo
            | Self::Escalate
            | Self::Skip => &[BatchState::Submitting],
            Self::Cancel | Self::Merge => &[BatchState::Queued],
            Self::Separate => &[BatchState::Merged],
            Self::Retry => &[BatchState::Failed],
            Self::Complete | Self::Lose => &[BatchState::InProgress],
            Self::ResolveFound | Self::ResolveNotThere => &[BatchState::NeedsALook],
        }
    }

    /// The state after it.
    #[must_use]
    pub const fn to(self) -> BatchState {
        match self {
            Self::Claim | Self::AskAgain => BatchState::Submitting,
            Self::Merge => BatchState::Merged,
            Self::Postpone | Self::Retry | Self::Separate => BatchState::Queued,
            Self::Accept | Self::ResolveFound => BatchState::InProgress,
            Self::Refuse | Self::CutInTwo => BatchState::Failed,
            Self::Escalate => BatchState::NeedsALook,
            Self::Cancel | Self::Skip | Self::ResolveNotThere => BatchState::Cancelled,
            Self::Complete => BatchState::Completed,
            Self::Lose => BatchState::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchState as B, *};

    /// Whether one transition leads from `from` to `to`.
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
        let cancels = |one: &Transition| one.to() == B::Cancelled && one.from().contains(&B::Submitting);
        assert_eq!(Transition::ALL.into_iter().filter(cancels).collect::<Vec<_>>(), [Transition::Skip]);
        assert!(!leads(B::InProgress, B::Queued));
    }

    #[test]
    fn only_what_cloudfront_surely_does_not_have_is_queued_again() {
        let queues = |from: &B| leads(*from, B::Queued);
        assert_eq!(
            B::ALL.into_iter().filter(queues).collect::<Vec<_>>(),
            [B::Merged, B::Submitting, B::Failed]
        );
    }

    #[test]
    fn every_state_that_goes_on_by_itself_is_left_by_a_transition() {
        for state in B::ALL.into_iter().filter(|state| state.is_active()) {
            assert!(B::ALL.into_iter().any(|next| next != state && leads(state, next)), "{state:?}");
        }
    }
}
