//! Which batch of a distribution goes next.
//!
//! Batches come in order of their number within their invalidation, then of age, so that a small request is not held
//! back behind a giant one's later batches. One that does not fit beside what is in progress may be passed by
//! smaller ones, but not for ever.

use std::time::Duration;

use super::{
    batching::{Limits, Load},
    id::BatchId,
    time::Timestamp,
};

/// How long a batch that does not fit lets smaller ones pass.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A batch that is due, as far as the choice needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: BatchId,
    pub load: Load,
    /// Its load is counted as in flight already: a call for it was begun before.
    pub counted: bool,
    pub due_at: Timestamp,
}

/// The first candidate, in the order given, that may go now.
#[must_use]
pub fn pick(candidates: &[Candidate], in_flight: Load, limits: Limits, now: Timestamp) -> Option<&Candidate> {
    for candidate in candidates {
        if candidate.counted || in_flight.leaves_room_for(candidate.load, limits) {
            return Some(candidate);
        }
        if now.since(candidate.due_at) >= PATIENCE {
            return None;
        }
    }
    None
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
            due_at: NOW.minus(Duration::from_secs(waited)),
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
    }

    #[test]
    fn one_whose_call_was_begun_needs_no_new_room() {
        let mut all = [candidate("again", 3_000, 0)];
        all[0].counted = true;
        assert_eq!(picked(&all, 3_000).as_deref(), Some("again"));
    }
}
