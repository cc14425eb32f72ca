//! Refuses requests that two readers can understand differently: a proxy in front must not read such a request in
//! one way and Unstale in another.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, Uri, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::http::{
    cookies, error::HttpError, request_origin::RequestOrigin, server::framing::TwoLengths, state::AppState,
};

use super::rejected_requests::RejectedRequest;

/// The headers that may come only once. hyper checks `Content-Length`, and [`crate::http::proxy`] checks the
/// headers of proxies.
const ONCE: [&str; 9] = [
    "host",
    "authorization",
    "content-type",
    "origin",
    "sec-fetch-site",
    "user-agent",
    "last-event-id",
    "idempotency-key",
    "unstale-run-url",
];

/// Answers an ambiguous request with 400 and closes its connection.
pub async fn refuse(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let Err(why) = check(&app, &request) else { return next.run(request).await };
    let origin = RequestOrigin::of(request.extensions());
    RejectedRequest::Ambiguous.tell(&app, &origin, &why).await;
    let mut response = HttpError::BadRequest(format!("{why} Nothing was saved or sent.")).into_response();
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn check(app: &AppState, request: &Request) -> Result<(), String> {
    if request.extensions().get::<TwoLengths>().is_some_and(TwoLengths::seen) {
        return Err("The request has both Content-Length and Transfer-Encoding.".to_owned());
    }
    let headers = request.headers();
    if let Some(name) = ONCE.into_iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        return Err(format!("The request has the header {name} twice."));
    }
    check_host(headers, request.version())?;
    check_target(request.method(), request.uri(), headers)?;
    if cookies::has_two_sessions(headers, app) {
        return Err("The request has cookies of two sessions. Delete this address's cookies in the browser and sign in again.".to_owned());
    }
    Ok(())
}

/// RFC 9112 §3.2: a request of HTTP/1.1 must have a `Host` header, and one with an invalid `Host` is refused.
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), String> {
    match headers.get(header::HOST) {
        None if version < Version::HTTP_11 => Ok(()),
        None => Err("The request has no Host header.".to_owned()),
        Some(host) if is_host(host.as_bytes()) => Ok(()),
        Some(_) => Err("The request's Host header names no host.".to_owned()),
    }
}

fn is_host(text: &[u8]) -> bool {
    let Ok(authority) = Authority::try_from(text) else { return false };
    let behind = authority.as_str().strip_prefix(authority.host());
    let port = match behind {
        Some("") => true,
        Some(behind) => behind.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()),
        // The authority has a user name before the host.
        None => false,
    };
    port && url::Host::parse(authority.host()).is_ok()
}

/// Checks that a target in absolute form, which proxies get, names the same host as `Host`. RFC 9112 §3.2.2 would
/// take the target's host; this refuses a request with two, because an honest client does not send it.
fn check_target(method: &Method, target: &Uri, headers: &HeaderMap) -> Result<(), String> {
    let Some(authority) = target.authority().filter(|_| *method != Method::CONNECT) else { return Ok(()) };
    let usual = if target.scheme_str() == Some("https") { ":443" } else { ":80" };
    let plain = |text: &str| text.strip_suffix(usual).unwrap_or(text).to_ascii_lowercase();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    match host {
        Some(host) if plain(host) != plain(authority.as_str()) => {
            Err("The request's target and its Host header name two hosts.".to_owned())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::is_host;

    #[test]
    fn a_host_is_a_name_or_an_address_with_or_without_a_port() {
        for host in
            ["localhost", "a.example:8080", "192.0.2.1", "[::1]:80", "A_b.example", "xn--bcher-kva.example"]
        {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for none in [
            "",
            " ",
            ":80",
            "a b",
            "a:b",
            "a:99999",
            "me@a.example",
            "a/b",
            "a?b",
            "http://a",
            "[::1",
            "a\\b",
        ] {
            assert!(!is_host(none.as_bytes()), "{none}");
        }
        assert!(!is_host(b"b\xfccher.example"));
    }
}
