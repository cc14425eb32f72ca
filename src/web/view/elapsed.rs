//! How long an invalidation has been in progress, beside how long that usually takes. `static/time.js` goes on counting, with
//! the same words.

use std::time::Duration;

use crate::domain::{invalidations::retry, time::Timestamp};

/// The time since an invalidation was requested or accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElapsedView {
    /// Milliseconds since 1970, for scripts.
    pub since_millis: i64,
    /// The usual time of the distribution in seconds. `None` if too few are known.
    pub usual: Option<u64>,
    pub seconds: u64,
}

impl ElapsedView {
    pub fn new(since: Timestamp, usual: Option<Duration>, now: Timestamp) -> Self {
        Self {
            since_millis: since.as_micros() / 1_000,
            usual: usual.map(|span| span.as_secs().max(1)),
            seconds: now.since(since).as_secs(),
        }
    }

    /// Where the progress ends, in seconds: at the usual time, or at the time in which CloudFront completes most of them.
    pub fn expected(&self) -> u64 {
        self.usual.unwrap_or(retry::USUAL.as_secs())
    }

    /// The elapsed seconds, but at most the expected ones.
    pub fn progress(&self) -> u64 {
        self.seconds.min(self.expected())
    }

    /// Whether it takes half as long again as usual, and five seconds longer.
    pub fn is_late(&self) -> bool {
        self.usual.is_some_and(|usual| self.seconds > usual + (usual / 2).max(5))
    }

    /// `12 s, usually 22 s`
    pub fn describe(&self) -> String {
        let late = if self.is_late() { "longer than usual: " } else { "" };
        let usual = self.usual.map(|usual| format!(", usually {}", seconds(usual))).unwrap_or_default();
        format!("{late}{}{usual}", seconds(self.seconds))
    }
}

fn seconds(count: u64) -> String {
    if count < 120 { format!("{count} s") } else { format!("{} min", count / 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_longer_than_usual_says_so() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let words = |usual: Option<u64>, after: i64| {
            ElapsedView::new(at(100), usual.map(Duration::from_secs), at(100 + after)).describe()
        };
        assert_eq!(words(Some(22), 12), "12 s, usually 22 s");
        assert_eq!(words(Some(22), 33), "33 s, usually 22 s");
        assert_eq!(words(Some(22), 34), "longer than usual: 34 s, usually 22 s");
        assert_eq!(words(Some(2), 7), "7 s, usually 2 s");
        assert_eq!(words(Some(2), 8), "longer than usual: 8 s, usually 2 s");
        assert_eq!(words(Some(60), 600), "longer than usual: 10 min, usually 60 s");
        assert_eq!(words(None, 90), "90 s", "nothing is usual yet");
    }
}
