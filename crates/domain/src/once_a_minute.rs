//! Limits events to one a minute for each key. Clients that have not signed in can cause some events as often as
//! they like; this keeps the events from filling the history and the log.

use std::{collections::HashMap, hash::Hash, time::Duration};

use super::time::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);
/// The most keys that are remembered. While that many are younger than a minute, no event with a new key is
/// allowed.
const MOST: usize = 10_000;

/// For each key, when an event was last allowed.
#[derive(Debug)]
pub struct OnceAMinute<K>(HashMap<K, Timestamp>);

impl<K> Default for OnceAMinute<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> OnceAMinute<K> {
    /// Whether an event with this key may be written now. If so, the next one may be written after a minute.
    pub fn may_tell(&mut self, what: K, now: Timestamp) -> bool {
        if self.0.get(&what).is_some_and(|last| now.is_soon_after(*last, MINUTE)) {
            return false;
        }
        // Old keys are removed only when the map is full, so that most calls do not scan it.
        if self.0.len() >= MOST {
            self.0.retain(|_, last| now.is_soon_after(*last, MINUTE));
        }
        let room = self.0.len() < MOST;
        if room {
            self.0.insert(what, now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn each_thing_is_told_once_a_minute() {
        let mut minute = OnceAMinute::default();
        assert!(minute.may_tell("a", at(0)) && minute.may_tell("b", at(1)));
        assert!(!minute.may_tell("a", at(59)) && minute.may_tell("a", at(60)));
        assert!(!minute.may_tell("a", at(119)), "counted from when it was told");
        assert!(minute.may_tell("a", at(10)), "a clock that was put back silences nothing");
    }

    #[test]
    fn its_memory_is_bounded_and_comes_back() {
        let mut minute = OnceAMinute::default();
        let told = (0..=MOST).filter(|number| minute.may_tell(*number, at(0))).count();
        assert_eq!((told, minute.0.len()), (MOST, MOST));
        assert!(minute.may_tell(MOST, at(60)));
        assert_eq!(minute.0.len(), 1);
    }
}
