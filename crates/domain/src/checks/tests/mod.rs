//! Tables of verdicts. Each row is a case with all its evidence.

mod by_age;
mod by_api;
mod by_cors;
mod by_expectation;
mod no_proof;
mod simulation;

use std::time::Duration;

use super::{
    Answer, BodyDigest, EdgeConfiguration, Evidence, ExpectedContent, Look, LookFailure, XCache, judge,
};
use crate::time::Timestamp;

/// The moment so many milliseconds after acceptance.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_micros(1_795_341_482_000_000 + millis * 1_000)
}

/// One look, so many seconds after acceptance. Unless the row says otherwise: a hit of CloudFront that took 0.1 s.
#[derive(Clone)]
struct Seen(Look);

fn seen(seconds: i64, body: &str) -> Seen {
    let answer = Answer {
        status: 200,
        x_cache: Some(XCache::Hit),
        body: Some(BodyDigest::of(body.as_bytes(), true)),
        via_cloudfront: true,
        is_html: true,
        ..Answer::default()
    };
    Seen(Look { at: at(seconds * 1_000), duration: Duration::from_millis(100), outcome: Ok(answer) })
}

fn failed(seconds: i64, failure: LookFailure) -> Seen {
    Seen(Look { outcome: Err(failure), ..seen(seconds, "").0 })
}

impl Seen {
    fn with(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        change(self.0.outcome.as_mut().unwrap());
        self
    }

    fn age(self, seconds: u64) -> Self {
        self.with(|answer| answer.age = Some(seconds))
    }

    /// `X-Cache`, without `from cloudfront`.
    fn x_cache(self, value: &str) -> Self {
        self.with(|answer| answer.x_cache = Some(XCache::parse(&format!("{value} from cloudfront"))))
    }

    fn status(self, status: u16) -> Self {
        self.with(|answer| answer.status = status)
    }

    /// `Date`, in seconds after acceptance.
    fn date(self, seconds: i64) -> Self {
        self.with(|answer| answer.date = Some(at(seconds * 1_000)))
    }

    fn location(self, target: &str) -> Self {
        self.with(|answer| answer.location = Some(target.to_owned()))
    }

    /// Nothing tells what the body is.
    fn no_body(self) -> Self {
        self.with(|answer| answer.body = None)
    }

    /// Whether the text that must appear was found.
    fn text(self, found: bool) -> Self {
        self.with(|answer| answer.required_text_found = Some(found))
    }

    /// Whether the text that must not appear was found.
    fn forbidden(self, found: bool) -> Self {
        self.with(|answer| answer.forbidden_text_found = Some(found))
    }

    /// Without any header of CloudFront.
    fn elsewhere(self) -> Self {
        self.with(|answer| (answer.x_cache, answer.via_cloudfront) = (None, false))
    }

    fn took(mut self, seconds: u64) -> Self {
        self.0.duration = Duration::from_secs(seconds);
        self
    }
}

/// The evidence of one row. Acceptance is at 0 s and completion at 20 s, unless the row says otherwise.
struct Case {
    url: &'static str,
    accepted: Option<i64>,
    completed: Option<i64>,
    before: Option<Seen>,
    after: Seen,
    expected: ExpectedContent,
    is_guessed: bool,
    configuration: EdgeConfiguration,
}

fn case(before: impl Into<Option<Seen>>, after: Seen) -> Case {
    Case {
        url: "https://www.example.com/news.html",
        accepted: Some(0),
        completed: Some(20),
        before: before.into(),
        after,
        expected: ExpectedContent::NewVersion,
        is_guessed: false,
        configuration: EdgeConfiguration::default(),
    }
}

impl Case {
    fn expected(self, expected: ExpectedContent) -> Self {
        Self { expected, ..self }
    }

    fn body(self, body: &str) -> Self {
        self.expected(ExpectedContent::Sha256(BodyDigest::of(body.as_bytes(), true).sha256))
    }

    fn configured(mut self, change: impl FnOnce(&mut EdgeConfiguration)) -> Self {
        change(&mut self.configuration);
        self
    }

    fn guessed(self) -> Self {
        Self { is_guessed: true, ..self }
    }

    fn url(self, url: &'static str) -> Self {
        Self { url, ..self }
    }

    fn not_completed(self) -> Self {
        Self { completed: None, ..self }
    }

    fn no_invalidation(self) -> Self {
        Self { accepted: None, completed: None, ..self }
    }

    /// The verdict and its cause, as their words.
    fn judged(&self) -> String {
        let judgement = judge(&Evidence {
            url: self.url,
            accepted_at: self.accepted.map(|seconds| at(seconds * 1_000)),
            completed_at: self.completed.map(|seconds| at(seconds * 1_000)),
            before: self.before.as_ref().map(|seen| &seen.0),
            after: &self.after.0,
            expected: self.expected,
            is_guessed: self.is_guessed,
            configuration: &self.configuration,
        });
        let cause = judgement.cause.map_or("", |cause| cause.as_str());
        format!("{} {cause}", judgement.verdict.as_str()).trim_end().to_owned()
    }
}

/// Judges each row and shows all that differ. A row without a cause leaves it open: another test holds the diagnosis.
fn check(rows: Vec<(&str, Case, &str)>) {
    let wrong: Vec<String> = rows
        .into_iter()
        .filter_map(|(what, case, wanted)| {
            let judged = case.judged();
            let is_wanted = judged == wanted || judged.split(' ').next() == Some(wanted);
            (!is_wanted).then(|| format!("{what}: {judged}, not {wanted}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
