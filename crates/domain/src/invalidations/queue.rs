//! Chooses the next batch of a distribution to send.
//!
//! Batches are sorted by their number within their invalidation, then by age, so that a small request does not wait
//! for all batches of a large one. A batch that does not fit is skipped, but not without end: once it has waited
//! for [`PATIENCE`], no other batch is sent until there is room for it.

use std::time::Duration;

use super::{
    batching::{CLOUDFRONT, Limits, Load},
    merging::MERGED_MAX,
    pace::Pace,
};
use crate::{id::BatchId, time::Timestamp};

/// How long other batches may be sent before a batch that does not fit.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A batch that is due, with the data that [`pick`] needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: BatchId,
    pub load: Load,
    /// Whether its load is already counted as in flight, because a call for it was started before.
    pub counted: bool,
    /// Whether it may be merged with others, because no call for it was ever started.
    pub may_merge: bool,
    /// When it was due, or when the last batch of the same invalidation was accepted, whichever is later.
    pub waiting_since: Timestamp,
}

/// How much of a distribution may be in progress, and how often its account is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput {
    pub limits: Limits,
    /// The pace of `CreateInvalidation`.
    pub create: Pace,
}

/// The position of a queued batch, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePosition {
    /// The number of batches of the same distribution that are due before it.
    pub before_here: usize,
    /// Those of them that may be merged with it. None if it has to go alone itself.
    pub mergeable_here: MergeableBatches,
    /// For each other distribution of the account, the number of queued batches. Distributions take turns.
    pub elsewhere: Vec<usize>,
    pub load: Load,
    pub due_at: Timestamp,
    /// When the account's next call is due at the even rate; see [`Pace`].
    pub next_call_at: Timestamp,
    /// Set while nothing is sent because AWS refuses all calls of the account.
    pub paused_until: Option<Timestamp>,
    /// When CloudFront accepted the oldest batch that the distribution has in progress.
    pub oldest_in_progress: Option<Timestamp>,
}

/// Queued batches that may be merged with another one, and the sum of their loads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MergeableBatches {
    pub count: usize,
    pub load: Load,
}

impl QueuePosition {
    /// How many batches are due before it.
    #[must_use]
    pub fn ahead(&self) -> usize {
        self.with_turns_elsewhere(self.before_here)
    }

    /// How many calls are made before the one that sends it: batches that are merged with it need none.
    fn calls_before(&self, in_flight: Load, limits: Limits) -> usize {
        let apart = if self.is_merged(in_flight, limits) {
            self.before_here.saturating_sub(self.mergeable_here.count)
        } else {
            self.before_here
        };
        self.with_turns_elsewhere(apart)
    }

    /// Whether all that may be merged with it fits into one batch with it. What they have in common makes that batch
    /// smaller, so this may say no where they are merged.
    fn is_merged(&self, in_flight: Load, limits: Limits) -> bool {
        let together = self.load.plus(self.mergeable_here.load);
        self.mergeable_here.count < MERGED_MAX
            && together.total() <= CLOUDFRONT.paths
            && in_flight.leaves_room_for(together, limits)
    }

    /// Distributions take turns, so each other one sends at most one batch for each batch of this one.
    fn with_turns_elsewhere(&self, before_here: usize) -> usize {
        let turns = before_here + 1;
        before_here + self.elsewhere.iter().map(|queued| (*queued).min(turns)).sum::<usize>()
    }

    /// An estimate of when it is sent. `usual` is the usual time from acceptance to completion.
    #[must_use]
    pub fn starts_at(
        &self,
        in_flight: Load,
        throughput: Throughput,
        usual: Duration,
        now: Timestamp,
    ) -> Timestamp {
        let turn =
            throughput.create.when(self.next_call_at, now, self.calls_before(in_flight, throughput.limits));
        let mut starts = turn.max(self.due_at);
        starts = self.paused_until.map_or(starts, |until| starts.max(until));
        if in_flight.leaves_room_for(self.load, throughput.limits) {
            return starts;
        }
        // There is room again when the oldest batch in progress completes.
        self.oldest_in_progress.map_or(starts, |oldest| starts.max(oldest.plus(usual)))
    }
}

/// The number as an English ordinal: `1st`, `2nd`, `3rd`, `4th`, `11th`, `22nd`.
#[must_use]
pub fn ordinal(number: usize) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The candidate to send now: one whose call was started before, else one that has waited for [`PATIENCE`], else
/// the first that fits. `None` if nothing may be sent now.
///
/// A batch always fits if nothing is in flight. Otherwise a batch that was made under higher limits would never be
/// sent.
#[must_use]
pub fn pick(candidates: &[Candidate], in_flight: Load, limits: Limits, now: Timestamp) -> Option<&Candidate> {
    let alone = in_flight == Load::default();
    let fits = |candidate: &&Candidate| alone || in_flight.leaves_room_for(candidate.load, limits);
    let begun = candidates.iter().find(|candidate| candidate.counted);
    if begun.is_some() {
        return begun;
    }
    let longest = candidates.iter().min_by_key(|candidate| candidate.waiting_since)?;
    if now.since(longest.waiting_since) >= PATIENCE {
        return Some(longest).filter(fits);
    }
    candidates.iter().find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalidations::batching::OURS;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    fn candidate(name: &str, paths: usize, waited: u64) -> Candidate {
        Candidate {
            id: BatchId::from_trusted(name),
            load: Load { paths, wildcards: 0 },
            counted: false,
            may_merge: true,
            waiting_since: NOW.minus(Duration::from_secs(waited)),
        }
    }

    fn picked(candidates: &[Candidate], paths: usize) -> Option<String> {
        pick(candidates, Load { paths, wildcards: 0 }, OURS, NOW).map(|c| c.id.to_string())
    }

    #[test]
    fn the_first_that_fits_goes() {
        let all = [candidate("big", 3_000, 5), candidate("small", 1, 1)];
        assert_eq!(picked(&all, 0).as_deref(), Some("big"));
        assert_eq!(picked(&all, 1).as_deref(), Some("small"));
        assert_eq!(picked(&all, 3_000), None);
    }

    #[test]
    fn one_that_waited_long_is_no_longer_passed() {
        let all = [candidate("big", 3_000, 60), candidate("small", 1, 1)];
        assert_eq!(picked(&all, 1), None);
        let all = [candidate("small", 1, 1), candidate("big", 3_000, 60)];
        assert_eq!(picked(&all, 1), None, "nor by one that comes before it");
        assert_eq!(picked(&all, 0).as_deref(), Some("big"));
    }

    #[test]
    fn one_that_was_split_under_wider_limits_goes_alone() {
        let all = [candidate("big", 3_000, 60)];
        let narrow = Limits { paths: 100, wildcards: 1 };
        let picked = |paths| pick(&all, Load { paths, wildcards: 0 }, narrow, NOW).map(|c| c.id.to_string());
        assert_eq!(picked(1), None);
        assert_eq!(picked(0).as_deref(), Some("big"));
    }

    fn place() -> QueuePosition {
        QueuePosition {
            before_here: 1,
            mergeable_here: MergeableBatches::default(),
            elsewhere: vec![100, 1],
            load: Load { paths: 1, wildcards: 0 },
            due_at: NOW,
            next_call_at: NOW,
            paused_until: None,
            oldest_in_progress: Some(NOW),
        }
    }

    fn starts(place: &QueuePosition, paths_in_flight: usize) -> u64 {
        let throughput = Throughput { limits: OURS, create: Pace::new(0.5, 1) };
        let in_flight = Load { paths: paths_in_flight, wildcards: 0 };
        place.starts_at(in_flight, throughput, Duration::from_secs(25), NOW).since(NOW).as_secs()
    }

    #[test]
    fn distributions_take_turns_in_the_count_too() {
        let place = place();
        assert_eq!(place.ahead(), 1 + 2 + 1);
        assert_eq!(starts(&place, 0), 8);
        assert_eq!(starts(&place, 3_000), 25);
    }

    #[test]
    fn what_goes_together_starts_together() {
        let alone = QueuePosition { before_here: 5, elsewhere: Vec::new(), ..place() };
        let merged = |count, paths| {
            let mergeable_here = MergeableBatches { count, load: Load { paths, wildcards: 0 } };
            QueuePosition { mergeable_here, before_here: count + 1, ..alone.clone() }
        };
        assert_eq!(starts(&alone, 0), 10);
        assert_eq!(starts(&merged(4, 2_000), 0), 2, "only the batch whose call was started is sent before");
        assert_eq!(merged(4, 2_000).ahead(), 5, "its place in the queue is the same");
        assert_eq!(starts(&merged(4, 3_000), 0), 10, "too many for one batch");
        assert_eq!(starts(&merged(4, 2_000), 999), 2);
        assert_eq!(starts(&merged(4, 2_000), 1_000), 10, "no room for all at once");
        assert_eq!(starts(&merged(MERGED_MAX, 100), 0), 2 * (MERGED_MAX as u64 + 1));
    }

    #[test]
    fn ordinals() {
        let told: Vec<String> = [1, 2, 3, 4, 11, 12, 21, 22, 113].into_iter().map(ordinal).collect();
        assert_eq!(told.join(" "), "1st 2nd 3rd 4th 11th 12th 21st 22nd 113th");
    }

    #[test]
    fn one_whose_call_was_begun_needs_no_new_room() {
        let mut all = [candidate("again", 3_000, 0)];
        all[0].counted = true;
        assert_eq!(picked(&all, 3_000).as_deref(), Some("again"));
    }
}
