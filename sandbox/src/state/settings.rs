//! Owns the switches that a test can turn while the sandbox runs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ledger::ITEM_LIMIT;

/// What a repeated caller reference with the same items is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameReference {
    /// The earlier invalidation again, as CloudFront documents it.
    #[default]
    Earlier,
    /// `InvalidationBatchAlreadyExists`.
    AlreadyExists,
    /// `InvalidArgument` with CloudFront's words about the caller reference.
    InvalidArgument,
}

/// What a repeated caller reference with other items is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConflictingReference {
    /// `InvalidationBatchAlreadyExists`, as CloudFront documents it.
    #[default]
    AlreadyExists,
    /// `InvalidArgument`, as users have seen it.
    InvalidArgument,
}

/// How the sandbox behaves where CloudFront is known to vary, or where a test wants another pace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// For a caller reference sent again with the same items.
    pub same_reference: SameReference,
    /// For a caller reference sent again with other items.
    pub conflicting_reference: ConflictingReference,
    /// After this time a caller reference counts as new; `None`: never.
    pub forget_references_after_ms: Option<u64>,
    /// How long an invalidation made from now on stays `InProgress`.
    pub complete_after_ms: u64,
    /// Items without a closing `*` that one distribution may have in progress: 3,000 at CloudFront.
    pub item_limit: usize,
    /// Paths that contain this text are refused as CloudFront refuses a path that it does not take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_paths_with: Option<String>,
    /// How long after a call CloudTrail knows of it; AWS says up to 15 minutes.
    #[serde(default)]
    pub trail_after_ms: u64,
    /// How many data points a page of `GetMetricData` has at the most, where nobody says: 100,800 at CloudWatch.
    #[serde(default = "data_points")]
    pub data_points_a_page: usize,
    /// How many rows a page of `ListSubscriptions` has at the most. AWS does not document it.
    #[serde(default = "subscriptions")]
    pub subscriptions_a_page: usize,
    /// `false`: every connection to the API breaks at its first call, as in an outage.
    pub reachable: bool,
}

fn data_points() -> usize {
    100_800
}

fn subscriptions() -> usize {
    50
}

impl Settings {
    pub(crate) fn new(complete_after: Duration) -> Self {
        Self {
            same_reference: SameReference::default(),
            conflicting_reference: ConflictingReference::default(),
            forget_references_after_ms: None,
            complete_after_ms: u64::try_from(complete_after.as_millis()).unwrap_or(u64::MAX),
            item_limit: ITEM_LIMIT,
            refuse_paths_with: None,
            trail_after_ms: 0,
            data_points_a_page: data_points(),
            subscriptions_a_page: subscriptions(),
            reachable: true,
        }
    }

    /// Whether `refuse_paths_with` refuses one of these items.
    pub(crate) fn refuses(&self, items: &[String]) -> bool {
        let refused = self.refuse_paths_with.as_ref().filter(|text| !text.is_empty());
        refused.is_some_and(|text| items.iter().any(|item| item.contains(text)))
    }

    pub(crate) fn complete_after(&self) -> Duration {
        Duration::from_millis(self.complete_after_ms)
    }

    /// The edge lets go of objects before the API says `Completed`: AWS names under 5 and under 25 seconds.
    pub(crate) fn evict_after(&self) -> Duration {
        Duration::from_secs(5).min(self.complete_after() / 4)
    }

    pub(crate) fn forget_references_after(&self) -> Option<Duration> {
        self.forget_references_after_ms.map(Duration::from_millis)
    }
}
