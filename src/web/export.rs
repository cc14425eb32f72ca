//! Files that are read part by part while they are sent, so that a long one needs no more memory than a short one.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;

use crate::{domain::causes::with_causes, http::error::HttpError, store::StoreError};

/// How long to wait between the last line of a failed export and the end of its connection.
const REST: Duration = Duration::from_millis(200);

/// What is still to be sent of a file.
pub trait ExportParts: Send + Sized + 'static {
    /// The next part. `None` at the end of the file.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, StoreError>> + Send;

    /// The last line of a file that could not be read to its end.
    fn broken_off(&self) -> &'static [u8];
}

/// The response with a file for the client to keep. It reads the first part before the response begins, so that an export
/// that cannot be read at all is answered with an error. A later failure breaks the response off.
pub async fn file(
    name: &str,
    content_type: &'static str,
    opening: Vec<u8>,
    mut parts: impl ExportParts,
) -> Result<Response, HttpError> {
    let mut first = opening;
    first.extend(parts.next().await?.unwrap_or_default());
    let export = Export { first: Some(first.into()), parts, failed: None, ended: false };
    let all = futures_util::stream::unfold(export, async |mut export: Export<_>| {
        Some((export.next().await?, export))
    });
    // What compresses the body with gzip asks once more after its end (async-compression 0.4.52).
    let body = Body::from_stream(all.fuse());
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .map_err(|error| HttpError::Internal(error.to_string()))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, body).into_response())
}

/// An export that is being sent.
struct Export<P> {
    first: Option<Bytes>,
    parts: P,
    failed: Option<StoreError>,
    ended: bool,
}

impl<P: ExportParts> Export<P> {
    /// The next part. An error ends the connection without the last chunk, so that an HTTP/1.1 client knows that
    /// the file is incomplete. A client or proxy of HTTP/1.0 cannot tell this from the normal end, so a last line
    /// in the file says it too.
    async fn next(&mut self) -> Option<Result<Bytes, StoreError>> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if let Some(error) = self.failed.take() {
            self.ended = true;
            // hyper sends what it has buffered only when the body pauses. Without the pause the error would discard
            // the last line.
            tokio::time::sleep(REST).await;
            return Some(Err(error));
        }
        if self.ended {
            return None;
        }
        self.parts.next().await.map_or_else(|error| Some(Ok(self.break_off(error))), |part| part.map(Ok))
    }

    fn break_off(&mut self, error: StoreError) -> Bytes {
        tracing::error!(error = %with_causes(&error), "an export broke off");
        self.failed = Some(error);
        Bytes::from_static(self.parts.broken_off())
    }
}
