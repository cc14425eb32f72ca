//! The client of a running Unstale. It repeats requests by itself if that is safe.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, body::Bytes, header};
use serde_json::Value;

use crate::{api, domain::causes::with_causes, identity::is_safe_address, outgoing as http};

use super::progress::Progress;

/// How long to wait for one answer. The server answers a wait within a minute.
const TIMEOUT: Duration = Duration::from_secs(90);
/// The maximum size of an answer in bytes.
const ANSWER_MAX: usize = 64 * 1024 * 1024;
/// The seconds to wait before each further attempt.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 15, 30];

/// Why there is no answer.
#[derive(Debug)]
pub enum ApiClientError {
    Address(String),
    Unreachable(String),
}

/// An answer of the server.
#[derive(Debug)]
pub struct ApiAnswer {
    pub status: u16,
    pub body: Value,
    /// When the first request with the same key was made. `None` if this is the first one.
    pub first_request: Option<String>,
    /// Whether this is the answer to that first request, so that nothing was sent again.
    pub replayed: bool,
}

/// A client of one server, with one token.
pub struct ApiClient {
    http: http::OutgoingClient,
    server: String,
    token: String,
    run_url: Option<String>,
}

impl ApiClient {
    pub fn new(
        server: &str,
        token: &str,
        plain_http: bool,
        run_url: Option<String>,
    ) -> Result<Self, ApiClientError> {
        let plain = plain_http && server.starts_with("http://");
        if !is_safe_address(server) && !plain {
            let words = format!(
                "--server {server} is not https, so the token could be read on the way; use an address such as https://unstale.example.com, or --plain-http in a network that you trust"
            );
            return Err(ApiClientError::Address(words));
        }
        let http = http::client().map_err(|error| match error {
            http::OutgoingError::Proxy(error) => ApiClientError::Address(error.to_string()),
            http::OutgoingError::Certificates(_) => ApiClientError::Unreachable(with_causes(&error)),
        })?;
        let server = server.trim_end_matches('/').to_owned();
        Ok(Self { http, server, token: token.to_owned(), run_url })
    }

    pub async fn get(&self, path: &str, progress: &mut Progress) -> Result<ApiAnswer, ApiClientError> {
        self.tried(Method::GET, path, Bytes::new(), None, progress).await
    }

    /// Sends one request. `None` if there is no answer or the server says "not now".
    pub async fn get_now(&self, path: &str) -> Option<ApiAnswer> {
        let answer = self.once(&Method::GET, path, Bytes::new(), None).await.ok();
        answer.filter(|answer| !is_passing(answer.status))
    }

    /// Sends one request, which is not repeated.
    pub async fn send(&self, method: &Method, path: &str, body: &Value) -> Result<ApiAnswer, ApiClientError> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        self.once(method, path, body, None).await
    }

    pub async fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
        progress: &mut Progress,
    ) -> Result<ApiAnswer, ApiClientError> {
        self.tried(Method::POST, path, body.to_string().into(), key, progress).await
    }

    /// Sends a request, and repeats it if the server cannot be reached or says "not now". Repeating is safe,
    /// because each request only reads or has a key.
    async fn tried(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        key: Option<&str>,
        progress: &mut Progress,
    ) -> Result<ApiAnswer, ApiClientError> {
        for pause in PAUSES {
            let trouble = match self.once(&method, path, body.clone(), key).await {
                Ok(answer) if !is_passing(answer.status) => return Ok(answer),
                Ok(answer) => format!("the server answers with {}", answer.status),
                Err(ApiClientError::Unreachable(words)) => words,
                Err(error) => return Err(error),
            };
            progress.trouble(&format!("{trouble}; the next try is in {pause} s"));
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
        self.once(&method, path, body, key).await
    }

    async fn once(
        &self,
        method: &Method,
        path: &str,
        body: Bytes,
        key: Option<&str>,
    ) -> Result<ApiAnswer, ApiClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::USER_AGENT, concat!("unstale/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header(api::IDEMPOTENCY_KEY, key);
        }
        if let Some(url) = &self.run_url {
            request = request.header(api::RUN_URL, url);
        }
        let request = request.body(Full::from(body));
        let request =
            request.map_err(|error| ApiClientError::Address(format!("this cannot be sent: {error}")))?;
        let work = async {
            let response = self.http.request(request).await.map_err(|error| self.unreachable(&error))?;
            let status = response.status().as_u16();
            let said = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            let first_request = said(api::FIRST_REQUEST).map(str::to_owned);
            let replayed = said(api::REPLAYED) == Some("true");
            let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
            let body = body.map_err(|error| self.unreachable(&*error))?.to_bytes();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            Ok(ApiAnswer { status, body, first_request, replayed })
        };
        let answer = tokio::time::timeout(TIMEOUT, work).await;
        answer.unwrap_or_else(|_| {
            Err(ApiClientError::Unreachable(format!("{} does not answer in time", self.server)))
        })
    }

    fn unreachable(&self, error: &dyn std::error::Error) -> ApiClientError {
        ApiClientError::Unreachable(format!("{} cannot be reached: {}", self.server, with_causes(error)))
    }
}

/// Whether the status means that the server or a proxy cannot answer now, so that a later attempt may succeed.
fn is_passing(status: u16) -> bool {
    let passing = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    passing.iter().any(|known| known.as_u16() == status)
}
