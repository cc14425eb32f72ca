//! Insights: what a month came to, from sums that are kept for each day and distribution.
//!
//! The sums are made of the events of the history, each counted once and in order ([`counting`]). So each sum can be
//! worked out from the history again.

mod completion_times;
pub mod counting;
mod day;
mod monthly_count;

pub use completion_times::{CompletionTimes, range_of, range_start};
pub use day::{Day, DayRange};
pub use monthly_count::{CountKind, MonthlyCount, MonthlyCounts, NAMES_MAX};

use std::ops::AddAssign;

/// What a day (UTC) came to for one distribution, or the sum of several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DailySum {
    /// Invalidations that were requested in Unstale.
    pub requested: u64,
    /// Invalidations that were made with the console or another tool.
    pub outside: u64,
    /// The items that both asked for. A wildcard or a tag is one.
    pub items: u64,
    /// The items of Unstale that CloudFront accepted, which AWS bills. What was sent together counts once.
    pub paths: u64,
    /// The same of invalidations made outside.
    pub paths_outside: u64,
    /// Invalidations with at least [`counting::MANY`] single paths.
    pub many: u64,
    /// The single paths of those.
    pub many_paths: u64,
    /// How many paths less wildcards would have cost.
    pub wildcards_save: u64,
    /// Invalidations whose first look found the new version everywhere.
    pub fresh: u64,
    /// Those that were cached again, with the same content.
    pub unchanged: u64,
    pub stale: u64,
    pub broken: u64,
    pub unclear: u64,
}

impl DailySum {
    /// The paths of both origins.
    #[must_use]
    pub const fn all_paths(&self) -> u64 {
        self.paths.saturating_add(self.paths_outside)
    }

    /// The invalidations of both origins.
    #[must_use]
    pub const fn invalidations(&self) -> u64 {
        self.requested.saturating_add(self.outside)
    }

    /// The invalidations that were looked at.
    #[must_use]
    pub const fn checked(&self) -> u64 {
        self.good().saturating_add(self.stale).saturating_add(self.broken).saturating_add(self.unclear)
    }

    /// Those that the edge had fetched again at the first look.
    #[must_use]
    pub const fn good(&self) -> u64 {
        self.fresh.saturating_add(self.unchanged)
    }

    /// How many paths less one tag for each large request would have cost.
    #[must_use]
    pub const fn tags_save(&self) -> u64 {
        self.many_paths.saturating_sub(self.many)
    }
}

impl AddAssign for DailySum {
    fn add_assign(&mut self, other: Self) {
        let Self {
            requested,
            outside,
            items,
            paths,
            paths_outside,
            many,
            many_paths,
            wildcards_save,
            fresh,
            unchanged,
            stale,
            broken,
            unclear,
        } = other;
        self.requested += requested;
        self.outside += outside;
        self.items += items;
        self.paths += paths;
        self.paths_outside += paths_outside;
        self.many += many;
        self.many_paths += many_paths;
        self.wildcards_save += wildcards_save;
        self.fresh += fresh;
        self.unchanged += unchanged;
        self.stale += stale;
        self.broken += broken;
        self.unclear += unclear;
    }
}
