//! Puts a large object into a bucket, part by part.

use std::{fmt::Write, iter};

use hyper::header::ETAG;
use rusty_s3::{Bucket, Credentials, actions::CreateMultipartUpload};

use super::{
    super::operation::AwsOperation,
    HashedContent, NewObject, S3, S3Bucket, S3Error,
    call::{Asked, S3Call, element, refused},
};

/// The longest name that an upload has here, and the longest `ETag`.
const NAME_MAX: usize = 1_024;

/// An object of which parts are sent. S3 keeps them, and bills them, until the upload is completed or aborted.
#[derive(Debug, Clone)]
pub struct MultipartUpload {
    bucket: S3Bucket,
    object: NewObject,
    id: String,
}

/// A part that S3 has.
#[derive(Debug, Clone)]
pub struct UploadedPart {
    etag: String,
    sha256: String,
}

impl S3 {
    /// Begins an upload.
    pub async fn create_upload(
        &self,
        bucket: &S3Bucket,
        object: NewObject,
    ) -> Result<MultipartUpload, S3Error> {
        let mut call = S3Call::new(AwsOperation::CreateMultipartUpload);
        call.headers = object.metadata_headers();
        call.headers.push(("x-amz-checksum-algorithm", "SHA256".to_owned()));
        let key = &object.key;
        let sign = |at: &Bucket, credentials: &Credentials| {
            call.sign(at.create_multipart_upload(Some(credentials), key))
        };
        // Not again after a lost answer: nobody would abort the first one.
        let Asked { answer, region } = self.0.taken(self.0.ask(bucket, &call, sign).await).await?;
        let text = self.0.text(answer, self.0.call).await?;
        let made = CreateMultipartUpload::parse_response(&text);
        let made = made.map_err(|error| S3Error::Unreadable(error.to_string()))?;
        let id = made.upload_id().to_owned();
        if id.is_empty() || id.len() > NAME_MAX {
            return Err(S3Error::Unreadable("it names no upload".to_owned()));
        }
        let mut bucket = bucket.clone();
        bucket.region = Some(region);
        Ok(MultipartUpload { bucket, object, id })
    }

    /// Sends a part: 5 MiB at least but for the last one, the first has the number 1.
    pub async fn upload_part(
        &self,
        upload: &MultipartUpload,
        number: u16,
        content: &HashedContent,
    ) -> Result<UploadedPart, S3Error> {
        let mut call = S3Call::new(AwsOperation::UploadPart);
        call.headers.push(content.checksum());
        (call.body, call.time) = (content.bytes.clone(), Some(self.0.content));
        let MultipartUpload { bucket, object, id } = upload;
        let sign = |at: &Bucket, credentials: &Credentials| {
            call.sign(at.upload_part(Some(credentials), &object.key, number, id))
        };
        let Asked { answer, .. } = self.0.ask_again(bucket, &call, sign).await?;
        let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.filter(|etag| etag.len() <= NAME_MAX && !etag.contains(['<', '&']));
        let etag = etag.ok_or_else(|| S3Error::Unreadable("the part has no ETag".to_owned()))?;
        Ok(UploadedPart { etag: etag.to_owned(), sha256: content.sha256.clone() })
    }

    /// Makes the object of its parts.
    pub async fn complete_upload(
        &self,
        upload: &MultipartUpload,
        parts: &[UploadedPart],
    ) -> Result<(), S3Error> {
        let MultipartUpload { bucket, object, id } = upload;
        let mut call = S3Call::new(AwsOperation::CompleteMultipartUpload);
        call.headers.extend(object.condition());
        (call.body, call.time) = (list_of(parts).into(), Some(self.0.content));
        let sign = |at: &Bucket, credentials: &Credentials| {
            let etags = iter::empty::<&str>();
            call.sign(at.complete_multipart_upload(Some(credentials), &object.key, id, etags))
        };
        let Asked { answer, .. } = self.0.ask_again(bucket, &call, sign).await?;
        let text = self.0.text(answer, self.0.content).await?;
        if text.contains("<CompleteMultipartUploadResult") {
            return Ok(());
        }
        // S3 answers 200 before it knows, and says later in the same answer that it failed.
        Err(match element(&text, "Code", NAME_MAX) {
            Some("PreconditionFailed") => refused(412, &text),
            Some("ConditionalRequestConflict") => refused(409, &text),
            Some(_) => refused(500, &text),
            None => S3Error::Unreadable("it does not say that the object was made".to_owned()),
        })
    }

    /// Gives an upload up, so that S3 keeps none of its parts.
    pub async fn abort_upload(&self, upload: &MultipartUpload) -> Result<(), S3Error> {
        let MultipartUpload { bucket, object, id } = upload;
        let call = S3Call::new(AwsOperation::AbortMultipartUpload);
        let sign = |at: &Bucket, credentials: &Credentials| {
            call.sign(at.abort_multipart_upload(Some(credentials), &object.key, id))
        };
        self.0.taken(self.0.ask(bucket, &call, sign).await).await.map(drop)
    }
}

/// The parts in the order of their numbers. With a checksum for the upload, S3 wants that of each part (API reference,
/// `CompleteMultipartUpload`), which rusty-s3 0.11 does not write.
fn list_of(parts: &[UploadedPart]) -> String {
    let mut list =
        String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for (number, UploadedPart { etag, sha256 }) in (1..).zip(parts) {
        // Writing to a string does not fail.
        let _ = write!(
            list,
            "<Part><ChecksumSHA256>{sha256}</ChecksumSHA256><ETag>{etag}</ETag><PartNumber>{number}</PartNumber></Part>"
        );
    }
    list.push_str("</CompleteMultipartUpload>");
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_number_and_its_checksum() {
        let part = |etag: &str, content: &[u8]| UploadedPart {
            etag: etag.to_owned(),
            sha256: HashedContent::new(content.to_vec()).sha256,
        };
        assert_eq!(
            list_of(&[part("\"a\"", b""), part("\"b\"", b"abc")]),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Part><ChecksumSHA256>47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</ChecksumSHA256><ETag>\"a\"</ETag>\
             <PartNumber>1</PartNumber></Part>\
             <Part><ChecksumSHA256>ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=</ChecksumSHA256><ETag>\"b\"</ETag>\
             <PartNumber>2</PartNumber></Part></CompleteMultipartUpload>"
        );
    }
}
