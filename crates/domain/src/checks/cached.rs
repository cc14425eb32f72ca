//! When the answer of a look was cached, as far as it can be proved.

use std::time::Duration;

use super::{Answer, CheckCause, Evidence, Look, XCache};
use crate::time::Timestamp;

/// When an answer was cached, relative to the moment at which the invalidation was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cached {
    Before,
    Since,
    /// Neither is proved, for this reason.
    Unknown(CheckCause),
}

/// `Age` is in whole seconds, rounded down, and some caches subtract two rounded times: it is off by up to this.
const ROUNDING: Duration = Duration::from_secs(1);
/// The moment of acceptance is when CloudFront's answer reached us. CloudFront may have begun this much earlier.
const ACCEPTING: Duration = Duration::from_secs(1);
/// How far any two clocks are apart at the most: each may be off by 30 s.
///
/// RFC 9111, section 4.2.3: a cache may take `Age` from the origin's `Date` where that gives more. The `Age` of an
/// answer that was fetched just now is then as large as the cache's clock is ahead of the origin's.
const CLOCKS: Duration = Duration::from_mins(1);
/// An answer that is no older than this may have been fetched just now.
const JUST_NOW: Duration = Duration::from_secs(2);
/// What a cache sends that cannot count so far (RFC 9111, section 1.2.2). No time follows from it.
const AGE_OVERFLOW: u64 = (1 << 31) - 1;

/// Says when the answer of `evidence.after` was cached.
///
/// That is the moment of the answer by our own clock less `Age`, never `Date` less `Age`. A cache that keeps the
/// origin's `Date` (Varnish) would be counted twice, and the clock behind `Date` is another's. The cache wrote `Age`
/// at some moment while we waited, so each bound takes its own end of the wait. Between the bounds nothing is proved.
/// The look must have been sent after acceptance; the verdict sees to that.
pub(super) fn cached(evidence: &Evidence<'_>) -> Cached {
    let look = evidence.after;
    let Some(accepted) = evidence.accepted_at else { return Cached::Unknown(CheckCause::NoInvalidation) };
    let age = match look.answer().ok_or(CheckCause::NoAge).and_then(age_of_cache) {
        Ok(age) => age,
        Err(cause) => return Cached::Unknown(cause),
    };
    let (earliest, latest) = (look.sent_at().minus(age + ROUNDING), latest(look, age));
    if earliest >= accepted {
        return Cached::Since;
    }
    // The `Date` that came need not be the one that `Age` was taken from: a cache may write its own (nginx).
    let has_date = look.answer().is_some_and(|answer| answer.date.is_some());
    let is_inflated = has_date && !is_stored_answer_of(evidence, accepted);
    let latest = if is_inflated { latest.plus(CLOCKS) } else { latest };
    if latest < accepted { Cached::Before } else { Cached::Unknown(CheckCause::AgeTooNear) }
}

/// The answer of the look before, if it is one of before acceptance: it came before, or its own `Age` proves that it
/// was cached before. Anything later may already be the new version.
pub(super) fn answer_before<'a>(evidence: &Evidence<'a>) -> Option<&'a Answer> {
    let (look, accepted) = (evidence.before?, evidence.accepted_at?);
    let answer = look.answer()?;
    let is_proved = || age_of_cache(answer).is_ok_and(|age| latest(look, age).plus(CLOCKS) < accepted);
    (look.at <= accepted || is_proved()).then_some(answer)
}

/// The latest moment at which an answer with this `Age` was cached, if `Age` was not taken from `Date`.
fn latest(look: &Look, age: Duration) -> Timestamp {
    look.at.minus(age).plus(ROUNDING + ACCEPTING)
}

/// The `Age`, if a cache wrote it.
///
/// Without `Age` an answer may come from a cache all the same (RFC 9111, section 5.1): nginx sends none with its hits.
/// A `Miss` of CloudFront has none either, and a cache behind it may have had the bytes.
fn age_of_cache(answer: &Answer) -> Result<Duration, CheckCause> {
    match &answer.x_cache {
        Some(x_cache) if x_cache.is_generated() => return Err(CheckCause::GeneratedAtEdge),
        Some(XCache::Redirect) => return Err(CheckCause::RedirectToHttps),
        _ if is_error_page(answer) => return Err(CheckCause::ErrorPageServed),
        _ => {}
    }
    match answer.age {
        Some(AGE_OVERFLOW..) => Err(CheckCause::Contradiction),
        Some(age) => Ok(Duration::from_secs(age)),
        None => Err(why_no_age(answer)),
    }
}

fn why_no_age(answer: &Answer) -> CheckCause {
    if answer.is_redirect() {
        return CheckCause::Redirected;
    }
    if !answer.via_cloudfront {
        return CheckCause::NotCloudFront;
    }
    match answer.x_cache {
        Some(XCache::Unknown(_)) => CheckCause::UnknownXCache,
        Some(XCache::RefreshHit) => CheckCause::Revalidated,
        Some(XCache::Miss) if answer.forbids_caching => CheckCause::NeverCached,
        _ => CheckCause::NoAge,
    }
}

/// Whether CloudFront tells of an error beside a status that is none: a custom error page has the status that people
/// set for it.
pub(super) fn is_error_page(answer: &Answer) -> bool {
    let tells_error = matches!(
        answer.x_cache,
        Some(XCache::Error | XCache::FunctionFailed | XCache::LambdaFailed | XCache::LimitExceeded)
    );
    tells_error && !answer.is_error()
}

/// Whether the look after got the very answer that was stored at the look before: the same `Date`, or the same moment
/// at which it was cached. Both are compared with themselves, so that no clock of another counts.
fn is_stored_answer_of(evidence: &Evidence<'_>, accepted: Timestamp) -> bool {
    let (Some(before), after) = (evidence.before, evidence.after) else { return false };
    let (Ok(first), Ok(second)) = (&before.outcome, &after.outcome) else { return false };
    // The look before may itself have made the cache fetch, and `Age` may be too great even then. Where that was at
    // about acceptance, the answer has the same times as one that was fetched just after it.
    let is_old = !matches!(first.x_cache, Some(XCache::Miss | XCache::RefreshHit))
        && first.age.is_some_and(|age| Duration::from_secs(age) > JUST_NOW);
    if before.at > accepted || (!is_old && before.at.plus(JUST_NOW + ACCEPTING) > accepted) {
        return false;
    }
    let dates = first.date.zip(second.date);
    if dates.is_some_and(|(first, second)| first == second) {
        return true;
    }
    // The times in whole seconds, less each other, are off by less than one, and the answers came while we waited.
    let tolerance = ROUNDING + before.duration + after.duration;
    let between = after.at.since(before.at);
    // A cache that keeps `Date` has another answer by now; one that writes a new `Date` (nginx) writes the time.
    let writes_date = dates.is_none_or(|(first, second)| second.since(first).abs_diff(between) <= tolerance);
    let ages = first.age.zip(second.age);
    let grew_with_time = ages.is_some_and(|(first, second)| {
        second >= first && Duration::from_secs(second - first).abs_diff(between) <= tolerance
    });
    writes_date && grew_with_time
}
