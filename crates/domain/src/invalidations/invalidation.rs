//! An invalidation, its batches, and their states.

use std::time::Duration;

use uuid::Uuid;

use super::{batching::Load, item::Item, problem::Problem, retry};
use crate::{
    actor::Actor,
    checks::ExpectedContent,
    distributions::protection::Confirmation,
    id::{BatchId, CallerReference, CloudFrontInvalidationId, DistributionId, InvalidationId, RequestKey},
    time::Timestamp,
};

pub use super::reason::{REASON_MAX, ReasonError, parse_reason};

/// How far in the future a request can be scheduled.
pub const PUT_OFF_MAX: Duration = Duration::from_hours(24 * 30);

/// The state of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BatchState {
    /// The batch is stored, and it is certain that CloudFront does not have it.
    Queued,
    /// Another batch is sent in its place, with the items of several batches that waited at the same time. It has the
    /// fate of that batch, and is shown in that batch's state.
    Merged,
    /// A call to CloudFront was started. Whether CloudFront accepted the batch is not known yet.
    Submitting,
    /// CloudFront accepted it and has not completed it.
    InProgress,
    Completed,
    /// A person or program cancelled it before it was sent.
    Cancelled,
    /// CloudFront refused it. It is not sent again unless a person retries it.
    Failed,
    /// CloudFront accepted it, but no longer has an invalidation with its ID.
    Lost,
    /// Unstale could not find out whether CloudFront accepted it. A person must decide.
    NeedsALook,
}

impl BatchState {
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Merged,
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
            Self::Merged => "merged",
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
            Self::Merged => "Sent together",
            Self::Submitting => "Being sent",
            Self::InProgress => "In progress",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
            Self::Failed => "Refused",
            Self::Lost => "Unknown to CloudFront",
            Self::NeedsALook => "Needs a look",
        }
    }

    /// Whether the workers will change this state without action by a person.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::Submitting | Self::InProgress)
    }
}

/// The state of an invalidation. It is computed from the states of its batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidationState {
    /// No batch was sent yet.
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
    /// At least one batch needs a decision by a person.
    NeedsALook,
}

impl InvalidationState {
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::InProgress, Self::Completed, Self::Failed, Self::Cancelled, Self::NeedsALook];

    /// The state of an invalidation whose batches are in these states, without those that were cut in two.
    #[must_use]
    pub fn of(batches: &[BatchState]) -> Self {
        let any = |state: BatchState| batches.contains(&state);
        let all = |state: BatchState| batches.iter().all(|one| *one == state);
        // A batch that needs a person decides, even while others are in progress, so that nobody overlooks it.
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
        Self::ALL.into_iter().find(|state| state.as_str() == text)
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

/// One request of one actor for one distribution. Its items are sent in one or more batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    pub id: InvalidationId,
    pub distribution: DistributionId,
    pub requested_by: Actor,
    pub requested_at: Timestamp,
    pub reason: String,
    /// What viewers must get when it has completed.
    pub expected: ExpectedContent,
    /// Whether its URLs are fetched once when it has completed.
    pub warm: bool,
    pub state: InvalidationState,
    pub item_count: usize,
    /// The first item of the request. Pages use it as the title.
    pub first_item: Item,
    /// When it reached a final state. `None` before that.
    pub ended_at: Option<Timestamp>,
}

impl Invalidation {
    /// The title that pages show, such as `/styles.css and 2 more`.
    #[must_use]
    pub fn title(&self) -> String {
        match self.item_count {
            0 | 1 => self.first_item.as_str().to_owned(),
            more => format!("{} and {} more", self.first_item.as_str(), more - 1),
        }
    }

    /// The time from the request to the completion. `None` if it has not completed or if the end is not known.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        let ended = self.ended_at.filter(|_| self.state == InvalidationState::Completed)?;
        Some(ended.since(self.requested_at))
    }
}

/// The part of an invalidation that is sent in one `CreateInvalidation`.
///
/// If it was merged with others, all that CloudFront did is of the batch that was sent in its place: the state, the calls,
/// the times, CloudFront's ID and the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub id: BatchId,
    pub invalidation: InvalidationId,
    pub distribution: DistributionId,
    /// Its number within the invalidation, from 1.
    pub number: usize,
    pub caller_reference: CallerReference,
    pub items: Vec<Item>,
    pub state: BatchState,
    /// How many calls to CloudFront were started for it.
    pub attempts: u32,
    /// The earliest time of the next call for it.
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    /// When the first call for it was started.
    pub first_sent_at: Option<Timestamp>,
    pub accepted_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub cloudfront_id: Option<CloudFrontInvalidationId>,
    pub aws_request_id: Option<String>,
    pub problem: Option<Problem>,
    /// The numbers of the two batches that have its items, if CloudFront refused it for its items and it was cut in
    /// two. Such a batch does not count for the state of the invalidation and is never sent again.
    pub cut_into: Option<[usize; 2]>,
    /// The caller reference that its items are sent under, if it was merged with others. Its own is never sent then.
    pub merged_into: Option<CallerReference>,
}

impl Batch {
    /// The caller reference that CloudFront has, or gets, its items under.
    #[must_use]
    pub fn sent_under(&self) -> &CallerReference {
        self.merged_into.as_ref().unwrap_or(&self.caller_reference)
    }

    #[must_use]
    pub fn load(&self) -> Load {
        Load::of(&self.items)
    }

    /// Whether it has been in progress for at least [`retry::SLOW_AFTER`], so that pages say so.
    #[must_use]
    pub fn is_slow(&self, now: Timestamp) -> bool {
        let accepted = self.accepted_at.filter(|_| self.state == BatchState::InProgress);
        accepted.is_some_and(|at| now.since(at) >= retry::SLOW_AFTER)
    }
}

/// A new request whose plan can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvalidation {
    pub id: InvalidationId,
    pub request_key: RequestKey,
    pub distribution: DistributionId,
    pub first_item: Item,
    pub batches: Vec<NewBatch>,
    pub reason: String,
    /// What viewers must get when it has completed.
    pub expected: ExpectedContent,
    /// Whether its URLs are fetched once when it has completed.
    pub warm: bool,
    /// How the request was confirmed, for a protected distribution.
    pub confirmation: Confirmation,
    /// The earliest time at which a batch may be sent. `None` means now.
    pub not_before: Option<Timestamp>,
    /// Whether it may be sent during freeze windows. That also needs a reason.
    pub override_freeze: bool,
    /// SHA-256 of the whole request. `None` if the request has no idempotency key.
    pub fingerprint: Option<String>,
}

/// A batch that is not stored yet. Its caller reference never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    pub id: BatchId,
    pub caller_reference: CallerReference,
    pub items: Vec<Item>,
}

impl NewInvalidation {
    /// Gives the batches of a plan their IDs and caller references.
    ///
    /// `uuid` must return a new UUID of version 7 at each call. `batches` must not be empty.
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
            expected: ExpectedContent::NewVersion,
            warm: false,
            confirmation: Confirmation::None,
            not_before: None,
            override_freeze: false,
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
        for state in InvalidationState::ALL {
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
