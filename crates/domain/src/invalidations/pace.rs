//! The pace of calls: a rate per second with a burst. Its whole state is one point in time.
//!
//! This is the generic cell rate algorithm. `next_at` is the time at which the next call is due at the even rate. A
//! call may be made earlier by at most the slack.

use std::time::Duration;

use crate::time::Timestamp;

/// A rate with a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    interval: Duration,
    /// How long before its due time a call may be made.
    slack: Duration,
    /// The longest time by which `next_at` can be after now. A `next_at` beyond it means that the clock was set
    /// back.
    reach: Duration,
}

impl Pace {
    /// A pace of `rate` calls a second, and up to `burst` calls at once after a pause. Both must be above zero.
    #[must_use]
    pub fn new(rate: f64, burst: u32) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::from_hours(24));
        let slack = interval.saturating_mul(burst.saturating_sub(1));
        Self { interval, slack, reach: slack.saturating_add(interval).saturating_mul(4) }
    }

    /// The same rate without a burst, for calls that can wait. Such a call is allowed only if the full burst is
    /// available, and leaves the rest of the burst to other calls.
    #[must_use]
    pub const fn behind(self) -> Self {
        Self { slack: Duration::ZERO, ..self }
    }

    /// The same rate with half of the burst, for calls that can wait a short time. The other half is left to calls
    /// that are more urgent.
    #[must_use]
    pub fn sparing(self) -> Self {
        Self { slack: self.slack / 2, ..self }
    }

    /// The `next_at` after AWS has throttled a call. `before` is the number of throttled calls in a row before it.
    /// No call is allowed for the time of 5 calls, then 10, 20 and so on, up to a limit.
    #[must_use]
    pub fn back_off(self, next_at: Timestamp, now: Timestamp, before: u32) -> Timestamp {
        let wait = self.interval.saturating_mul(5 << before.min(5));
        self.due(next_at, now).max(now.plus(self.slack)).plus(wait).min(now.plus(self.reach))
    }

    /// The `next_at` after `calls` more calls than were taken with [`Pace::take`]. It is limited to the time of
    /// four bursts, so that after many calls at once others need not wait long.
    #[must_use]
    pub fn charge(self, next_at: Timestamp, now: Timestamp, calls: u32) -> Timestamp {
        self.due(next_at, now).plus(self.interval.saturating_mul(calls)).min(now.plus(self.reach))
    }

    /// When a call is allowed if `others` calls are made before it.
    #[must_use]
    pub fn when(self, next_at: Timestamp, now: Timestamp, others: usize) -> Timestamp {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let due = self.due(next_at, now);
        due.plus(self.interval.saturating_mul(others)).minus(self.slack).max(now)
    }

    /// Takes one call. Returns the new `next_at`, or as `Err` the time from which a call is allowed.
    pub fn take(self, next_at: Timestamp, now: Timestamp) -> Result<Timestamp, Timestamp> {
        let due = self.due(next_at, now);
        if due.since(now) <= self.slack { Ok(due.plus(self.interval)) } else { Err(due.minus(self.slack)) }
    }

    /// When the next call is due. If the clock was set back, that time is not known. Then the burst counts as used,
    /// and calls continue at the even rate.
    fn due(self, next_at: Timestamp, now: Timestamp) -> Timestamp {
        if next_at > now.plus(self.reach) { now.plus(self.slack) } else { next_at.max(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_even_rate() {
        let pace = Pace::new(0.5, 5);
        let start = Timestamp::from_micros(1_000_000_000);
        let mut next = Timestamp::from_micros(0);
        for _ in 0..5 {
            next = pace.take(next, start).unwrap();
        }
        let wait = pace.take(next, start).unwrap_err();
        assert_eq!(wait.since(start), Duration::from_secs(2));
        next = pace.take(next, wait).unwrap();
        assert!(pace.take(next, wait).is_err());
    }

    #[test]
    fn calls_behind_others_are_foretold() {
        let pace = Pace::new(0.5, 5);
        let now = Timestamp::from_micros(1_000_000_000);
        let wait = |others| pace.when(Timestamp::from_micros(0), now, others).since(now);
        assert_eq!(wait(4), Duration::ZERO);
        assert_eq!(wait(5), Duration::from_secs(2));
        assert_eq!(wait(14), Duration::from_secs(20));
    }

    #[test]
    fn what_may_wait_leaves_the_burst_to_others() {
        let pace = Pace::new(5.0, 15);
        let now = Timestamp::from_micros(1_000_000_000);
        let next = pace.behind().take(Timestamp::from_micros(0), now).unwrap();
        assert_eq!(pace.behind().take(next, now).unwrap_err().since(now), Duration::from_millis(200));
        assert!(pace.take(next, now).is_ok());
    }

    #[test]
    fn a_clock_put_back_holds_nothing_up() {
        let pace = Pace::new(1.0, 3);
        let start = Timestamp::from_micros(0);
        let mut next = start.plus(Duration::from_hours(24));
        let mut now = start;
        for _ in 0..10 {
            next = pace.take(next, now).unwrap_or_else(|wait| {
                now = wait;
                pace.take(next, now).unwrap()
            });
        }
        assert_eq!(now.since(start), Duration::from_secs(9), "the even rate, without a burst");
        let behind = pace.behind();
        assert!(behind.take(pace.take(start, start).unwrap(), start).is_err(), "others went just now");
    }

    #[test]
    fn a_back_off_grows_and_is_bounded() {
        let pace = Pace::new(5.0, 15);
        let now = Timestamp::from_micros(1_000_000_000);
        let wait = |before| pace.take(pace.back_off(now, now, before), now).unwrap_err().since(now);
        let waits: Vec<_> = [0, 1, 2, 3, 100].into_iter().map(|before| wait(before).as_millis()).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 9_200]);
    }

    #[test]
    fn what_is_sparing_leaves_half_of_the_burst() {
        let pace = Pace::new(5.0, 15);
        let now = Timestamp::from_micros(1_000_000_000);
        let (mut next, mut calls) = (now, 0);
        while let Ok(taken) = pace.sparing().take(next, now) {
            (next, calls) = (taken, calls + 1);
        }
        assert_eq!(calls, 8);
        assert!(pace.take(next, now).is_ok(), "others still go");
    }

    #[test]
    fn a_rush_is_paid_for_with_four_bursts_at_most() {
        let pace = Pace::new(5.0, 15);
        let start = Timestamp::from_micros(1_000_000_000);
        let mut next = start;
        for _ in 0..1_000 {
            next = pace.charge(next, start, 12);
        }
        let wait = pace.take(next, start).unwrap_err();
        assert!(wait.since(start) <= Duration::from_secs(12), "{wait:?}");
        assert!(pace.take(next, wait).is_ok());
    }
}
