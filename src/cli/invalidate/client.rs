//! The client of a running Unstale. It repeats requests by itself if that is safe.

use std::{pin::pin, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{Method, Request, StatusCode, body::Bytes, header};
use serde_json::Value;
use tokio::time::Instant;

use crate::{api, domain::causes::with_causes, identity::is_safe_address, outgoing as http};

use super::{
    progress::Progress,
    retry_limits::{Attempts, RetryLimits},
};

/// How long to wait for one answer. The server answers a wait within a minute.
const TIMEOUT: Duration = Duration::from_secs(90);
/// The maximum size of an answer in bytes.
const ANSWER_MAX: usize = 64 * 1024 * 1024;

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

/// Why a request that is sent once has no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// The server says "not now".
    NotNow,
    /// The server has not answered since then.
    Since(Instant),
}

/// A client of one server, with one token.
pub struct ApiClient {
    http: http::OutgoingClient,
    server: String,
    token: String,
    run_url: Option<String>,
    limits: RetryLimits,
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
        let limits = RetryLimits::default();
        Ok(Self { http, server, token: token.to_owned(), run_url, limits })
    }

    /// Reads, and repeats it from the moment since which the server has not answered.
    pub async fn get(
        &self,
        path: &str,
        silent_since: Instant,
        progress: &mut Progress,
    ) -> Result<ApiAnswer, ApiClientError> {
        self.tried((Method::GET, path, Bytes::new(), None), silent_since, progress).await
    }

    /// Sends one request that the server answers within this time, and does not repeat it.
    pub async fn get_now(&self, path: &str, within: Duration) -> Result<ApiAnswer, NoAnswer> {
        let due = Instant::now() + within;
        let request = (Method::GET, path, Bytes::new(), None);
        match tokio::time::timeout_at(due + self.limits.say_after, self.once(&request)).await {
            Ok(Ok(answer)) if is_passing(answer.status) => Err(NoAnswer::NotNow),
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => Err(NoAnswer::Since(Instant::now())),
            Err(_) => Err(NoAnswer::Since(due)),
        }
    }

    /// Sends one request, which is not repeated.
    pub async fn send(&self, method: &Method, path: &str, body: &Value) -> Result<ApiAnswer, ApiClientError> {
        let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
        self.once(&(method.clone(), path, body, None)).await
    }

    pub async fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
        progress: &mut Progress,
    ) -> Result<ApiAnswer, ApiClientError> {
        self.tried((Method::POST, path, body.to_string().into(), key), Instant::now(), progress).await
    }

    /// Sends a request, and repeats it if the server cannot be reached or says "not now". Repeating is safe,
    /// because each request only reads or has a key.
    async fn tried(
        &self,
        request: Sent<'_>,
        silent_since: Instant,
        progress: &mut Progress,
    ) -> Result<ApiAnswer, ApiClientError> {
        let mut attempts = Attempts::new(self.limits, silent_since, &self.server);
        let mut last = None;
        for pause in self.limits.pauses() {
            match attempts.during(pin!(self.once(&request)), progress).await {
                Some(Ok(answer)) if !is_passing(answer.status) => return Ok(answer),
                Some(Ok(answer)) => {
                    attempts.trouble = format!("the server answers with {}", answer.status);
                    last = Some(answer);
                }
                Some(Err(ApiClientError::Unreachable(words))) => {
                    attempts.trouble = words;
                    last = None;
                }
                Some(Err(error)) => return Err(error),
                None => break,
            }
            if attempts.during(pin!(tokio::time::sleep(pause)), progress).await.is_none() {
                break;
            }
        }
        // An answer says why it was "not now".
        last.ok_or_else(|| ApiClientError::Unreachable(attempts.given_up()))
    }

    async fn once(&self, (method, path, body, key): &Sent<'_>) -> Result<ApiAnswer, ApiClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::USER_AGENT, concat!("unstale/", env!("CARGO_PKG_VERSION")))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = *key {
            request = request.header(api::IDEMPOTENCY_KEY, key);
        }
        if let Some(url) = &self.run_url {
            request = request.header(api::RUN_URL, url);
        }
        let request = request.body(Full::from(body.clone()));
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

/// A request: its method, path, body and idempotency key.
type Sent<'a> = (Method, &'a str, Bytes, Option<&'a str>);

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

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};

    use super::{super::progress::tests::Kept, *};

    /// Shorter than those of the program: a test does not wait for a minute.
    const LIMITS: RetryLimits = RetryLimits {
        say_after: Duration::from_millis(400),
        give_up_after: Duration::from_millis(900),
        pause: Duration::from_millis(10),
    };

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    fn client(address: SocketAddr) -> ApiClient {
        let client = ApiClient::new(&format!("http://{address}"), "unstale_x", false, None).unwrap();
        ApiClient { limits: LIMITS, ..client }
    }

    /// The answer of a read, what was said meanwhile, and how long it took.
    async fn read(client: &ApiClient) -> (Result<u16, String>, String, Duration) {
        let (kept, started) = (Kept::default(), Instant::now());
        let answer = client.get("/api/v1/x", started, &mut kept.progress(false)).await;
        let answer = answer.map(|answer| answer.status).map_err(|error| match error {
            ApiClientError::Unreachable(words) | ApiClientError::Address(words) => words,
        });
        (answer, kept.text(), started.elapsed())
    }

    /// Answers each connection with the next status.
    fn answer(listener: TcpListener, statuses: Vec<u16>) {
        std::thread::spawn(move || {
            for status in statuses {
                let mut stream = listener.accept().unwrap().0;
                let _ = stream.read(&mut [0; 4096]).unwrap();
                let head =
                    format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
                stream.write_all(head.as_bytes()).unwrap();
            }
        });
    }

    #[tokio::test]
    async fn a_server_that_refuses_connections_is_told_once_and_given_up_in_the_end() {
        let (listener, address) = listener();
        drop(listener);
        let (answer, told, took) = read(&client(address)).await;
        let words = answer.unwrap_err();
        assert!(words.contains("cannot be reached") && words.ends_with("; gave up after 0.9 s"), "{words}");
        assert!(told.starts_with(&format!("unstale: http://{address} cannot be reached")), "{told}");
        assert!(
            told.ends_with("; trying again for up to 0.9 s in all\n") && told.lines().count() == 1,
            "{told}"
        );
        assert!(took >= LIMITS.give_up_after, "{took:?}");
    }

    #[tokio::test]
    async fn a_server_that_never_answers_is_told_while_the_request_waits() {
        // It accepts connections, and nobody reads from them.
        let (_listener, address) = listener();
        let (answer, told, took) = read(&client(address)).await;
        let wanted =
            format!("unstale: http://{address} does not answer; trying again for up to 0.9 s in all\n");
        assert_eq!(told, wanted);
        assert_eq!(answer.unwrap_err(), format!("http://{address} does not answer; gave up after 0.9 s"));
        assert!(took >= LIMITS.give_up_after, "{took:?}");
        let due = Instant::now() + Duration::from_millis(20);
        let waited = client(address).get_now("/api/v1/x", Duration::from_millis(20)).await;
        let Err(NoAnswer::Since(since)) = waited else { panic!("{waited:?}") };
        assert!(since >= due && due + LIMITS.say_after <= Instant::now(), "the wait itself is no silence");
    }

    #[tokio::test]
    async fn a_server_that_is_back_soon_is_not_told_at_all() {
        let (listener, address) = listener();
        answer(listener, vec![503, 502, 200]);
        let limits = RetryLimits { pause: LIMITS.pause, ..RetryLimits::default() };
        let (answer, told, _) = read(&ApiClient { limits, ..client(address) }).await;
        assert_eq!((answer, told.as_str()), (Ok(200), ""));
    }

    #[tokio::test]
    async fn a_server_that_says_not_now_until_the_end_is_heard() {
        let (listener, address) = listener();
        answer(listener, vec![429; 1_000]);
        let (answer, told, _) = read(&client(address)).await;
        assert_eq!(answer, Ok(429));
        assert_eq!(told, "unstale: the server answers with 429; trying again for up to 0.9 s in all\n");
    }
}
