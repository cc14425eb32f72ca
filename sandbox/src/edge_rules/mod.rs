//! Owns the rules that a test sets for the edge: which viewers meet which.

mod answer;
mod pattern;

use std::collections::BTreeMap;
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use answer::{EdgeAnswer, FrontCache};
use pattern::matches;

use crate::clock::later;

/// A rule: viewers' requests that match it are answered as it says. The first rule that matches wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeRule {
    /// Only this distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<String>,
    /// Only paths like this: `*` stands for any letters. With a `?` in it, it is held against path and query string.
    #[serde(default = "any")]
    pub path: String,
    /// Only requests for this host, or those that come by this name of an edge location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Only this method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Only requests with this header: `name: value`, the value as it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_header: Option<String>,
    /// What these viewers get.
    #[serde(default)]
    pub answer: EdgeAnswer,
    /// The status, where the answer does not have its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers of the answer, over all others; `null` takes one away. Those of `origin` are the origin's and are cached.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
    /// The body of `fixed`, `origin`, `function_response` and `lambda_response`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Milliseconds of real time before the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Seconds by which `Date` is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date_offset: Option<i64>,
    /// A second cache between viewers and CloudFront.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub front: Option<FrontCache>,
    /// Whether invalidations leave the objects of these paths where they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_invalidations: bool,
    /// Only so many requests; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// How long the rule holds on the sandbox's clock; without it, until it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_ms: Option<u64>,
}

fn any() -> String {
    "*".to_owned()
}

impl EdgeRule {
    /// A rule for all viewers of a path (`*` stands for any letters), until it is cleared.
    #[must_use]
    pub fn new(path: &str, answer: EdgeAnswer) -> Self {
        Self { path: path.to_owned(), answer, ..Self::default() }
    }

    /// The same for one distribution only.
    #[must_use]
    pub fn distribution(self, id: &str) -> Self {
        Self { distribution: Some(id.to_owned()), ..self }
    }

    /// The same for the next `times` requests only.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// The same with that HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        Self { status: Some(status), ..self }
    }

    /// The same with that body.
    #[must_use]
    pub fn body(self, body: &str) -> Self {
        Self { body: Some(body.to_owned()), ..self }
    }

    /// The same with that header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), Some(value.to_owned()));
        self
    }

    /// The same without that header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.insert(name.to_owned(), None);
        self
    }

    /// The same for requests to that host only, which may be an origin's.
    #[must_use]
    pub fn host(self, host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..self }
    }

    /// The same for requests by that method only.
    #[must_use]
    pub fn method(self, method: &str) -> Self {
        Self { method: Some(method.to_owned()), ..self }
    }

    /// The same for requests with that header only, written `name: value`.
    #[must_use]
    pub fn request_header(self, header: &str) -> Self {
        Self { request_header: Some(header.to_owned()), ..self }
    }

    /// Says in a sentence why the rule cannot be followed: a status or a header that HTTP does not have.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some(status) = self.status.filter(|status| !(200..=599).contains(status)) {
            return Err(format!("{status} is no status of an answer: 200 to 599 are."));
        }
        for (name, value) in &self.headers {
            HeaderName::try_from(name.as_str()).map_err(|_| format!("{name:?} is no name of a header."))?;
            HeaderValue::try_from(value.as_deref().unwrap_or_default())
                .map_err(|_| format!("{value:?} is no value of a header."))?;
        }
        Ok(())
    }

    fn is_about(&self, distribution: &str) -> bool {
        self.distribution.as_deref().is_none_or(|id| id == distribution)
    }

    fn meets(&self, asked: &Asked<'_>) -> bool {
        let target = asked.request.uri.path_and_query().map_or("/", |target| target.as_str());
        let is_hosts = match &self.host {
            Some(host) => asked.hosts.iter().any(|known| host.eq_ignore_ascii_case(known)),
            // Rules are about viewers of CloudFront unless they name the origin's host.
            None => !asked.is_direct,
        };
        let method = asked.request.method.as_str();
        self.is_about(asked.distribution)
            && self.names(target)
            && is_hosts
            && self.request_header.as_deref().is_none_or(|wanted| has_header(asked.request, wanted))
            && self.method.as_deref().is_none_or(|known| known.eq_ignore_ascii_case(method))
    }

    /// `target` is a path, with or without its query string.
    fn names(&self, target: &str) -> bool {
        let path = target.split('?').next().unwrap_or_default();
        matches(&self.path, if self.path.contains('?') { target } else { path })
    }
}

/// Whether the request has a header that is written `name: value`.
fn has_header(request: &Parts, wanted: &str) -> bool {
    let (name, value) = wanted.split_once(':').unwrap_or((wanted, ""));
    request.headers.get_all(name.trim()).iter().any(|sent| sent.as_bytes() == value.trim().as_bytes())
}

/// What is known of a request when its rule is looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub distribution: &'a str,
    /// Without its port: as it was asked for, without the edge location in it, and the name that would have been
    /// resolved, if it is another one.
    pub hosts: [&'a str; 3],
    /// Whether that is the origin's host.
    pub is_direct: bool,
    pub request: &'a Parts,
}

/// The rules in force, each with its end.
#[derive(Debug, Default)]
pub(crate) struct EdgeRules(Vec<(EdgeRule, Option<Timestamp>)>);

impl EdgeRules {
    pub fn set(&mut self, rules: Vec<EdgeRule>, now: Timestamp) {
        let end = |rule: &EdgeRule| rule.for_ms.map(|ms| later(now, Duration::from_millis(ms)));
        self.0 = rules.into_iter().map(|rule| (rule.clone(), end(&rule))).collect();
    }

    /// The rules with what is left of their `times`.
    pub fn list(&self) -> Vec<EdgeRule> {
        self.0.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// The rule that this request meets; counts it.
    pub fn meet(&mut self, asked: &Asked<'_>, now: Timestamp) -> Option<EdgeRule> {
        let in_force = |rule: &EdgeRule, until: &Option<Timestamp>| {
            rule.times != Some(0) && until.is_none_or(|until| now < until)
        };
        let (rule, _) = self.0.iter_mut().find(|(rule, until)| in_force(rule, until) && rule.meets(asked))?;
        if let Some(times) = &mut rule.times {
            *times -= 1;
        }
        Some(rule.clone())
    }

    /// Whether invalidations leave a cached object where it is.
    pub fn hold(&self, distribution: &str, target: &str, now: Timestamp) -> bool {
        self.0.iter().any(|(rule, until)| {
            rule.ignores_invalidations
                && rule.is_about(distribution)
                && until.is_none_or(|until| now < until)
                && rule.names(target)
        })
    }
}
