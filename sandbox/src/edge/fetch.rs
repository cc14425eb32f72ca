//! Owns turning what the origin has into something to cache: how long it stays fresh, and its tags.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LAST_MODIFIED, SERVER};
use jiff::Timestamp;

use super::cache::Entry;
use crate::id;
use crate::origin::{self, Object};
use crate::state::Distribution;
use crate::world::World;

/// CloudFront's default TTL.
const DEFAULT_TTL: Duration = Duration::from_hours(24);
/// CloudFront's maximum TTL, a year.
const LONGEST_TTL: Duration = Duration::from_hours(24 * 365);
/// How long CloudFront keeps an error by default.
const ERROR_TTL: Duration = Duration::from_secs(10);
/// Tags of an object that count.
const MOST_TAGS: usize = 50;

/// An answer of the origin.
#[derive(Debug)]
pub(super) struct Fetched {
    pub entry: Arc<Entry>,
    /// Whether it may be kept at all.
    pub keep: bool,
}

/// Asks the origin for a path.
pub(super) async fn fetch(world: &World, distribution: &Distribution, path: &str, now: Timestamp) -> Fetched {
    let folder = world.folder_of(distribution);
    match origin::read(&folder, path, &distribution.default_root_object).await {
        Some(object) => found(object, distribution.cache_tag_header.as_deref(), now),
        None => Fetched { entry: Arc::new(access_denied(now)), keep: true },
    }
}

fn found(object: Object, tag_header: Option<&str>, now: Timestamp) -> Fetched {
    let mut headers = object.headers;
    let mut default = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value)
            && headers.iter().all(|(known, _)| *known != name)
        {
            headers.push((name, value));
        }
    };
    default(CONTENT_TYPE, &object.content_type);
    default(LAST_MODIFIED, &httpdate::fmt_http_date(object.last_modified));
    default(SERVER, "AmazonS3");
    let ttl = ttl(text(&headers, CACHE_CONTROL.as_str()).unwrap_or_default());
    let entry = Entry {
        status: StatusCode::OK,
        body: object.bytes,
        etag: Some(object.etag),
        fetched_at: now,
        fresh_for: ttl.unwrap_or_default(),
        tag_header: tag_header.map(str::to_owned),
        tags: tag_header.and_then(|name| text(&headers, name)).map(tags).unwrap_or_default(),
        headers,
    };
    Fetched { entry: Arc::new(entry), keep: ttl.is_some() }
}

fn text<'a>(headers: &'a [(HeaderName, HeaderValue)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known.as_str().eq_ignore_ascii_case(name))?;
    value.to_str().ok()
}

fn tags(list: &str) -> Vec<String> {
    let tags = list.split(',').map(|tag| tag.trim().to_ascii_lowercase());
    tags.filter(|tag| !tag.is_empty()).take(MOST_TAGS).collect()
}

/// How long `Cache-Control` lets the edge keep an object; `None`: not at all.
fn ttl(cache_control: &str) -> Option<Duration> {
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
    Some(asked.unwrap_or(DEFAULT_TTL).min(LONGEST_TTL))
}

/// S3's answer for an object that is not there, or that CloudFront may not read: it does not say which.
fn access_denied(now: Timestamp) -> Entry {
    let request = id::request().replace('-', "").to_uppercase();
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message>\
         <RequestId>{}</RequestId><HostId>{}</HostId></Error>",
        &request[..16],
        id::edge_request()
    );
    Entry {
        status: StatusCode::FORBIDDEN,
        body: body.into(),
        etag: None,
        headers: vec![
            (CONTENT_TYPE, HeaderValue::from_static("application/xml")),
            (SERVER, HeaderValue::from_static("AmazonS3")),
        ],
        fetched_at: now,
        fresh_for: ERROR_TTL,
        tag_header: None,
        tags: Vec::new(),
    }
}
