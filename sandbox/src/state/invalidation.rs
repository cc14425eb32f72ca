//! Owns one accepted invalidation: what it names, and when it takes effect and completes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An invalidation that the sandbox has accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalidation {
    /// `I` and 25 capitals and digits.
    pub id: String,
    /// The distribution it belongs to.
    pub distribution: String,
    /// The caller's idempotency key.
    pub caller_reference: String,
    /// Paths and `#tags`, as they were sent.
    pub items: Vec<String>,
    /// The access key of the call, which CloudTrail knows and CloudFront does not tell.
    #[serde(default)]
    pub made_by: String,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the edge lets go of what it names.
    pub evict_at: Timestamp,
    /// When the API begins to call it `Completed`.
    pub complete_at: Timestamp,
}

impl Invalidation {
    /// `InProgress` or `Completed`, as CloudFront spells them.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> &'static str {
        if now >= self.complete_at { "Completed" } else { "InProgress" }
    }

    pub(crate) fn wildcards(&self) -> usize {
        wildcards(&self.items)
    }

    /// Same items in any order: CloudFront keeps a set.
    pub(crate) fn names_the_same(&self, items: &[String]) -> bool {
        let set = |items: &[String]| {
            let mut sorted = items.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            sorted
        };
        set(&self.items) == set(items)
    }
}

/// How many items count against the smaller limit, that of paths with a closing `*`.
pub(crate) fn wildcards(items: &[String]) -> usize {
    items.iter().filter(|item| item.starts_with('/') && item.ends_with('*')).count()
}
