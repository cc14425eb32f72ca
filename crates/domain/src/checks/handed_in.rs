//! What a probe hands in. Nothing of it is trusted: it is held against what the probe was given.

use std::{collections::HashSet, time::Duration};

use super::{Answer, CheckKind, CheckRun, Look, LookFailure};
use crate::time::Timestamp;

/// How much longer than this server counted a probe may have held its work: clocks run at different speeds.
const TOLERANCE: Duration = Duration::from_secs(5);

/// The looks of one round, as a probe hands them in. All times are spans, measured by the probe's own clock: what that
/// clock shows does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedIn {
    /// From when the probe got its work until it began to send this.
    pub held: Duration,
    pub looks: Vec<HandedInLook>,
}

/// One look at one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedInLook {
    /// The number of the URL in its run.
    pub number: usize,
    pub url: String,
    /// From when the head of the answer had arrived, or the look had failed, until the probe began to send this.
    pub ago: Duration,
    /// From before the request was sent until then.
    pub took: Duration,
    pub outcome: Result<Answer, LookFailure>,
}

/// Why looks are refused. The text follows what [`HandedInError::pointer`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandedInError {
    #[error("is empty")]
    Empty,
    #[error("is longer than this server counted since it gave the work out")]
    Held,
    #[error("is not the URL that this check has under this number, or appears twice")]
    Url(usize),
    #[error("is longer ago than the probe has had its work")]
    Time(usize),
    #[error("is nothing that a look keeps of an answer")]
    Answer(usize),
}

impl HandedInError {
    /// The place in the body (RFC 6901).
    #[must_use]
    pub fn pointer(self) -> String {
        match self {
            Self::Empty => "/looks".to_owned(),
            Self::Held => "/held_ms".to_owned(),
            Self::Url(index) => format!("/looks/{index}/url"),
            Self::Time(index) => format!("/looks/{index}/ago_ms"),
            Self::Answer(index) => format!("/looks/{index}/answer"),
        }
    }
}

impl HandedIn {
    /// The looks with their moments on our clock, by the numbers of their URLs. Looks that were not made say nothing,
    /// and are left out.
    ///
    /// A look ended at the latest `ago` before now. The probe cannot tell how long its work and its looks were on the
    /// way, but we can: it is the time since `offered_at` less what the probe held them. By so much each look may have
    /// been earlier, so that its duration is longer by it, and a verdict takes the worse end of that.
    pub fn checked(
        self,
        run: &CheckRun,
        offered_at: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<(usize, Look)>, HandedInError> {
        let counted = now.since(offered_at);
        if self.looks.is_empty() {
            return Err(HandedInError::Empty);
        }
        if now < offered_at || self.held > counted.saturating_add(TOLERANCE) {
            return Err(HandedInError::Held);
        }
        let on_the_way = counted.saturating_sub(self.held);
        let mut seen = HashSet::new();
        let mut looks = Vec::new();
        for (index, look) in self.looks.into_iter().enumerate() {
            // No probe was given an API.
            let urls = run.urls.iter().filter(|check| check.kind == CheckKind::Url);
            let is_of_run =
                urls.into_iter().any(|check| check.number == look.number && check.url == look.url);
            if !is_of_run || !seen.insert(look.number) {
                return Err(HandedInError::Url(index));
            }
            if look.ago.saturating_add(look.took) > self.held {
                return Err(HandedInError::Time(index));
            }
            if look.outcome.as_ref().is_ok_and(|answer| !answer.is_bounded()) {
                return Err(HandedInError::Answer(index));
            }
            if look.outcome != Err(LookFailure::NotLooked) {
                let duration = look.took + on_the_way;
                looks.push((look.number, Look { at: now.minus(look.ago), duration, outcome: look.outcome }));
            }
        }
        Ok(looks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        checks::{ApiCheck, ApiMethod, CheckRunState, Freshness, LookHeaders, SampleUrl, UrlCheck},
        id::{CheckRunId, DistributionId},
    };

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn run() -> CheckRun {
        let url = |path: &str| SampleUrl {
            url: format!("https://www.example.com{path}"),
            batch: None,
            guessed: false,
        };
        CheckRun {
            id: CheckRunId::from_trusted("c1"),
            distribution: DistributionId::from_trusted("E1"),
            invalidation: None,
            created_at: at(0),
            state: CheckRunState::After,
            round: 0,
            freshness: Freshness::Pending,
            due_at: None,
            urls: UrlCheck::of_run(vec![url("/a"), url("/b")], &[api()]),
        }
    }

    fn api() -> ApiCheck {
        let url = "https://www.example.com/api".to_owned();
        ApiCheck { url, method: ApiMethod::Get, headers: LookHeaders::default() }
    }

    fn look(number: usize, path: &str) -> HandedInLook {
        HandedInLook {
            number,
            url: format!("https://www.example.com{path}"),
            ago: 2 * SECOND,
            took: SECOND,
            outcome: Ok(Answer { status: 200, ..Answer::default() }),
        }
    }

    fn handed_in(looks: Vec<HandedInLook>) -> HandedIn {
        HandedIn { held: 4 * SECOND, looks }
    }

    fn refused(handed_in: HandedIn) -> HandedInError {
        handed_in.checked(&run(), at(100), at(110)).unwrap_err()
    }

    #[test]
    fn a_look_is_on_our_clock_and_as_uncertain_as_its_way_was_long() {
        let good = handed_in(vec![look(2, "/b"), look(1, "/a")]);
        let looks = good.checked(&run(), at(100), at(110)).unwrap();
        assert_eq!(looks.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [2, 1]);
        // Work and looks were on the way for 6 s: the request was sent between 101 and 107.
        assert_eq!((looks[0].1.at, looks[0].1.sent_at()), (at(108), at(101)));
    }

    #[test]
    fn a_look_that_was_not_made_says_nothing() {
        let silent = HandedInLook { outcome: Err(LookFailure::NotLooked), ..look(1, "/a") };
        assert_eq!(handed_in(vec![silent]).checked(&run(), at(100), at(110)), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_of_the_run_or_cannot_be_is_refused() {
        assert_eq!(refused(handed_in(Vec::new())), HandedInError::Empty);
        for foreign in [look(1, "/b"), look(3, "/a"), look(3, "/api"), look(0, "/a")] {
            assert_eq!(refused(handed_in(vec![look(2, "/b"), foreign])), HandedInError::Url(1));
        }
        assert_eq!(refused(handed_in(vec![look(1, "/a"), look(1, "/a")])), HandedInError::Url(1));
        let early = HandedInLook { ago: Duration::MAX, ..look(1, "/a") };
        assert_eq!(refused(handed_in(vec![early])), HandedInError::Time(0));
        let odd = HandedInLook { outcome: Ok(Answer::default()), ..look(1, "/a") };
        assert_eq!(refused(handed_in(vec![odd])), HandedInError::Answer(0));
        let long = HandedIn { held: Duration::MAX, looks: vec![look(1, "/a")] };
        assert_eq!(refused(long.clone()), HandedInError::Held);
        let ahead = handed_in(vec![look(1, "/a")]);
        assert_eq!(ahead.checked(&run(), at(120), at(110)), Err(HandedInError::Held));
    }
}
