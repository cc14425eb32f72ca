//! Puts an object into a bucket, and deletes one.

use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::body::Bytes;
use rusty_s3::{Bucket, Credentials};
use sha2::{Digest, Sha256};

use super::{
    super::operation::AwsOperation,
    S3, S3Bucket, S3Error,
    call::{S3Call, SignedHeader},
};

/// An object that is to be made.
#[derive(Debug, Clone)]
pub struct NewObject {
    pub key: String,
    /// What is kept with it: the end of a name (`x-amz-meta-…`), and visible ASCII.
    pub metadata: Vec<(&'static str, String)>,
    /// Whether it may take the place of one that is there.
    pub replaces: bool,
}

/// Content with the SHA-256 that S3 holds it against.
#[derive(Debug, Clone)]
pub struct HashedContent {
    pub(super) bytes: Bytes,
    /// In Base64.
    pub(super) sha256: String,
}

impl HashedContent {
    /// Hashes the content, which takes a moment: not on a thread of the async runtime.
    #[must_use]
    pub fn new(content: Vec<u8>) -> Self {
        let sha256 = BASE64_STANDARD.encode(Sha256::digest(&content));
        Self { bytes: content.into(), sha256 }
    }

    /// S3 refuses content that does not have this checksum (S3 user guide, "Checking object integrity").
    pub(super) fn checksum(&self) -> SignedHeader {
        ("x-amz-checksum-sha256", self.sha256.clone())
    }
}

impl NewObject {
    pub(super) fn metadata_headers(&self) -> Vec<SignedHeader> {
        self.metadata.clone()
    }

    /// Keeps an object that is there: S3 answers 412 (S3 user guide, "How to prevent object overwrites with conditional
    /// writes").
    pub(super) fn condition(&self) -> Option<SignedHeader> {
        (!self.replaces).then(|| ("if-none-match", "*".to_owned()))
    }
}

impl S3 {
    /// Makes an object in one call. S3 takes up to 5 GiB so; all of it is in memory.
    pub async fn put(
        &self,
        bucket: &S3Bucket,
        object: &NewObject,
        content: &HashedContent,
    ) -> Result<(), S3Error> {
        let mut call = S3Call::new(AwsOperation::PutObject);
        call.headers = object.metadata_headers();
        call.headers.extend(object.condition());
        call.headers.push(content.checksum());
        (call.body, call.time) = (content.bytes.clone(), Some(self.0.content));
        let sign =
            |at: &Bucket, credentials: &Credentials| call.sign(at.put_object(Some(credentials), &object.key));
        self.0.ask_again(bucket, &call, sign).await.map(drop)
    }

    /// Deletes an object. One that is not there is deleted already.
    pub async fn delete(&self, bucket: &S3Bucket, key: &str) -> Result<(), S3Error> {
        let call = S3Call::new(AwsOperation::DeleteObject);
        let sign =
            |at: &Bucket, credentials: &Credentials| call.sign(at.delete_object(Some(credentials), key));
        self.0.taken(self.0.ask(bucket, &call, sign).await).await.map(drop)
    }
}
