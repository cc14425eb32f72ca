//! Owns the packed copies of texts, which are objects of their own beside the plain ones.

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, VARY};

use super::visit::Visit;
use crate::gzip::gzip;

/// The smallest file that CloudFront packs (developer guide, "Serving compressed files").
const SMALLEST: usize = 1_000;

/// Whether the viewer gets packed copies where there are such.
pub(super) fn is_wanted(visit: &Visit) -> bool {
    let offered = visit.distribution.encodings.iter().any(|encoding| encoding == "gzip");
    offered && visit.header("accept-encoding").is_some_and(accepts)
}

fn accepts(header: &str) -> bool {
    header.split(',').any(|part| {
        let mut parameters = part.split(';').map(str::trim);
        let is_gzip = parameters.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        is_gzip && parameters.all(|parameter| parameter.trim_end_matches(['0', '.']) != "q=")
    })
}

/// Packs a text; its strong entity tag becomes a weak one.
pub(super) fn pack(response: &mut Response<Bytes>) {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_text =
        kind.starts_with("text/") || ["javascript", "json", "xml"].iter().any(|part| kind.contains(part));
    let is_packed = response.headers().contains_key(CONTENT_ENCODING);
    if !response.status().is_success() || !is_text || is_packed || response.body().len() < SMALLEST {
        return;
    }
    *response.body_mut() = gzip(response.body()).into();
    let headers = response.headers_mut();
    headers.remove(ACCEPT_RANGES);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    let strong = headers.get(ETAG).and_then(|etag| etag.to_str().ok()).filter(|etag| !etag.starts_with("W/"));
    let weak = strong.and_then(|etag| HeaderValue::try_from(format!("W/{etag}")).ok());
    headers.extend(weak.map(|etag| (ETAG, etag)));
}
