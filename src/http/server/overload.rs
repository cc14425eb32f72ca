//! Answers clients above the limit of connections with 503 and the time after which to try again.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, sync::Semaphore};

use crate::{
    commands::new_uuid,
    http::problem::{MEDIA_TYPE, ProblemDetails, ProblemType, is_for_programs},
};

/// The number of clients that are answered at the same time. Further connections are closed without an answer.
const ANSWERED_AT_ONCE: usize = 64;
/// How long such a client may take to send its headers, and for the whole exchange.
const HEADERS: Duration = Duration::from_secs(2);
const ALL: Duration = Duration::from_secs(4);
/// The seconds that clients are told to wait.
const RETRY_AFTER: u16 = 5;

const PROBLEM: ProblemType = ProblemType::TooBusy;
const DETAIL: &str = "Nothing was saved or sent. Try again in a few seconds.";

/// Answers clients above the limit. Clones share the permits.
#[derive(Debug, Clone)]
pub struct OverloadResponder(Arc<Semaphore>);

impl Default for OverloadResponder {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ANSWERED_AT_ONCE)))
    }
}

impl OverloadResponder {
    /// Answers one request and closes the connection.
    pub fn refuse(&self, stream: TcpStream) {
        let Ok(permit) = Arc::clone(&self.0).try_acquire_owned() else { return };
        tokio::spawn(async move {
            let service = hyper::service::service_fn(|request: hyper::Request<hyper::body::Incoming>| {
                let answer = answer(request.uri().path());
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service);
            // It does not matter whether the client waited for the answer.
            let _ = tokio::time::timeout(ALL, connection).await;
            drop(permit);
        });
    }
}

fn answer(path: &str) -> Response {
    let id = new_uuid().to_string();
    let (kind, body) = if is_for_programs(path) {
        let problem = ProblemDetails::new(PROBLEM, PROBLEM.title(), DETAIL);
        (MEDIA_TYPE, ProblemDetails { request_id: id.clone(), ..problem }.to_json())
    } else {
        ("text/plain; charset=utf-8", format!("{}. {DETAIL}\n", PROBLEM.title()).into_bytes())
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = PROBLEM.status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::try_from(id) {
        headers.insert("x-request-id", id);
    }
    response
}
