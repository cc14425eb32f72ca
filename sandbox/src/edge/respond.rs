//! Owns what a viewer gets: the headers that CloudFront adds, the changes of a rule, 304 and HEAD.

use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use hyper::header::{
    AGE, CONTENT_LENGTH, DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, VIA,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::cache::Entry;
use super::visit::Visit;
use super::{X_AMZ_CF_ID, X_AMZ_CF_POP, X_CACHE};
use crate::body;
use crate::edge_rules::{EdgeAnswer, EdgeRule};
use crate::id;
use crate::server::Body;

const SERVER_NAME: &str = "1.1 5d41402abc4b2a76b9719d911017c592.cloudfront.net (CloudFront)";

/// Where the edge is, unless the host names a place.
const EDGE_LOCATION: &str = "SBX50-P1";

/// Where an answer came from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// From the cache, this old.
    Hit(Duration),
    /// From the cache, after the origin was asked whether it is still the same.
    RefreshHit,
    /// From the origin.
    Miss,
}

/// A cached or fetched answer with what CloudFront says of its source.
pub(super) fn from_entry(entry: &Entry, source: Source) -> Response<Bytes> {
    let mut response = entry.response.clone();
    let status = response.status();
    let x_cache = match source {
        _ if status.is_client_error() || status.is_server_error() => "Error from cloudfront",
        Source::Hit(_) => "Hit from cloudfront",
        Source::RefreshHit => "RefreshHit from cloudfront",
        Source::Miss => "Miss from cloudfront",
    };
    let headers = response.headers_mut();
    headers.insert(X_CACHE, HeaderValue::from_static(x_cache));
    if let Source::Hit(age) = source {
        // A kept page has the ID of the request that it was made for; this one has its own.
        headers.remove(X_AMZ_CF_ID);
        let before = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse::<u64>().ok());
        headers.insert(AGE, HeaderValue::from(before.unwrap_or_default() + age.as_secs()));
        // `Date` says when the origin made the answer, and caches keep it (RFC 9110, section 6.6.1).
        headers.entry(DATE).or_insert_with(|| date(entry.fetched_at));
    }
    response
}

/// Adds what every answer of CloudFront's has.
pub(super) fn mark(response: &mut Response<Bytes>, edge_location: Option<&str>, now: Timestamp) {
    let headers = response.headers_mut();
    let via = match headers.get(VIA).and_then(|via| via.to_str().ok()) {
        Some(earlier) => format!("{earlier}, {SERVER_NAME}"),
        None => SERVER_NAME.to_owned(),
    };
    headers.extend(HeaderValue::try_from(via).ok().map(|via| (VIA, via)));
    headers.entry(DATE).or_insert_with(|| date(now));
    let location = edge_location.unwrap_or(EDGE_LOCATION).to_owned();
    headers.extend(HeaderValue::try_from(location).ok().map(|location| (X_AMZ_CF_POP, location)));
    if !headers.contains_key(X_AMZ_CF_ID) {
        let request = HeaderValue::try_from(id::edge_request()).ok();
        headers.extend(request.map(|request| (X_AMZ_CF_ID, request)));
    }
}

fn date(at: Timestamp) -> HeaderValue {
    let text = httpdate::fmt_http_date(SystemTime::from(at));
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The answer as it goes to the viewer.
pub(super) fn write(visit: &Visit, mut response: Response<Bytes>, now: Timestamp) -> Response<Body> {
    response.headers_mut().entry(DATE).or_insert_with(|| date(now));
    let unchanged = response.status() == StatusCode::OK && matches(&visit.request, response.headers());
    if let Some(rule) = &visit.rule {
        change(rule, response.headers_mut());
    }
    let length = response.body().len();
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response.map(|_| body::full(""));
    }
    if visit.request.method == Method::HEAD {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        return response.map(|_| body::full(""));
    }
    if visit.rule.as_ref().is_some_and(|rule| rule.answer == EdgeAnswer::Truncate) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
        return response.map(|whole| body::cut(whole.slice(..length / 2)));
    }
    response.map(body::full)
}

fn matches(request: &Parts, headers: &HeaderMap) -> bool {
    let Some(etag) = headers.get(ETAG).and_then(|etag| etag.to_str().ok()) else { return false };
    let asked = request.headers.get_all(IF_NONE_MATCH);
    let mut asked = asked.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    asked.any(|asked| {
        let asked = asked.trim();
        asked == "*" || asked.trim_start_matches("W/") == etag.trim_start_matches("W/")
    })
}

/// What a rule puts in the place of the headers that the answer has.
fn change(rule: &EdgeRule, headers: &mut HeaderMap) {
    if let Some(offset) = rule.date_offset {
        let known = headers.get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let known = known.and_then(|known| Timestamp::try_from(known).ok());
        let wrong = known.and_then(|known| known.checked_add(SignedDuration::from_secs(offset)).ok());
        headers.extend(wrong.map(|wrong| (DATE, date(wrong))));
    }
    // Those of an origin's answer are in it already.
    let own = rule.headers.iter().filter(|_| !rule.answer.is_the_origins());
    for (name, value) in own {
        let Ok(name) = HeaderName::try_from(name.as_str()) else { continue };
        match value.as_deref().map(HeaderValue::try_from) {
            Some(Ok(value)) => _ = headers.insert(name, value),
            Some(Err(_)) => {}
            None => _ = headers.remove(name),
        }
    }
}
