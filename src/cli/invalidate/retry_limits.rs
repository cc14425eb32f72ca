//! How long the command tries a server that does not answer, and when it says so.

use std::{future::Future, pin::Pin, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::domain::time::span_in_words;

use super::progress::Progress;

/// How often the pause between two attempts is doubled.
const DOUBLED: u32 = 3;

/// For how long a request is tried.
#[derive(Debug, Clone, Copy)]
pub struct RetryLimits {
    /// After this time, the user is told.
    pub say_after: Duration,
    /// The longest time in all.
    pub give_up_after: Duration,
    /// The first pause between two attempts. Later ones are longer.
    pub pause: Duration,
}

impl Default for RetryLimits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { say_after: seconds(10), give_up_after: seconds(60), pause: seconds(1) }
    }
}

impl RetryLimits {
    /// The pauses after the attempts, without an end.
    pub fn pauses(self) -> impl Iterator<Item = Duration> {
        (0..).map(move |attempt: u32| self.pause * 2_u32.pow(attempt.min(DOUBLED)))
    }
}

/// The attempts at one request.
#[derive(Debug)]
pub struct Attempts {
    limits: RetryLimits,
    since: Instant,
    is_told: bool,
    /// Why there is no answer yet.
    pub trouble: String,
}

impl Attempts {
    pub fn new(limits: RetryLimits, since: Instant, server: &str) -> Self {
        Self { limits, since, is_told: false, trouble: format!("{server} does not answer") }
    }

    /// Goes on with the work, and tells the user once that there is no answer. `None` if the time is over.
    pub async fn during<T>(
        &mut self,
        mut work: Pin<&mut impl Future<Output = T>>,
        progress: &mut Progress,
    ) -> Option<T> {
        if !self.is_told {
            if let Ok(done) = timeout_at(self.since + self.limits.say_after, work.as_mut()).await {
                return Some(done);
            }
            self.is_told = true;
            let most = span_in_words(self.limits.give_up_after);
            progress.trouble(&format!("{}; trying again for up to {most} in all", self.trouble));
        }
        timeout_at(self.since + self.limits.give_up_after, work).await.ok()
    }

    /// What is said when the time is over.
    pub fn given_up(&self) -> String {
        format!("{}; gave up after {}", self.trouble, span_in_words(self.limits.give_up_after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_server_is_told_after_ten_seconds_and_tried_for_a_minute() {
        let limits = RetryLimits::default();
        assert_eq!((limits.say_after.as_secs(), limits.give_up_after.as_secs()), (10, 60));
        let pauses: Vec<u64> = limits.pauses().take(6).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 8, 8]);
        assert_eq!(
            Attempts::new(limits, Instant::now(), "S").given_up(),
            "S does not answer; gave up after 1 min"
        );
    }
}
