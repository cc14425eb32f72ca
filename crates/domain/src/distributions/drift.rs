//! What changed in the configuration of a distribution since somebody last requested an invalidation of it.

mod changes;

pub use changes::{ConfigurationChange, changes};

use super::distribution::DistributionConfig;
use crate::time::Timestamp;

/// The most changes that are told.
const TOLD_MAX: usize = 20;

/// The configuration that a distribution had before the first change since its last request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierConfig {
    pub config: DistributionConfig,
    /// When the sync read another one.
    pub until: Timestamp,
}

/// What changed since the last request. Never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// When that request was made.
    pub since: Timestamp,
    pub changes: Vec<ConfigurationChange>,
}

impl Drift {
    /// What changed between what a distribution had and what it has. `None` if nothing did that matters for an
    /// invalidation, or if a request was made since.
    #[must_use]
    pub fn of(earlier: &EarlierConfig, config: &DistributionConfig, last_request: Timestamp) -> Option<Self> {
        if last_request >= earlier.until {
            return None;
        }
        let mut changes = changes(&earlier.config, config);
        changes.truncate(TOLD_MAX);
        (!changes.is_empty()).then_some(Self { since: last_request, changes })
    }

    /// What somebody may know who may not see all paths of the distribution: nothing that names a path.
    #[must_use]
    pub fn without_paths(mut self) -> Option<Self> {
        self.changes.retain(|change| !change.names_paths());
        (!self.changes.is_empty()).then_some(self)
    }

    /// Each change with its consequence, as sentences.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.changes.iter().map(|change| change.text(self.since)).collect()
    }
}

#[cfg(test)]
mod tests;
