//! What the looks at a URL prove.

use super::{
    Answer, CheckCause, Evidence, ExpectedContent, Freshness, Look, LookFailure, XCache,
    cached::{Cached, answer_before, cached, is_error_page},
    content::{Comparison, compare},
    diagnosis::diagnose,
    hidden_file::hides_missing_file,
    url_parts::UrlParts,
};

/// Whether viewers get the new version. It is proved from the looks and their times, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Other content than before that was cached since the invalidation, or what people expect.
    Fresh,
    /// Cached since the invalidation, with the same content: the origin has nothing new.
    Unchanged,
    /// Cached before the invalidation.
    Stale,
    /// An error, or not what people expect.
    Broken,
    /// None of these is proved.
    Unclear,
}

impl Verdict {
    pub const ALL: [Self; 5] = [Self::Fresh, Self::Unchanged, Self::Stale, Self::Broken, Self::Unclear];

    /// The stable word, in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Broken => "broken",
            Self::Unclear => "unclear",
        }
    }

    /// The verdict of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }
}

/// A verdict with its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    /// `None` for `fresh`.
    pub cause: Option<CheckCause>,
}

impl Judgement {
    const FRESH: Self = Self { verdict: Verdict::Fresh, cause: None };

    const fn new(verdict: Verdict, cause: CheckCause) -> Self {
        Self { verdict, cause: Some(cause) }
    }

    pub(super) const fn unclear(cause: CheckCause) -> Self {
        Self::new(Verdict::Unclear, cause)
    }

    pub(super) const fn broken(cause: CheckCause) -> Self {
        Self::new(Verdict::Broken, cause)
    }

    /// Whether nothing is wrong with the answer, and there is nothing to judge its age by: there is no invalidation, or it
    /// is an API's.
    #[must_use]
    pub fn only_answers(self) -> bool {
        matches!(self.cause, Some(CheckCause::NoInvalidation | CheckCause::Answers))
    }

    /// What it says where this was expected, in one word for people.
    #[must_use]
    pub fn label_for(self, expected: ExpectedContent) -> &'static str {
        if self.only_answers() { "Answers" } else { Freshness::from(self.verdict).label_for(expected) }
    }

    /// The word for the looks of a page.
    #[must_use]
    pub fn state(self) -> &'static str {
        if self.only_answers() { "answers" } else { self.verdict.as_str() }
    }
}

/// Says what the evidence proves about the look after.
#[must_use]
pub fn judge(evidence: &Evidence<'_>) -> Judgement {
    let answer = match &evidence.after.outcome {
        Ok(answer) => answer,
        Err(failure) => return judge_failure(*failure, evidence),
    };
    let is_gone = evidence.expected == ExpectedContent::Gone && matches!(answer.status, 403 | 404 | 410);
    if answer.is_error() && !is_gone {
        let is_guess =
            evidence.is_guessed && matches!(answer.status, 403 | 404 | 410) && !was_there(evidence);
        return if is_guess {
            Judgement::unclear(CheckCause::GuessedUrl)
        } else {
            Judgement::broken(diagnose(evidence))
        };
    }
    // What was there before the invalidation says nothing about what is there after it.
    if evidence.accepted_at.is_some_and(|accepted| evidence.after.sent_at() < accepted) {
        return Judgement::unclear(CheckCause::TooEarly);
    }
    // No look is conditional, so that nobody may be told that nothing has changed (RFC 9110, section 15.4.5).
    if answer.status == 304 {
        return Judgement::unclear(CheckCause::Contradiction);
    }
    match evidence.expected {
        ExpectedContent::Gone if is_gone => Judgement::FRESH,
        ExpectedContent::Gone => judge_not_gone(evidence, answer),
        ExpectedContent::NewVersion => judge_version(evidence, answer, None),
        ExpectedContent::Sha256(expected) => {
            let whole = answer.body.filter(|body| body.whole);
            judge_version(evidence, answer, whole.map(|body| body.sha256 == expected))
        }
    }
}

/// Judges a look without an answer. Where we did not ask, nothing is known of what viewers get.
pub(super) fn judge_failure(failure: LookFailure, evidence: &Evidence<'_>) -> Judgement {
    let is_ours = matches!(
        failure,
        LookFailure::NotLooked
            | LookFailure::SecretNotRead
            | LookFailure::AddressRefused
            | LookFailure::RedirectNotFollowed
    );
    let cause = diagnose(evidence);
    if is_ours { Judgement::unclear(cause) } else { Judgement::broken(cause) }
}

/// Whether the look before got an answer that is no error.
fn was_there(evidence: &Evidence<'_>) -> bool {
    evidence.before.and_then(Look::answer).is_some_and(|answer| !answer.is_error())
}

/// Judges an answer that is no error although the URL was taken down.
fn judge_not_gone(evidence: &Evidence<'_>, answer: &Answer) -> Judgement {
    // Neither is the page that was taken down.
    if is_error_page(answer) {
        return Judgement::unclear(CheckCause::ErrorPageServed);
    }
    if answer.x_cache == Some(XCache::Redirect) {
        return Judgement::unclear(CheckCause::RedirectToHttps);
    }
    if cached(evidence) == Cached::Before && is_completed(evidence) {
        return Judgement::new(Verdict::Stale, why_stale(evidence, answer));
    }
    broken_if_completed(evidence, CheckCause::NotGone)
}

/// Judges an answer that is no error. `is_expected_body` is `None` where no body is expected, or where the body that
/// came cannot be compared with it.
fn judge_version(evidence: &Evidence<'_>, answer: &Answer, is_expected_body: Option<bool>) -> Judgement {
    if is_expected_body == Some(true) {
        return Judgement::FRESH;
    }
    if hides_missing_file(evidence, answer) {
        return Judgement::broken(CheckCause::HiddenMissingFile);
    }
    let by_age = judge_by_age(evidence, answer);
    // The body of a redirect is not what viewers see.
    if by_age.verdict == Verdict::Stale || answer.is_redirect() {
        return by_age;
    }
    if answer.required_text_found == Some(false) {
        return broken_if_completed(evidence, CheckCause::TextMissing);
    }
    if answer.forbidden_text_found == Some(true) {
        return broken_if_completed(evidence, CheckCause::TextForbidden);
    }
    if is_expected_body == Some(false) {
        let is_proved = by_age.verdict == Verdict::Unchanged || by_age.cause == Some(CheckCause::TooEarly);
        return if is_proved { by_age } else { Judgement::unclear(CheckCause::OtherBody) };
    }
    // A custom error page may have the text too.
    if !is_error_page(answer) && is_proved_by_text(evidence, answer) { Judgement::FRESH } else { by_age }
}

/// Judges by what was cached when, and by what changed.
fn judge_by_age(evidence: &Evidence<'_>, answer: &Answer) -> Judgement {
    match (cached(evidence), change(evidence, answer)) {
        (Cached::Unknown(cause), _) => Judgement::unclear(cause),
        // Nobody knows what CloudFront answered with: it may be a page for an error, as with `Error`.
        (Cached::Since, Comparison::Other)
            if answer.x_cache.as_ref().is_some_and(XCache::is_unknown_of_cloudfront) =>
        {
            Judgement::unclear(CheckCause::UnknownXCache)
        }
        // These are not the bytes of before, and no cache had them before.
        (Cached::Since, Comparison::Other) => Judgement::FRESH,
        // The origin may have failed, and a cache may start `Age` anew all the same (Stack Overflow 71778683).
        (_, Comparison::Same | Comparison::Unknown) if answer.x_cache == Some(XCache::RefreshHit) => {
            Judgement::unclear(CheckCause::Revalidated)
        }
        // An unknown value may mean the same, so that it does not prove that the origin has nothing new.
        (Cached::Since, Comparison::Same) if matches!(answer.x_cache, Some(XCache::Unknown(_))) => {
            Judgement::unclear(CheckCause::UnknownXCache)
        }
        (Cached::Since, Comparison::Same) => Judgement::new(Verdict::Unchanged, CheckCause::OriginUnchanged),
        (Cached::Since, Comparison::Unknown) => Judgement::unclear(CheckCause::NothingToCompare),
        // CloudFront passes on the `Age` of a cache behind it, which may have had the new version for long.
        (Cached::Before, Comparison::Other) => Judgement::unclear(CheckCause::CacheBehind),
        (Cached::Before, Comparison::Same | Comparison::Unknown) if !is_completed(evidence) => {
            Judgement::unclear(CheckCause::TooEarly)
        }
        (Cached::Before, Comparison::Same | Comparison::Unknown) => {
            Judgement::new(Verdict::Stale, why_stale(evidence, answer))
        }
    }
}

/// Compares the contents with those before. Where nothing else tells, a text that only one of them has does.
fn change(evidence: &Evidence<'_>, after: &Answer) -> Comparison {
    let Some(before) = answer_before(evidence) else { return Comparison::Unknown };
    let differs = |a: Option<bool>, b: Option<bool>| a.zip(b).is_some_and(|(a, b)| a != b);
    let texts_differ = differs(before.required_text_found, after.required_text_found)
        || differs(before.forbidden_text_found, after.forbidden_text_found);
    match compare(before, after) {
        Comparison::Unknown if texts_differ => Comparison::Other,
        comparison => comparison,
    }
}

/// Whether the texts prove that viewers get the new version: they are as expected, and were not before. Where nothing is known of before,
/// the text that must appear is enough; that another one is absent is not.
fn is_proved_by_text(evidence: &Evidence<'_>, answer: &Answer) -> bool {
    // Without an invalidation, what people expect is all that there is to prove.
    if evidence.accepted_at.is_none() {
        return answer.required_text_found == Some(true) && answer.text_is_as_expected() == Some(true);
    }
    let before = answer_before(evidence).and_then(Answer::text_is_as_expected);
    // People may have changed the texts between the looks.
    change(evidence, answer) != Comparison::Same
        && answer.text_is_as_expected() == Some(true)
        && before.map_or(answer.required_text_found == Some(true), |was_as_expected| !was_as_expected)
}

/// Whether the look was sent after CloudFront had cleared everything. Before that, an old copy is no wonder.
fn is_completed(evidence: &Evidence<'_>) -> bool {
    evidence.completed_at.is_some_and(|completed| evidence.after.sent_at() >= completed)
}

fn broken_if_completed(evidence: &Evidence<'_>, cause: CheckCause) -> Judgement {
    if evidence.accepted_at.is_none() || is_completed(evidence) {
        Judgement::broken(cause)
    } else {
        Judgement::unclear(CheckCause::TooEarly)
    }
}

/// The likely cause of an old copy.
fn why_stale(evidence: &Evidence<'_>, answer: &Answer) -> CheckCause {
    let url = UrlParts::of(evidence.url);
    let hosts = evidence.configuration.hosts.as_ref();
    if hosts.is_some_and(|hosts| !url.host.is_empty() && !url.is_host_of(hosts)) {
        CheckCause::OtherDistribution
    } else if answer.is_cache_behind {
        CheckCause::CacheBehind
    } else if answer.other_cache.is_some() || !answer.via_cloudfront {
        CheckCause::CacheInFront
    } else if answer.x_cache == Some(XCache::Miss) {
        // This edge location had no copy, so the `Age` is another cache's.
        CheckCause::CacheBehind
    } else {
        CheckCause::OldAtEdge
    }
}
