//! Owns the second cache that may stand between viewers and CloudFront.

use std::collections::HashMap;
use std::time::Duration;

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{AGE, CACHE_CONTROL, DATE, HeaderMap, HeaderName, HeaderValue, SERVER, VIA};
use jiff::Timestamp;

use super::visit::Visit;
use super::{X_AMZ_CF_ID, X_AMZ_CF_POP, X_CACHE};
use crate::clock::since;
use crate::edge_rules::FrontCache;
use crate::world::World;

const X_VARNISH: HeaderName = HeaderName::from_static("x-varnish");
/// Varnish's `default_ttl`.
const DEFAULT_TTL: Duration = Duration::from_mins(2);
/// Answers that are kept; with one more, all are forgotten.
const MOST_ENTRIES: usize = 1_000;

/// Host and target.
type Key = (String, String);

/// All that second caches hold.
#[derive(Debug, Default)]
pub(crate) struct Front(HashMap<Key, (Timestamp, Response<Bytes>)>);

fn key(visit: &Visit) -> Key {
    (visit.host().to_ascii_lowercase(), visit.target().to_owned())
}

fn kind(visit: &Visit) -> Option<FrontCache> {
    visit.rule.as_ref().and_then(|rule| rule.front)
}

/// What the second cache has kept, with what it says of itself.
pub(super) fn kept(world: &World, visit: &Visit) -> Option<Response<Bytes>> {
    let kind = kind(visit)?;
    let state = world.shared.lock();
    let (at, response) = state.front.0.get(&key(visit))?;
    let age = since(*at, world.clock.now());
    if age >= ttl(response.headers())? {
        return None;
    }
    let mut response = response.clone();
    let headers = response.headers_mut();
    match kind {
        FrontCache::Varnish => {
            headers.insert(AGE, HeaderValue::from(known_age(headers) + age.as_secs()));
            headers.insert(X_VARNISH, HeaderValue::from_static("32770 3"));
        }
        FrontCache::Nginx => {
            // The answer gets the present `Date` where it has none.
            headers.remove(DATE);
        }
    }
    Some(response)
}

/// CloudFront's answer as the second cache hands it on: kept where it may be, and without CloudFront's own headers.
pub(super) fn pass(world: &World, visit: &Visit, mut response: Response<Bytes>) -> Response<Bytes> {
    let Some(kind) = kind(visit) else { return response };
    let headers = response.headers_mut();
    for name in [X_CACHE, X_AMZ_CF_POP, X_AMZ_CF_ID, VIA] {
        headers.remove(name);
    }
    match kind {
        FrontCache::Varnish => {
            headers.insert(VIA, HeaderValue::from_static("1.1 varnish (Varnish/7.1)"));
            headers.insert(X_VARNISH, HeaderValue::from_static("2"));
            headers.insert(AGE, HeaderValue::from(known_age(headers)));
        }
        FrontCache::Nginx => {
            headers.insert(SERVER, HeaderValue::from_static("nginx"));
            headers.remove(AGE);
        }
    }
    if response.status().is_success() && visit.is_cacheable() && ttl(response.headers()).is_some() {
        let mut state = world.shared.lock();
        if state.front.0.len() >= MOST_ENTRIES {
            state.front.0.clear();
        }
        state.front.0.insert(key(visit), (world.clock.now(), response.clone()));
    }
    response
}

fn known_age(headers: &HeaderMap) -> u64 {
    headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok()).unwrap_or_default()
}

/// How long an answer is kept; `None`: not at all.
fn ttl(headers: &HeaderMap) -> Option<Duration> {
    let control = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    super::fetch::ttl(control, DEFAULT_TTL)
}
