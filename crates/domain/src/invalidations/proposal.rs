//! A proposal: a request that waits for a second person before it is queued.

use std::time::Duration;

use super::item::Item;
use crate::{
    actor::Actor,
    id::{DistributionId, InvalidationId, ProposalId, RequestKey},
    time::Timestamp,
};

/// How long a proposal can be approved.
pub const LIFE: Duration = Duration::from_hours(24);

/// No proposal that waits ends later than this: one that seems to was asked for by a clock that was ahead, and nobody knows
/// for how long it has waited.
#[must_use]
pub fn latest_end(now: Timestamp) -> Timestamp {
    now.plus(LIFE).and_a_moment()
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalState {
    Waiting,
    Approved,
    Declined,
    /// Nobody decided in time.
    Expired,
}

impl ProposalState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Expired => "expired",
        }
    }

    /// Reads a row's state, as it is at `now`.
    #[must_use]
    pub fn read(text: &str, expires_at: Timestamp, now: Timestamp) -> Option<Self> {
        match text {
            "waiting" if expires_at <= now || expires_at > latest_end(now) => Some(Self::Expired),
            "waiting" => Some(Self::Waiting),
            "approved" => Some(Self::Approved),
            "declined" => Some(Self::Declined),
            _ => None,
        }
    }

    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waits for approval",
            Self::Approved => "Approved",
            Self::Declined => "Declined",
            Self::Expired => "Expired",
        }
    }
}

/// A request that waits, or waited, with all that it would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: ProposalId,
    pub request_key: RequestKey,
    pub distribution: DistributionId,
    pub asked_by: Actor,
    /// The person who asked, or whose token asked: they may not approve it.
    pub behind: String,
    pub reason: String,
    /// Sorted.
    pub items: Vec<Item>,
    pub first_item: Item,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    pub state: ProposalState,
    pub decided_by: Option<Actor>,
    pub decided_at: Option<Timestamp>,
    /// What the second person said.
    pub word: String,
    /// What it became.
    pub invalidation: Option<InvalidationId>,
}

impl Proposal {
    /// `/* and 2 more`
    #[must_use]
    pub fn title(&self) -> String {
        match self.items.len() {
            0 | 1 => self.first_item.to_string(),
            many => format!("{} and {} more", self.first_item, many - 1),
        }
    }
}
