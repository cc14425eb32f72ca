//! Which batch of a distribution goes next.
//!
//! Batches come in order of their number within their invalidation, then of age, so that a small request is not held
//! back behind a giant one's later batches. A batch may be passed by others, but not for ever: once one has waited
//! long for its turn, nothing else is sent until there is room for it.

use std::time::Duration;

use super::{
    batching::{Limits, Load},
    id::BatchId,
    time::Timestamp,
};

/// How long a batch lets others pass.
pub const PATIENCE: Duration = Duration::from_secs(60);

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

/// The candidate that may go now: one whose call was begun, else one that has waited long, else the first that fits.
#[must_use]
pub fn pick<'a>(
    candidates: &'a [Candidate],
    in_flight: Load,
    limits: Limits,
    now: Timestamp,
) -> Option<&'a Candidate> {
    let fits = |candidate: &&Candidate| in_flight.leaves_room_for(candidate.load, limits);
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
    use crate::domain::batching::OURS;

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
    fn one_whose_call_was_begun_needs_no_new_room() {
        let mut all = [candidate("again", 3_000, 0)];
        all[0].counted = true;
        assert_eq!(picked(&all, 3_000).as_deref(), Some("again"));
    }
}
