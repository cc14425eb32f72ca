//! Sends a POST to another service: one attempt, no redirects, a time-out, and a limit on the size of the answer. The
//! webhook of the history and the notification channels use it.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{HeaderMap, Request, Uri, header};

use crate::{
    domain::{causes::with_causes, time::Timestamp},
    outgoing::{self as http, AddressJudge, OutgoingClient},
};

/// The maximum size of the answer in bytes. Its content is ignored.
const ANSWER_MAX: usize = 64 * 1024;

/// A client. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Post(OutgoingClient);

/// Why the request failed. The message never contains the address, which may contain a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// The client could not be built; the text says why.
    #[error("{0}")]
    Client(String),
    #[error("the address or a header cannot be sent")]
    Unsendable,
    #[error("no connection came about: {0}")]
    Connect(String),
    #[error("the connection broke: {0}")]
    Lost(String),
    #[error("no answer came in {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("the answer was {status}")]
    Refused {
        status: u16,
        /// How long the receiver asked to wait, in `Retry-After`.
        retry_after: Option<RetryAfter>,
    },
}

/// How long a receiver asked to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    Span(Duration),
    Until(Timestamp),
}

impl RetryAfter {
    /// Reads `Retry-After`: a number of seconds, or a date (RFC 9110, 10.2.3).
    fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        let span = text.parse().ok().map(|seconds| Self::Span(Duration::from_secs(seconds)));
        span.or_else(|| Timestamp::of_http_date(text).map(Self::Until))
    }

    /// The span from now on.
    #[must_use]
    pub fn span(self, now: Timestamp) -> Duration {
        match self {
            Self::Span(span) => span,
            Self::Until(at) => at.since(now),
        }
    }
}

impl Post {
    /// A client that trusts the system's certificates and uses the proxies that the environment names.
    pub fn new() -> Result<Self, PostError> {
        http::client().map(Self).map_err(|error| PostError::Client(with_causes(&error)))
    }

    /// The same for addresses that people enter: it connects only where the judge allows it.
    pub fn judged(judge: AddressJudge) -> Result<Self, PostError> {
        http::judged_client(judge).map(Self).map_err(|error| PostError::Client(with_causes(&error)))
    }

    /// Sends a body. `Ok` if the status of the answer is 200 to 299.
    pub async fn send(
        &self,
        address: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        within: Duration,
    ) -> Result<(), PostError> {
        let uri: Uri = address.parse().map_err(|_| PostError::Unsendable)?;
        let mut request = Request::post(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body)).map_err(|_| PostError::Unsendable)?;
        let work = async {
            let response = self.0.request(request).await.map_err(|error| {
                let words = with_causes(&error);
                if error.is_connect() { PostError::Connect(words) } else { PostError::Lost(words) }
            })?;
            let status = response.status().as_u16();
            if !(200..300).contains(&status) {
                return Err(PostError::Refused { status, retry_after: RetryAfter::of(response.headers()) });
            }
            // The body is read to its end so that the connection can be reused. An error here is ignored, because
            // the status has already said that the request succeeded.
            let _ = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            Ok(())
        };
        tokio::time::timeout(within, work).await.unwrap_or(Err(PostError::Timeout(within)))
    }
}
