//! When a message is tried again, and how long messages of one run wait for each other.

use std::time::Duration;

use crate::time::Timestamp;

/// How long a message is tried. After that it is given up, until somebody sends it again.
pub const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);
/// How long a message waits for another notice of the same run.
pub const QUIET: Duration = Duration::from_secs(10);
/// How long a message waits for further notices at the most.
pub const TOGETHER_MAX: Duration = Duration::from_mins(2);
/// How long a message is kept after its end.
pub const KEPT: Duration = Duration::from_hours(40 * 24);

/// The pauses after the first failures in a row. The last one is kept.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_mins(1),
    Duration::from_mins(3),
    Duration::from_mins(10),
    Duration::from_mins(15),
];
/// The longest pause: one that a receiver asked for.
pub const LONGEST_PAUSE: Duration = Duration::from_hours(6);

/// When the next try is due after so many failures in a row, of which this was the last. What the receiver asked for with
/// `Retry-After` is kept if it is longer.
#[must_use]
pub fn next_try(failures: u32, asked: Option<Duration>, now: Timestamp) -> Timestamp {
    let at = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    let asked = asked.unwrap_or_default().min(LONGEST_PAUSE);
    now.plus(PAUSES.get(at).copied().unwrap_or(QUIET).max(asked))
}

/// When a message is due that has just got a notice, and whose first one came at `first`.
#[must_use]
pub fn due_with_others(first: Timestamp, now: Timestamp) -> Timestamp {
    now.plus(QUIET).min(first.plus(TOGETHER_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_a_receiver_may_ask_for_more() {
        let now = Timestamp::from_micros(0);
        let after = |failures, asked: Option<u64>| {
            next_try(failures, asked.map(Duration::from_secs), now).since(now).as_secs()
        };
        assert_eq!([after(0, None), after(1, None), after(2, None), after(3, None)], [5, 5, 15, 60]);
        assert_eq!([after(6, None), after(7, None), after(u32::MAX, None)], [900, 900, 900]);
        assert_eq!([after(1, Some(30)), after(6, Some(30))], [30, 900]);
        assert_eq!(after(1, Some(1_000_000)), 6 * 3_600, "but not for ever");
    }

    #[test]
    fn a_message_waits_for_others_but_not_for_long() {
        let first = Timestamp::from_micros(0);
        assert_eq!(due_with_others(first, first), first.plus(QUIET));
        let later = first.plus(Duration::from_secs(115));
        assert_eq!(due_with_others(first, later), first.plus(TOGETHER_MAX));
    }
}
