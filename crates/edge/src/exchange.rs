//! One request and one answer over a connection of its own.

use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
};
use hyper_util::rt::TokioIo;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};

use crate::{
    body::{BodyRead, BodyReader},
    client::Bounds,
    connect::Connected,
    error::{FetchError, of_exchange},
};

/// An answer whose header is there and whose body is not yet read.
pub(crate) struct Answer {
    pub(crate) header: Response<Incoming>,
    /// What reads from the connection. It ends with the answer.
    _connection: JoinSet<()>,
}

/// So many header lines are read; CloudFront adds some ten to the origin's.
const HEADERS_MAX: usize = 256;
/// The smallest buffer that hyper takes.
const HYPERS_LEAST: usize = 8192;

/// Sends the request and waits for the header of the answer.
pub(crate) async fn send(
    connected: Connected,
    request: Request<Empty<Bytes>>,
    bounds: &Bounds,
    deadline: Instant,
) -> Result<Answer, FetchError> {
    let Connected { stream, certificate, .. } = connected;
    let exchange = async {
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(bounds.header.max(HYPERS_LEAST))
            .max_header_size(bounds.header)
            .max_headers(HEADERS_MAX)
            .handshake(TokioIo::new(stream))
            .await?;
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            // The answer has the error too.
            let _ = connection.await;
        });
        let header = sender.send_request(request).await?;
        Ok::<_, hyper::Error>(Answer { header, _connection: reading })
    };
    let answer = timeout_at(deadline, exchange).await;
    let answer = answer.map_err(|_| FetchError::AnswerTimedOut { status: None })?;
    answer.map_err(|cause| of_exchange(cause, certificate.was_made()))
}

/// Reads the body up to its bound.
pub(crate) async fn read(
    mut answer: Answer,
    mut reader: BodyReader,
    deadline: Instant,
) -> Result<BodyRead, FetchError> {
    let status = answer.header.status();
    let body = answer.header.body_mut();
    let reading = async {
        while let Some(frame) = body.frame().await.transpose()? {
            if let Some(chunk) = frame.data_ref()
                && !reader.feed(chunk)
            {
                break;
            }
        }
        Ok::<_, hyper::Error>(())
    };
    let read = timeout_at(deadline, reading).await;
    let read = read.map_err(|_| FetchError::AnswerTimedOut { status: Some(status) })?;
    read.map_err(|cause| of_exchange(cause, false))?;
    Ok(reader.finish())
}

/// The time until a deadline.
pub(crate) fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}
