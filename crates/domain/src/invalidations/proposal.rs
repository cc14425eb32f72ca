//! A proposal: a request that waits for a second person before it is queued.

use std::time::Duration;

use super::item::Item;
use crate::{
    actor::Actor,
    checks::ExpectedContent,
    id::{DistributionId, InvalidationId, ProposalId, RequestKey},
    time::Timestamp,
};

/// How long after the request a proposal can be approved.
pub const LIFE: Duration = Duration::from_hours(24);

/// The latest end that a waiting proposal can have. A proposal with a later end was made while the clock was ahead,
/// so its real age is not known and it counts as expired.
#[must_use]
pub fn latest_end(now: Timestamp) -> Timestamp {
    now.plus(LIFE).and_a_moment()
}

/// The state of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalState {
    Waiting,
    Approved,
    Declined,
    /// Nobody decided before its end.
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

    /// The state at `now` of a proposal whose stored state is `text`. `None` for an unknown word.
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

/// A request that waits or waited for approval, with everything that is needed to send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    pub id: ProposalId,
    pub request_key: RequestKey,
    pub distribution: DistributionId,
    pub asked_by: Actor,
    /// The ID of the person who asked, or who is responsible for the token that asked. This person may not approve
    /// it.
    pub behind: String,
    pub reason: String,
    /// What viewers must get when the invalidation has completed.
    pub expected: ExpectedContent,
    /// Whether its URLs are fetched once when the invalidation has completed.
    pub warm: bool,
    /// The items, sorted.
    pub items: Vec<Item>,
    pub first_item: Item,
    pub asked_at: Timestamp,
    pub expires_at: Timestamp,
    pub state: ProposalState,
    pub decided_by: Option<Actor>,
    pub decided_at: Option<Timestamp>,
    /// The comment of the second person.
    pub word: String,
    /// The invalidation that was made when it was approved.
    pub invalidation: Option<InvalidationId>,
}

impl Proposal {
    /// The title that pages show, such as `/* and 2 more`.
    #[must_use]
    pub fn title(&self) -> String {
        match self.items.len() {
            0 | 1 => self.first_item.to_string(),
            many => format!("{} and {} more", self.first_item, many - 1),
        }
    }
}
