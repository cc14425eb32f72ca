//! Owns whom a distribution's configuration lets in before cache and origin are asked.

use hyper::body::Bytes;
use hyper::{Response, StatusCode};
use jiff::Timestamp;

use super::pages;
use super::visit::Visit;
use crate::state::{VIEWER_COUNTRY, ViewerProtocolPolicy};

/// The parameters of signed URLs, which neither the cache key nor the origin sees.
pub(super) const CREDENTIALS: [&str; 4] = ["Expires", "Policy", "Signature", "Key-Pair-Id"];

/// The answer for a viewer who gets nothing from cache or origin.
pub(super) fn refusal(visit: &Visit, now: Timestamp) -> Option<Response<Bytes>> {
    let distribution = &visit.distribution;
    match distribution.viewer_protocol_policy {
        Some(ViewerProtocolPolicy::RedirectToHttps) if !visit.is_https() => {
            return Some(pages::to_https(visit.host(), visit.target()));
        }
        Some(ViewerProtocolPolicy::HttpsOnly) if !visit.is_https() => {
            return Some(pages::page(StatusCode::FORBIDDEN, "Bad request."));
        }
        _ => {}
    }
    if distribution.geo_restriction.blocks(VIEWER_COUNTRY) {
        return Some(pages::geo_block());
    }
    let method = visit.request.method.as_str();
    if !visit.is_cacheable() && distribution.allowed_methods.iter().all(|known| known != method) {
        return Some(pages::method_refused());
    }
    unsigned(visit, now)
}

/// Judges key, time and presence of a signature. The signature itself is not worked out: the sandbox has no keys.
fn unsigned(visit: &Visit, now: Timestamp) -> Option<Response<Bytes>> {
    let keys = &visit.distribution.trusted_keys;
    if keys.is_empty() {
        return None;
    }
    let Some(key) = visit.credential("Key-Pair-Id") else {
        return Some(pages::missing_key());
    };
    if !keys.contains(&key) {
        return Some(pages::invalid_key());
    }
    let ends = visit.credential("Expires").and_then(|seconds| seconds.parse().ok());
    let is_in_time = match ends {
        Some(seconds) => now.as_second() < seconds,
        None => visit.credential("Policy").is_some(),
    };
    let is_signed = visit.credential("Signature").is_some_and(|signature| !signature.is_empty());
    (!is_in_time || !is_signed).then(pages::signature_refused)
}
