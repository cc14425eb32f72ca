//! Sends a POST to an address of somebody else: one attempt, no redirects, a time-out, a bound on what is read.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri};

use crate::{
    domain::causes::with_causes,
    outgoing::{self as http, OutgoingClient},
};

/// The largest answer; what it says is not looked at.
const ANSWER_MAX: usize = 64 * 1024;

/// A client. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Post(OutgoingClient);

/// Why it was not taken. The words never name the address, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// It cannot even be begun; the words say why.
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
    /// With the certificates that this system trusts, through the proxies that the environment names.
    pub fn new() -> Result<Self, PostError> {
        http::client().map(Self).map_err(|error| PostError::Client(with_causes(&error)))
    }

    /// Sends a body; any status of 200 to 299 says that it was taken.
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
            // Read to its end, so that the connection can be used again. It was taken all the same.
            let _ = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            Ok(())
        };
        tokio::time::timeout(within, work).await.unwrap_or(Err(PostError::Timeout(within)))
    }
}
