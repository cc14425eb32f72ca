//! Reads an object of a bucket, piece by piece.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::{Bytes, Incoming},
    header::CONTENT_LENGTH,
};
use rusty_s3::{Bucket, Credentials};
use tokio::time::timeout;

use super::{super::operation::AwsOperation, Asked, S3, S3Bucket, S3Call, S3Error};

/// An object that is read.
#[derive(Debug)]
pub struct S3Download {
    /// Its length in bytes.
    pub length: u64,
    headers: HeaderMap,
    body: Incoming,
    read: u64,
    /// How long the next piece may take.
    time: Duration,
}

impl S3 {
    /// Begins to read an object.
    pub async fn get(&self, bucket: &S3Bucket, key: &str) -> Result<S3Download, S3Error> {
        let call = S3Call::new(AwsOperation::GetObject);
        let sign = |at: &Bucket, credentials: &Credentials| call.sign(at.get_object(Some(credentials), key));
        let Asked { answer, .. } = self.0.ask_again(bucket, &call, sign).await?;
        let (head, body) = answer.into_parts();
        let length = head.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let length = length.ok_or_else(|| S3Error::Unreadable("it has no length".to_owned()))?;
        Ok(S3Download { length, headers: head.headers, body, read: 0, time: self.0.call })
    }
}

impl S3Download {
    /// What was kept with it under this name, `x-amz-meta-…`.
    #[must_use]
    pub fn metadata(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next piece. `None` at its end, which is reached with all of its bytes or not at all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, S3Error> {
        loop {
            let frame = timeout(self.time, self.body.frame()).await.map_err(|_| S3Error::TimedOut)?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|_| cut_off())?;
            if let Ok(piece) = frame.into_data() {
                self.read += piece.len() as u64;
                return Ok(Some(piece));
            }
        }
        if self.read == self.length { Ok(None) } else { Err(cut_off()) }
    }
}

fn cut_off() -> S3Error {
    S3Error::NoAnswer("the connection ended in the middle of the object".to_owned())
}
