//! Owns request and response bodies: reading within a limit, whole ones, and ones that break off.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming};
use tokio::time::{Sleep, sleep};

use crate::server::{Body, BreakOff};

/// Long enough that what was written before the break has left this machine.
const BEFORE_THE_BREAK: Duration = Duration::from_millis(30);

/// The whole body; `None` when it is larger than `limit`. A body that breaks off counts as empty.
pub(crate) async fn read(body: Incoming, limit: usize) -> Option<Bytes> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Some(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => None,
        Err(_) => Some(Bytes::new()),
    }
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(BreakOff::from).boxed()
}

/// Sends `bytes` and then breaks the connection off, whatever length was promised.
pub(crate) fn cut(bytes: impl Into<Bytes>) -> Body {
    Cut { bytes: Some(bytes.into()), wait: Box::pin(sleep(BEFORE_THE_BREAK)) }.boxed()
}

struct Cut {
    bytes: Option<Bytes>,
    wait: Pin<Box<Sleep>>,
}

impl HttpBody for Cut {
    type Data = Bytes;
    type Error = BreakOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BreakOff>>> {
        if let Some(bytes) = self.bytes.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        self.wait.as_mut().poll(cx).map(|()| Some(Err(BreakOff)))
    }
}
