//! How long invalidations take, as counts of fixed ranges of time: counts of days add up to those of a month.
//!
//! Each range is at most 5 % longer than its beginning, so a median or a percentile that is worked out of the counts is
//! within 5 % of the true one.

use std::{collections::BTreeMap, time::Duration};

/// The beginning of the second range, in milliseconds. The first begins at 0.
const FIRST: u64 = 100;
/// The number of ranges. The last one has no end; it begins at some months.
const RANGES: usize = 400;

/// The beginnings of the ranges, in milliseconds.
const STARTS: [u64; RANGES] = starts();

const fn starts() -> [u64; RANGES] {
    let mut starts = [0; RANGES];
    let (mut range, mut start) = (1, FIRST);
    while range < RANGES {
        starts[range] = start;
        start += start / 20;
        range += 1;
    }
    starts
}

/// The range in which a time lies.
#[must_use]
pub fn range_of(time: Duration) -> usize {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    STARTS.partition_point(|start| *start <= millis).saturating_sub(1)
}

/// When a range begins. The one after it begins at its end.
#[must_use]
pub fn range_start(range: usize) -> Duration {
    Duration::from_millis(STARTS[range.min(RANGES - 1)])
}

/// How many invalidations took how long, from accepted to completed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletionTimes {
    /// The number of invalidations, by range.
    pub counts: BTreeMap<usize, u64>,
}

impl CompletionTimes {
    pub fn add(&mut self, range: usize, invalidations: u64) {
        *self.counts.entry(range.min(RANGES - 1)).or_default() += invalidations;
    }

    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The time within which so many percent of the invalidations completed, to 5 %. `None` if there are none.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut before = 0;
        let range = self.counts.iter().find_map(|(range, count)| {
            before += count;
            (before >= rank).then_some(*range)
        })?;
        // The middle of the range.
        Some((range_start(range) + range_start(range + 1)) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other_and_grow_by_a_twentieth() {
        assert_eq!(STARTS[..4], [0, 100, 105, 110]);
        for pair in STARTS[1..].windows(2) {
            assert!(pair[0] < pair[1] && pair[1] - pair[0] <= pair[0] / 20, "{pair:?}");
        }
        assert!(STARTS[RANGES - 1] > 60 * 86_400_000, "a range of some months");
        for range in 0..RANGES {
            assert_eq!(range_of(range_start(range)), range);
        }
        assert_eq!(range_of(Duration::from_micros(99_999)), 0);
        assert_eq!(range_of(Duration::MAX), RANGES - 1);
    }

    #[test]
    fn a_percentile_is_within_five_percent() {
        let mut times = CompletionTimes::default();
        assert_eq!(times.percentile(50), None);
        let all: Vec<Duration> = (1..=1_000).map(|n| Duration::from_millis(n * 73)).collect();
        for time in &all {
            times.add(range_of(*time), 1);
        }
        assert_eq!(times.total(), 1_000);
        for (percent, place) in [(50, 499), (95, 949), (100, 999)] {
            let (found, truth) = (times.percentile(percent).unwrap().as_secs_f64(), all[place].as_secs_f64());
            assert!((found / truth - 1.0).abs() < 0.05, "{percent} %: {found} s for {truth} s");
        }
    }
}
