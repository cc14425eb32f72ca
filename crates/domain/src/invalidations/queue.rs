//! Which batch of a distribution goes next.
//!
//! Batches come in order of their number within their invalidation, then of age, so that a small request is not held
//! back behind a giant one's later batches. A batch may be passed by others, but not for ever: once one has waited
//! long for its turn, nothing else is sent until there is room for it.

use std::time::Duration;

use super::{
    batching::{Limits, Load},
    pace::Pace,
};
use crate::{id::BatchId, time::Timestamp};

/// How long a batch lets others pass.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A batch that is due, as far as the choice needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: BatchId,
    pub load: Load,
    /// Its load is counted as in flight already: a call for it was begun before.
    pub counted: bool,
    /// When it was due, or when the last batch of the same invalidation was accepted, whichever was later.
    pub waiting_since: Timestamp,
}

/// Where a queued batch stands, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePosition {
    /// Batches of the same distribution that go before it.
    pub before_here: usize,
    /// How many are queued for each other distribution of the account; distributions take turns.
    pub elsewhere: Vec<usize>,
    pub load: Load,
    pub due_at: Timestamp,
    /// When the account's next call is due at the even rate.
    pub next_call_at: Timestamp,
    /// Set while AWS refuses the account as a whole.
    pub paused_until: Option<Timestamp>,
    /// When the oldest of what the distribution has in progress was accepted.
    pub oldest_in_progress: Option<Timestamp>,
}

impl QueuePosition {
    /// How many batches go before it.
    #[must_use]
    pub fn ahead(&self) -> usize {
        let turns = self.before_here + 1;
        self.before_here + self.elsewhere.iter().map(|queued| (*queued).min(turns)).sum::<usize>()
    }

    /// About when it goes, if all goes as usual.
    #[must_use]
    pub fn starts_at(
        &self,
        in_flight: Load,
        limits: Limits,
        pace: Pace,
        usual: Duration,
        now: Timestamp,
    ) -> Timestamp {
        let turn = pace.when(self.next_call_at, now, self.ahead());
        let mut starts = turn.max(self.due_at);
        starts = self.paused_until.map_or(starts, |until| starts.max(until));
        if in_flight.leaves_room_for(self.load, limits) {
            return starts;
        }
        self.oldest_in_progress.map_or(starts, |oldest| starts.max(oldest.plus(usual)))
    }
}

/// `1st`, `2nd`, `3rd`, `4th`, `11th`, `22nd`
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

/// The candidate that may go now: one whose call was begun, else one that has waited long, else the first that fits.
///
/// Alone a batch always fits: one that was split under wider limits would otherwise wait for ever.
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

    #[test]
    fn distributions_take_turns_in_the_count_too() {
        let place = QueuePosition {
            before_here: 1,
            elsewhere: vec![100, 1],
            load: Load { paths: 1, wildcards: 0 },
            due_at: NOW,
            next_call_at: NOW,
            paused_until: None,
            oldest_in_progress: Some(NOW),
        };
        assert_eq!(place.ahead(), 1 + 2 + 1);
        let starts = |in_flight| {
            let usual = Duration::from_secs(25);
            place.starts_at(in_flight, OURS, Pace::new(0.5, 1), usual, NOW).since(NOW).as_secs()
        };
        assert_eq!(starts(Load::default()), 8);
        assert_eq!(starts(Load { paths: 3_000, wildcards: 0 }), 25);
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
