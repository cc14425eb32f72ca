//! Owns the headers of cross-origin requests, and preflight requests.

use hyper::body::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HeaderValue, VARY,
};
use hyper::{Method, Response, StatusCode};

use super::visit::Visit;
use crate::origin::{custom, s3};
use crate::state::{CorsBy, OriginKind};

/// What every answer to this request says of who may read it: nothing when no other site asks.
pub(super) fn mark(visit: &Visit, by: CorsBy, response: &mut Response<Bytes>) {
    let cors = &visit.distribution.cors;
    let allowed = visit.header("origin").filter(|_| cors.by == by).and_then(|origin| cors.allows(origin));
    let Some(Ok(allowed)) = allowed.map(HeaderValue::try_from) else { return };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    let vary = match by {
        CorsBy::Policy => "Origin",
        CorsBy::Origin => "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    };
    headers.insert(VARY, HeaderValue::from_static(vary));
}

/// The answer to a method that is allowed and never cached.
pub(super) fn uncached(visit: &Visit) -> Response<Bytes> {
    let kind = visit.distribution.origin_kind;
    let asked = visit.header("access-control-request-method");
    let origin = visit.header("origin");
    let (Some(asked), Some(origin), &Method::OPTIONS) = (asked, origin, &visit.request.method) else {
        return match kind {
            OriginKind::S3 | OriginKind::Website => s3::method_not_allowed(),
            OriginKind::Custom => custom::failed(StatusCode::METHOD_NOT_ALLOWED),
        };
    };
    let distribution = &visit.distribution;
    let allowed = distribution.cors.allows(origin);
    let methods = || distribution.allowed_methods.join(", ");
    let known = distribution.allowed_methods.iter().any(|method| method == asked);
    let (Some(allowed), true) = (allowed, known) else {
        return match kind {
            OriginKind::S3 | OriginKind::Website => s3::cors_refused(),
            OriginKind::Custom => custom::failed(StatusCode::METHOD_NOT_ALLOWED),
        };
    };
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    let asked_headers = visit.header("access-control-request-headers").map(str::to_owned);
    let said = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, Some(allowed)),
        (ACCESS_CONTROL_ALLOW_METHODS, Some(methods())),
        (ACCESS_CONTROL_ALLOW_HEADERS, asked_headers),
        (ACCESS_CONTROL_MAX_AGE, Some("3000".to_owned())),
    ];
    for (name, value) in said {
        headers.extend(value.and_then(|value| HeaderValue::try_from(value).ok()).map(|value| (name, value)));
    }
    response
}
