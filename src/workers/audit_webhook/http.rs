//! Sends a POST to another service: one attempt, no redirects, a time-out, and a limit on the size of the answer.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri};

use crate::{
    domain::causes::with_causes,
    outgoing::{self as http, OutgoingClient},
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
    #[error("the answer was {0}")]
    Refused(u16),
}

impl Post {
    /// A client that trusts the system's certificates and uses the proxies that the environment names.
    pub fn new() -> Result<Self, PostError> {
        http::client().map(Self).map_err(|error| PostError::Client(with_causes(&error)))
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
                return Err(PostError::Refused(status));
            }
            // The body is read to its end so that the connection can be reused. An error here is ignored, because
            // the status has already said that the request succeeded.
            let _ = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            Ok(())
        };
        tokio::time::timeout(within, work).await.unwrap_or(Err(PostError::Timeout(within)))
    }
}
