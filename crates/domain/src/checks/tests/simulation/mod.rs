//! Ten thousand random histories. The truth is what the world did, and owes nothing to the rules of the verdict.

mod history;
mod random;
mod world;

use std::{collections::BTreeMap, time::Duration};

use self::{
    history::{Fingerprint, History, Looked, random_history},
    random::Random,
    world::{AgeBy, How},
};
use super::{
    super::{CheckCause, Judgement, Verdict},
    Answer, BodyDigest, EdgeConfiguration, Evidence, ExpectedContent, Look, XCache, at, judge,
};

const HISTORIES: u64 = 10_000;

/// What our client makes of a look.
fn look(history: &History, looked: &Looked) -> Look {
    let fingerprint = history.fingerprint;
    let answer = looked.served.map_or_else(
        || Answer { status: 503, x_cache: Some(XCache::Error), via_cloudfront: true, ..Answer::default() },
        |served| {
            let text = format!("version {}", served.version);
            Answer {
                status: 200,
                x_cache: Some(match served.how {
                    How::Hit => XCache::Hit,
                    How::RefreshHit => XCache::RefreshHit,
                    How::Miss => XCache::Miss,
                }),
                age: served.age.map(|age| u64::try_from(age).unwrap_or(0)),
                date: history.has_date.then(|| at(served.date * 1_000)),
                body: (fingerprint == Fingerprint::Body).then(|| BodyDigest::of(text.as_bytes(), true)),
                etag: (fingerprint != Fingerprint::Nothing).then(|| format!("\"{text}\"")),
                via_cloudfront: true,
                ..Answer::default()
            }
        },
    );
    let duration = Duration::from_millis(u64::try_from(looked.at - looked.sent).unwrap());
    Look { at: at(looked.at), duration, outcome: Ok(answer) }
}

fn judgement(history: &History) -> Judgement {
    let before = history.before.as_ref().map(|looked| look(history, looked));
    judge(&Evidence {
        url: "https://www.example.com/news.html",
        accepted_at: Some(at(0)),
        completed_at: Some(at(history.completed)),
        before: before.as_ref(),
        after: &look(history, &history.after),
        expected: ExpectedContent::NewVersion,
        is_guessed: false,
        configuration: &EdgeConfiguration::default(),
    })
}

/// The version that the look before saw, if it was answered before acceptance.
fn version_before(history: &History) -> Option<usize> {
    let before = history.before.as_ref().filter(|before| before.at <= 0)?;
    before.served.map(|served| served.version)
}

/// Why the verdict is false, if it is.
fn lie(history: &History, verdict: Verdict) -> Option<&'static str> {
    let served = match (history.after.served, verdict) {
        (Some(served), _) => served,
        (None, Verdict::Broken) => return None,
        (None, _) => return Some("an error that is not called broken"),
    };
    // A cache behind that sends no `Age` hides from everybody how old its copy is.
    let is_hidden = history.behind.as_ref().is_some_and(|cache| cache.age_by == AgeBy::Nothing);
    let is_superseded = served.version < history.origin.version_at(history.begun);
    let was_fetched_since = served.fetched >= history.begun;
    match verdict {
        Verdict::Fresh if !was_fetched_since => Some("fresh, and the copy is an old one"),
        Verdict::Fresh if is_superseded && !is_hidden => Some("fresh, and the bytes are old"),
        Verdict::Unchanged if !was_fetched_since => Some("unchanged, and the copy is an old one"),
        Verdict::Unchanged if version_before(history).is_some_and(|version| version != served.version) => {
            Some("unchanged, and the bytes are others")
        }
        Verdict::Stale if served.from_origin >= history.begun => Some("stale, and fetched since"),
        Verdict::Stale if history.after.sent < history.completed => Some("stale before completion"),
        Verdict::Stale
            if history.fingerprint != Fingerprint::Nothing
                && version_before(history).is_some_and(|version| version < served.version) =>
        {
            Some("stale, and the bytes are new")
        }
        Verdict::Broken => Some("broken, and no error"),
        Verdict::Fresh | Verdict::Unchanged | Verdict::Stale | Verdict::Unclear => None,
    }
}

/// Whether the headers suffice for a verdict: there is an `Age`, something to compare with, and enough time between
/// acceptance and the moment at which the origin was asked, given clocks that are a minute apart.
fn headers_suffice(history: &History) -> bool {
    let Some(served) = history.after.served else { return false };
    let uses_date = history.edges.iter().chain(&history.behind).any(|cache| cache.age_by == AgeBy::Date);
    let is_separate =
        served.from_origin < -66_000 || served.from_origin > if uses_date { 66_000 } else { 4_000 };
    served.age.is_some()
        && served.how != How::RefreshHit
        && is_separate
        && history.fingerprint != Fingerprint::Nothing
        && history.after.sent >= history.completed
        && version_before(history).is_some()
}

#[test]
fn ten_thousand_histories_have_no_false_verdict() {
    let mut verdicts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut sufficient, mut unclear) = (0, BTreeMap::<Option<&str>, usize>::new());
    let mut lies: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for seed in 0..HISTORIES {
        let history = random_history(&mut Random::new(seed));
        let judged = judgement(&history);
        *verdicts.entry(judged.verdict.as_str()).or_default() += 1;
        if let Some(lie) = lie(&history, judged.verdict) {
            lies.entry(lie).or_default().push(format!("seed {seed}: {history:?}"));
        }
        if headers_suffice(&history) {
            sufficient += 1;
            if judged.verdict == Verdict::Unclear {
                *unclear.entry(judged.cause.map(CheckCause::as_str)).or_default() += 1;
            }
        }
    }
    let counts: BTreeMap<_, _> = lies.iter().map(|(lie, examples)| (lie, examples.len())).collect();
    let first: Vec<_> = lies.values().map(|examples| &examples[0]).collect();
    assert!(lies.is_empty(), "{counts:?}, such as {first:#?}");
    for verdict in Verdict::ALL {
        let count = verdicts.get(verdict.as_str()).copied().unwrap_or(0);
        assert!(count > 30, "the histories show little: {verdicts:?}");
    }
    let all: usize = unclear.values().sum();
    assert!(sufficient > 2_000 && all * 20 < sufficient, "unclear in {all} of {sufficient}: {unclear:?}");
}
