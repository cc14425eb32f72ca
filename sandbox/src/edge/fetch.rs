//! Owns turning what the origin has into something to cache: how long it stays fresh, and its tags.

use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CACHE_CONTROL, SERVER};
use jiff::Timestamp;

use super::cache::Entry;
use super::visit::Visit;
use super::{compress, cors, generate};
use crate::edge_rules::EdgeRule;
use crate::origin;
use crate::state::{CorsBy, Distribution};
use crate::world::World;

/// CloudFront's default TTL.
const DEFAULT_TTL: Duration = Duration::from_hours(24);
/// CloudFront's maximum TTL, a year.
const LONGEST_TTL: Duration = Duration::from_hours(24 * 365);
/// How long CloudFront keeps an error by default.
const ERROR_TTL: Duration = Duration::from_secs(10);
/// Errors that are kept without a word of the origin (developer guide, "HTTP 4xx and 5xx status codes"). Others are kept
/// with `max-age` or a custom error response only, but for S3's own 403.
const KEPT_ERRORS: [u16; 7] = [404, 414, 500, 501, 502, 503, 504];
/// Tags of an object that count.
const MOST_TAGS: usize = 50;

/// An answer of the origin.
#[derive(Debug)]
pub(super) struct Fetched {
    pub entry: Arc<Entry>,
    /// Whether it may be kept at all.
    pub keep: bool,
}

/// Asks the origin for a path, or has it answer as a rule says.
pub(super) async fn fetch(
    world: &World,
    visit: &Visit,
    path: &str,
    rule: Option<&EdgeRule>,
    now: Timestamp,
) -> Fetched {
    let distribution = &visit.distribution;
    let mut response = match rule {
        Some(rule) => generate::from_the_origin(rule, path),
        None => origin::answer(&world.folder_of(distribution), distribution, path).await,
    };
    cors::mark(visit, CorsBy::Origin, &mut response);
    if compress::is_wanted(visit) {
        compress::pack(&mut response);
    }
    let fresh_for = fresh_for(distribution, &response);
    let tag_header = distribution.cache_tag_header.as_deref();
    let entry = Entry {
        fetched_at: now,
        fresh_for: fresh_for.unwrap_or_default(),
        stale_for: seconds(text(&response, CACHE_CONTROL.as_str()), "stale-while-revalidate"),
        tag_header: tag_header.map(str::to_owned),
        tags: tag_header.and_then(|name| text(&response, name)).map(tags).unwrap_or_default(),
        response,
    };
    Fetched { entry: Arc::new(entry), keep: fresh_for.is_some() }
}

fn text<'a>(response: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// The seconds of one directive of `Cache-Control`.
fn seconds(cache_control: Option<&str>, name: &str) -> Duration {
    let directives = cache_control.unwrap_or_default().split(',');
    let value =
        directives.filter_map(|directive| directive.trim().split_once('=')).find(|(known, _)| *known == name);
    let seconds = value.and_then(|(_, value)| value.parse().ok()).map(Duration::from_secs);
    seconds.unwrap_or_default().min(LONGEST_TTL)
}

/// How long the edge keeps an answer; `None`: not at all.
fn fresh_for(distribution: &Distribution, response: &Response<Bytes>) -> Option<Duration> {
    let control = text(response, CACHE_CONTROL.as_str()).unwrap_or_default();
    if !response.status().is_client_error() && !response.status().is_server_error() {
        let least = Duration::from_secs(distribution.min_ttl);
        return match ttl(control, DEFAULT_TTL) {
            Some(asked) => Some(asked.max(least)),
            // A minimum TTL counts for more than `no-store`.
            None => (!least.is_zero()).then_some(least),
        };
    }
    let status = response.status().as_u16();
    let page = distribution.error_pages.iter().find(|page| page.error_code == status);
    let least = page.map_or(ERROR_TTL, |page| Duration::from_secs(page.error_caching_min_ttl));
    let is_s3s = status == 403 && text(response, SERVER.as_str()) == Some("AmazonS3");
    let says = control.contains("max-age");
    let is_kept = says || page.is_some() || is_s3s || KEPT_ERRORS.contains(&status);
    is_kept.then(|| ttl(control, least).unwrap_or_default().max(least))
}

fn tags(list: &str) -> Vec<String> {
    let tags = list.split(',').map(|tag| tag.trim().to_ascii_lowercase());
    tags.filter(|tag| !tag.is_empty()).take(MOST_TAGS).collect()
}

/// How long `Cache-Control` lets a cache keep an answer that has no time of its own for `usual`; `None`: not at all.
pub(super) fn ttl(cache_control: &str, usual: Duration) -> Option<Duration> {
    let directives: Vec<String> =
        cache_control.split(',').map(|part| part.trim().to_ascii_lowercase()).collect();
    let has = |name: &str| directives.iter().any(|directive| directive == name);
    let seconds = |name: &str| {
        let value = directives.iter().find_map(|directive| directive.strip_prefix(name)?.strip_prefix('='));
        value.and_then(|value| value.parse().ok()).map(Duration::from_secs)
    };
    if has("no-store") || has("private") {
        return None;
    }
    if has("no-cache") {
        return Some(Duration::ZERO);
    }
    let asked = seconds("s-maxage").or_else(|| seconds("max-age"));
    Some(asked.unwrap_or(usual).min(LONGEST_TTL))
}
