//! The labels of requests: which part of the service answered, and how. A path would be a label without bounds.

use std::time::Duration;

use axum::http::StatusCode;

use crate::metrics;

pub(super) const PARTS: [&str; 5] = ["page", "api", "events", "static", "health"];
pub(super) const STATUSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// Counts an answered request.
pub(in crate::http) fn count_request(path: &str, status: StatusCode, took: Duration) {
    metrics::http_request(part(path), class(status), took);
}

fn part(path: &str) -> &'static str {
    match path {
        "/events" | "/api/v1/events" => "events",
        "/healthz" | "/readyz" | "/metrics" => "health",
        _ if path.starts_with("/api/") => "api",
        _ if path.starts_with("/static/") => "static",
        _ => "page",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        ..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_that_start_at_zero() {
        for (path, expected) in [
            ("/", "page"),
            ("/history/17", "page"),
            ("/api", "page"),
            ("/api/v1/invalidations", "api"),
            ("/events", "events"),
            ("/api/v1/events", "events"),
            ("/static/app.css", "static"),
            ("/readyz", "health"),
        ] {
            assert_eq!(part(path), expected, "{path}");
            assert!(PARTS.contains(&part(path)));
        }
        for (status, expected) in [(200, "2xx"), (303, "3xx"), (404, "4xx"), (503, "5xx")] {
            assert_eq!(class(StatusCode::from_u16(status).unwrap()), expected);
            assert!(STATUSES.contains(&expected));
        }
    }
}
