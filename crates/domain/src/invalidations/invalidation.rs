//! An invalidation and its batches, and the states that they are in.

use std::time::Duration;

use uuid::Uuid;

use super::{batching::Load, item::Item, problem::Problem, retry};
use crate::{
    actor::Actor,
    distributions::protection::Confirmation,
    id::{BatchId, CallerReference, CloudFrontInvalidationId, DistributionId, InvalidationId, RequestKey},
    time::Timestamp,
};

pub use super::reason::{REASON_MAX, ReasonError, parse_reason};

/// The longest that a request can be put off.
pub const PUT_OFF_MAX: Duration = Duration::from_hours(24 * 30);

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchState {
    /// Written, and CloudFront surely has nothing of it.
    Queued,
    /// A call was begun; whether CloudFront took it is not known yet.
    Submitting,
    /// CloudFront took it and is at work.
    InProgress,
    Completed,
    /// Taken back before anything was sent.
    Cancelled,
    /// CloudFront refused it for good.
    Failed,
    /// CloudFront took it and no longer knows it.
    Lost,
    /// Whether CloudFront took it could not be found out; a person has to say.
    NeedsALook,
}

impl BatchState {
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Submitting,
        Self::InProgress,
        Self::Completed,
        Self::Cancelled,
        Self::Failed,
        Self::Lost,
        Self::NeedsALook,
    ];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitting => "submitting",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::NeedsALook => "needs_a_look",
        }
    }

    /// Reads what [`BatchState::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Submitting => "Being sent",
            Self::InProgress => "In progress",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Refused",
            Self::Lost => "Lost sight of",
            Self::NeedsALook => "Needs a look",
        }
    }

    /// Will this go on by itself?
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Submitting | Self::InProgress)
    }
}

/// Where an invalidation stands; it follows from its batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidationState {
    /// Nothing was sent yet.
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
    /// Something is not as it should be and does not mend itself.
    NeedsALook,
}

const STATES: [InvalidationState; 6] = [
    InvalidationState::Queued,
    InvalidationState::InProgress,
    InvalidationState::Completed,
    InvalidationState::Failed,
    InvalidationState::Cancelled,
    InvalidationState::NeedsALook,
];

impl InvalidationState {
    /// The state of an invalidation whose batches are in these states.
    #[must_use]
    pub fn of(batches: &[BatchState]) -> Self {
        let any = |state: BatchState| batches.contains(&state);
        let all = |state: BatchState| batches.iter().all(|one| *one == state);
        if any(BatchState::NeedsALook) || any(BatchState::Lost) {
            Self::NeedsALook
        } else if !batches.is_empty() && all(BatchState::Queued) {
            Self::Queued
        } else if batches.iter().any(|state| state.is_active()) {
            Self::InProgress
        } else if any(BatchState::Failed) {
            Self::Failed
        } else if any(BatchState::Completed) {
            Self::Completed
        } else {
            Self::Cancelled
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::NeedsALook => "needs_a_look",
        }
    }

    /// Reads what [`InvalidationState::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        STATES.into_iter().find(|state| state.as_str() == text)
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::InProgress => "In progress",
            Self::Completed => "Completed",
            Self::Failed => "Refused",
            Self::Cancelled => "Cancelled",
            Self::NeedsALook => "Needs a look",
        }
    }
}

/// One act of one actor on one distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    pub id: InvalidationId,
    pub distribution: DistributionId,
    pub requested_by: Actor,
    pub requested_at: Timestamp,
    pub reason: String,
    pub state: InvalidationState,
    pub item_count: usize,
    /// The item to name it by: the first that was asked for.
    pub first_item: Item,
    /// When it came to its end, as far as it has.
    pub ended_at: Option<Timestamp>,
}

impl Invalidation {
    /// `/styles.css and 2 more`
    #[must_use]
    pub fn title(&self) -> String {
        match self.item_count {
            0 | 1 => self.first_item.as_str().to_owned(),
            more => format!("{} and {} more", self.first_item.as_str(), more - 1),
        }
    }

    /// How long it took, where it has completed and its end was seen.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        let ended = self.ended_at.filter(|_| self.state == InvalidationState::Completed)?;
        Some(ended.since(self.requested_at))
    }
}

/// What CloudFront gets in one `CreateInvalidation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub id: BatchId,
    pub invalidation: InvalidationId,
    pub distribution: DistributionId,
    /// Counted from 1 within its invalidation.
    pub number: usize,
    pub caller_reference: CallerReference,
    pub items: Vec<Item>,
    pub state: BatchState,
    /// How often a call to CloudFront was begun for it.
    pub attempts: u32,
    /// When it may be sent, or sent again.
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    /// When the first call for it was begun.
    pub first_sent_at: Option<Timestamp>,
    pub accepted_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub cloudfront_id: Option<CloudFrontInvalidationId>,
    pub aws_request_id: Option<String>,
    pub problem: Option<Problem>,
}

impl Batch {
    #[must_use]
    pub fn load(&self) -> Load {
        Load::of(&self.items)
    }

    /// Is it in progress for so long that a person should know?
    #[must_use]
    pub fn is_slow(&self, now: Timestamp) -> bool {
        let accepted = self.accepted_at.filter(|_| self.state == BatchState::InProgress);
        accepted.is_some_and(|at| now.since(at) >= retry::SLOW_AFTER)
    }
}

/// A request as a person or a program made it, its plan worked out and found sendable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvalidation {
    pub id: InvalidationId,
    pub request_key: RequestKey,
    pub distribution: DistributionId,
    pub first_item: Item,
    pub batches: Vec<NewBatch>,
    pub reason: String,
    /// What a protected distribution asked for, where the request brought it.
    pub confirmation: Confirmation,
    /// Nothing of it is sent before.
    pub not_before: Option<Timestamp>,
    /// SHA-256 of all that a program asked for, where it sent an idempotency key; the request key is made of that.
    pub fingerprint: Option<String>,
}

/// A batch as it is first written: its caller reference is final.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    pub id: BatchId,
    pub caller_reference: CallerReference,
    pub items: Vec<Item>,
}

impl NewInvalidation {
    /// Gives a plan's batches their IDs and their final caller references.
    ///
    /// `uuid` makes a new UUID of version 7 at each call; `batches` must not be empty.
    pub fn from_batches(
        distribution: DistributionId,
        batches: Vec<Vec<Item>>,
        first_item: Item,
        reason: String,
        request_key: RequestKey,
        mut uuid: impl FnMut() -> Uuid,
    ) -> Self {
        let batch = |items: Vec<Item>, uuid: &mut dyn FnMut() -> Uuid| {
            let id = BatchId::new(uuid());
            let caller_reference = CallerReference::of(&id);
            NewBatch { id, caller_reference, items }
        };
        Self {
            id: InvalidationId::new(uuid()),
            request_key,
            distribution,
            first_item,
            batches: batches.into_iter().map(|items| batch(items, &mut uuid)).collect(),
            reason,
            confirmation: Confirmation::None,
            not_before: None,
            fingerprint: None,
        }
    }

    #[must_use]
    pub fn item_count(&self) -> usize {
        self.batches.iter().map(|batch| batch.items.len()).sum()
    }

    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        let mut items: Vec<Item> = self.batches.iter().flat_map(|b| b.items.clone()).collect();
        items.sort();
        items
    }
}

#[cfg(test)]
mod tests {
    use super::{BatchState as B, InvalidationState as S, *};

    #[test]
    fn an_invalidation_is_what_its_batches_are() {
        assert_eq!(S::of(&[B::Queued, B::Queued]), S::Queued);
        assert_eq!(S::of(&[B::Submitting]), S::InProgress);
        assert_eq!(S::of(&[B::Completed, B::Queued]), S::InProgress);
        assert_eq!(S::of(&[B::Completed, B::Completed]), S::Completed);
        assert_eq!(S::of(&[B::Completed, B::Failed]), S::Failed);
        assert_eq!(S::of(&[B::InProgress, B::Failed]), S::InProgress);
        assert_eq!(S::of(&[B::InProgress, B::NeedsALook]), S::NeedsALook);
        assert_eq!(S::of(&[B::Completed, B::Lost]), S::NeedsALook);
        assert_eq!(S::of(&[B::Cancelled, B::Cancelled]), S::Cancelled);
        assert_eq!(S::of(&[B::Completed, B::Cancelled]), S::Completed);
    }

    #[test]
    fn every_state_reads_back() {
        for state in B::ALL {
            assert_eq!(B::parse(state.as_str()), Some(state));
        }
        for state in STATES {
            assert_eq!(S::parse(state.as_str()), Some(state));
        }
        assert_eq!(B::parse("Frobbing"), None);
    }

    #[test]
    fn caller_references_differ_and_follow_the_batch() {
        let mut n = 0;
        let new = NewInvalidation::from_batches(
            DistributionId::from_trusted("E1"),
            vec![vec![Item::from_trusted("/b")], vec![Item::from_trusted("/a")]],
            Item::from_trusted("/b"),
            String::new(),
            RequestKey::from_trusted("k"),
            || {
                n += 1;
                Uuid::from_u128(n)
            },
        );
        assert_ne!(new.batches[0].caller_reference, new.batches[1].caller_reference);
        assert_eq!(new.items(), [Item::from_trusted("/a"), Item::from_trusted("/b")]);
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(parse_reason("  WEB-412: gradient "), Ok("WEB-412: gradient".to_owned()));
        assert_eq!(parse_reason("a\nb"), Err(ReasonError::ControlCharacter));
        assert_eq!(parse_reason(&"x".repeat(501)), Err(ReasonError::TooLong));
    }
}
