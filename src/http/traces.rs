//! The trace of a request, where traces are recorded.

use axum::{
    extract::{MatchedPath, Request},
    http::HeaderMap,
};
use tracing::Span;

pub(super) use crate::traces::{answered, parent_of};
use crate::{domain::trace_parent::TraceParent, traces};

/// The name of the header in which a client says which trace its request belongs to.
const SENT: &str = "traceparent";

/// Begins the span of a request. Those that monitoring and pages send all the time have none.
pub(super) fn begin(request: &Request, id: &str) -> Span {
    let path = request.uri().path();
    if !traces::are_recorded()
        || path.starts_with("/static/")
        || matches!(path, "/healthz" | "/readyz" | "/metrics")
    {
        return Span::none();
    }
    let route = request.extensions().get::<MatchedPath>().map_or("(no route)", MatchedPath::as_str);
    traces::request(request.method().as_str(), route, id, sent(request.headers()).as_ref())
}

/// The trace that the client names. `None` if it names none, or several.
fn sent(headers: &HeaderMap) -> Option<TraceParent> {
    let mut sent = headers.get_all(SENT).iter();
    let first = sent.next()?.to_str().ok()?;
    sent.next().is_none().then(|| TraceParent::parse(first)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_named_once_or_not_at_all() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = |values: &[&str]| {
            values.iter().map(|value| (SENT.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        assert_eq!(sent(&headers(&[parent])), TraceParent::parse(parent));
        for others in [[].as_slice(), &["no trace"], &[parent, parent]] {
            assert_eq!(sent(&headers(others)), None, "{others:?}");
        }
    }
}
