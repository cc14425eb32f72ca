//! The pace of calls: so many a second, with a burst, kept as one point in time.
//!
//! This is the generic cell rate algorithm: `next_at` is when the next call would be due at the even rate.

use std::time::Duration;

use crate::time::Timestamp;

/// A rate with a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    interval: Duration,
    /// How far ahead of the even rate calls may run.
    slack: Duration,
    /// As far ahead as calls that were charged afterwards count. What lies further ahead is a clock that was put back.
    reach: Duration,
}

impl Pace {
    /// `rate` calls a second, and up to `burst` at once after a rest. Both must be above zero.
    #[must_use]
    pub fn new(rate: f64, burst: u32) -> Self {
        let interval = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(Duration::from_hours(24));
        let slack = interval.saturating_mul(burst.saturating_sub(1));
        Self { interval, slack, reach: slack.saturating_add(interval).saturating_mul(4) }
    }

    /// The same rate for what may wait: a call goes only where the burst is whole, and leaves it to others.
    #[must_use]
    pub const fn behind(self) -> Self {
        Self { slack: Duration::ZERO, ..self }
    }

    /// The same rate for what may wait a little: half of the burst is left to others, who so come first.
    #[must_use]
    pub fn sparing(self) -> Self {
        Self { slack: self.slack / 2, ..self }
    }

    /// The `next_at` after AWS asked for a slower pace and had asked `before` times in a row already: nothing goes for
    /// the time of 5 calls, 10, 20, …, as far as counts.
    #[must_use]
    pub fn back_off(self, next_at: Timestamp, now: Timestamp, before: u32) -> Timestamp {
        let wait = self.interval.saturating_mul(5 << before.min(5));
        self.due(next_at, now).max(now.plus(self.slack)).plus(wait).min(now.plus(self.reach))
    }

    /// The `next_at` after calls that were made beyond the one that was taken. Nobody pays for more than four bursts:
    /// after a rush those who wait go on within seconds.
    #[must_use]
    pub fn charge(self, next_at: Timestamp, now: Timestamp, calls: u32) -> Timestamp {
        self.due(next_at, now).plus(self.interval.saturating_mul(calls)).min(now.plus(self.reach))
    }

    /// When a call may go, if so many others go before it.
    #[must_use]
    pub fn when(self, next_at: Timestamp, now: Timestamp, others: usize) -> Timestamp {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let due = self.due(next_at, now);
        due.plus(self.interval.saturating_mul(others)).minus(self.slack).max(now)
    }

    /// Takes one call: the new `next_at`, or the time from which on a call is within the pace.
    pub fn take(self, next_at: Timestamp, now: Timestamp) -> Result<Timestamp, Timestamp> {
        let due = self.due(next_at, now);
        if due.since(now) <= self.slack { Ok(due.plus(self.interval)) } else { Err(due.minus(self.slack)) }
    }

    /// When the next call is due. After a clock was put back nobody knows: the burst counts as used, and calls go on at
    /// the even rate.
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
