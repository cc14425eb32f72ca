//! When to send a batch again, and when to ask CloudFront again about an invalidation. The results are stored as
//! due times, so no worker sleeps.

use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// The longest wait before the next attempt.
pub const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// The longest wait before CloudFront is asked again about an invalidation in progress.
pub const LONGEST_LOOK: Duration = Duration::from_mins(10);

/// How long to wait after attempt number `attempt` before the next one. The first attempt is 1.
///
/// The step doubles with each attempt, up to five minutes. The wait is random, between half of the step and the
/// whole step. `dice` is a random number from the caller, so that this function is deterministic.
#[must_use]
pub fn wait_before_retry(attempt: u32, dice: u64) -> Duration {
    let step = SECOND.saturating_mul(1 << attempt.min(9)).min(LONGEST_RETRY);
    let half = step / 2;
    let range = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).max(1);
    half + Duration::from_millis(dice % range)
}

/// How long to wait before CloudFront is asked again about an invalidation that it accepted `age` ago.
///
/// CloudFront completes very few invalidations within 8 s and most within 25 s. So the wait is shortest in between,
/// and grows after that.
#[must_use]
pub fn wait_before_look(age: Duration) -> Duration {
    match age.as_secs() {
        0..8 => SECOND * 4,
        8..60 => Duration::from_millis(1_500),
        60..300 => Duration::from_secs(5),
        300..1_800 => Duration::from_secs(20),
        1_800..7_200 => Duration::from_mins(1),
        _ => LONGEST_LOOK,
    }
}

/// The age from which an invalidation in progress is unusually slow. Its page then says so.
///
/// AWS reports 25 s at the 95th percentile. Users have reported more than 10 minutes.
pub const SLOW_AFTER: Duration = Duration::from_mins(10);

/// How long an invalidation is expected to take if the distribution has no completed ones yet.
pub const USUAL: Duration = Duration::from_secs(25);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_are_jittered_and_stay_under_five_minutes() {
        assert!(wait_before_retry(1, 0) >= SECOND);
        assert!(wait_before_retry(1, u64::MAX) <= SECOND * 2);
        assert_ne!(wait_before_retry(5, 1), wait_before_retry(5, 10_000));
        for attempt in 0..100 {
            assert!(wait_before_retry(attempt, u64::MAX - 1) <= Duration::from_mins(5));
        }
    }

    #[test]
    fn the_young_are_asked_often_and_the_old_rarely() {
        let mut before = Duration::ZERO;
        for age in [8, 59, 60, 400, 2_000, 100_000] {
            let wait = wait_before_look(Duration::from_secs(age));
            assert!(wait >= before);
            before = wait;
        }
        let (mut age, mut looks) = (Duration::ZERO, 0);
        while age < Duration::from_secs(20) {
            age += wait_before_look(age);
            looks += 1;
        }
        assert_eq!(looks, 10, "a hundred in one distribution share these pages");
    }
}
