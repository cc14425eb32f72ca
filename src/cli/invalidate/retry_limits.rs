//! How long the command tries a server that does not answer, and when it says so.

use std::{future::Future, pin::Pin, time::Duration};

use tokio::time::{Instant, timeout_at};

use crate::domain::time::span_in_words;

use super::progress::Progress;

/// How often the pause between two attempts is doubled.
const DOUBLED: u32 = 3;

/// For how long a request is tried.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// After this time, the user is told.
    pub told_after: Duration,
    /// The longest time in all.
    pub most: Duration,
    /// The first pause between two attempts. Later ones are longer.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { told_after: seconds(10), most: seconds(60), pause: seconds(1) }
    }
}

impl Patience {
    /// The pauses after the attempts, without an end.
    pub fn pauses(self) -> impl Iterator<Item = Duration> {
        (0..).map(move |attempt: u32| self.pause * 2_u32.pow(attempt.min(DOUBLED)))
    }
}

/// The attempts at one request.
#[derive(Debug)]
pub struct Trying {
    patience: Patience,
    since: Instant,
    is_told: bool,
    /// Why there is no answer yet.
    pub trouble: String,
}

impl Trying {
    pub fn new(patience: Patience, since: Instant, server: &str) -> Self {
        Self { patience, since, is_told: false, trouble: format!("{server} does not answer") }
    }

    /// Goes on with the work, and tells the user once that there is no answer. `None` if the time is over.
    pub async fn during<T>(
        &mut self,
        mut work: Pin<&mut impl Future<Output = T>>,
        progress: &mut Progress,
    ) -> Option<T> {
        if !self.is_told {
            if let Ok(done) = timeout_at(self.since + self.patience.told_after, work.as_mut()).await {
                return Some(done);
            }
            self.is_told = true;
            let most = span_in_words(self.patience.most);
            progress.trouble(&format!("{}; trying again for up to {most} in all", self.trouble));
        }
        timeout_at(self.since + self.patience.most, work).await.ok()
    }

    /// What is said when the time is over.
    pub fn given_up(&self) -> String {
        format!("{}; gave up after {}", self.trouble, span_in_words(self.patience.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_server_is_told_after_ten_seconds_and_tried_for_a_minute() {
        let patience = Patience::default();
        assert_eq!((patience.told_after.as_secs(), patience.most.as_secs()), (10, 60));
        let pauses: Vec<u64> = patience.pauses().take(6).map(|pause| pause.as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 8, 8]);
        assert_eq!(
            Trying::new(patience, Instant::now(), "S").given_up(),
            "S does not answer; gave up after 1 min"
        );
    }
}
