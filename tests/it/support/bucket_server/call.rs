//! What the stand-in does for each operation.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{Contents, StoredObject, Upload};

/// The least that a part has but for the last one.
const PART_MIN: usize = 5 * 1024 * 1024;

pub(super) fn refusal(status: StatusCode, code: &str) -> Response {
    (status, format!("<Error><Code>{code}</Code><Message>as the stand-in says</Message></Error>"))
        .into_response()
}

pub(super) fn bad(code: &str) -> Response {
    refusal(StatusCode::BAD_REQUEST, code)
}

/// A call that is allowed.
pub(super) struct Call<'a> {
    pub key: &'a str,
    pub query: &'a BTreeMap<String, String>,
    pub headers: &'a HeaderMap,
    pub body: Bytes,
}

impl Call<'_> {
    pub fn perform(&self, operation: &str, contents: &mut Contents) -> Response {
        match operation {
            "ListObjectsV2" => self.list(contents),
            "GetObject" | "HeadObject" => self.get(operation == "GetObject", contents),
            "UploadPart" => self.part(contents),
            "PutObject" => self.put(contents),
            "CreateMultipartUpload" => self.create(contents),
            "CompleteMultipartUpload" => self.complete(contents),
            "AbortMultipartUpload" => match contents.uploads.remove(&self.query["uploadId"]) {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => refusal(StatusCode::NOT_FOUND, "NoSuchUpload"),
            },
            _ => {
                contents.objects.remove(self.key);
                StatusCode::NO_CONTENT.into_response()
            }
        }
    }

    /// A page has two objects.
    fn list(&self, contents: &Contents) -> Response {
        let (empty, prefix) = (String::new(), &self.query["prefix"]);
        let after = self.query.get("continuation-token").unwrap_or(&empty);
        let found = contents.objects.iter().filter(|(key, _)| key.starts_with(prefix) && *key > after);
        let found: Vec<_> = found.take(3).collect();
        let entry = |(key, object): &(&String, &StoredObject)| {
            let size = object.content.len();
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-28T06:08:21.000Z</LastModified>\
                 <ETag>&quot;d41d8c&quot;</ETag><Size>{size}</Size></Contents>"
            )
        };
        let entries: String = found.iter().take(2).map(entry).collect();
        let (count, more) = (found.len().min(2), found.len() > 2);
        let next = found.get(1).filter(|_| more).map(|(key, _)| key.as_str()).unwrap_or_default();
        let next = if more {
            format!("<NextContinuationToken>{next}</NextContinuationToken>")
        } else {
            String::new()
        };
        format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>{more}</IsTruncated>\
             {next}<KeyCount>{count}</KeyCount>{entries}</ListBucketResult>"
        )
        .into_response()
    }

    fn get(&self, with_content: bool, contents: &Contents) -> Response {
        let Some(object) = contents.objects.get(self.key) else {
            return refusal(StatusCode::NOT_FOUND, "NoSuchKey");
        };
        let content = if with_content { object.content.clone() } else { Bytes::new() };
        let mut answer = content.into_response();
        for (name, value) in &object.metadata {
            let name: HeaderName = name.parse().unwrap();
            answer.headers_mut().insert(name, value.parse().unwrap());
        }
        answer
    }

    fn put(&self, contents: &mut Contents) -> Response {
        if !self.has_its_checksum() {
            return bad("BadDigest");
        }
        let object = StoredObject { content: self.body.clone(), metadata: self.metadata(), parts: 0 };
        self.store(self.key.to_owned(), object, contents).unwrap_or_else(|| StatusCode::OK.into_response())
    }

    /// Keeps the object, unless one is there that may not be replaced.
    fn store(&self, key: String, object: StoredObject, contents: &mut Contents) -> Option<Response> {
        if self.headers.get("if-none-match").is_some_and(|value| value == "*")
            && contents.objects.contains_key(&key)
        {
            return Some(refusal(StatusCode::PRECONDITION_FAILED, "PreconditionFailed"));
        }
        contents.objects.insert(key, object);
        None
    }

    fn create(&self, contents: &mut Contents) -> Response {
        if self.headers.get("x-amz-checksum-algorithm").is_none_or(|name| name != "SHA256") {
            return bad("InvalidRequest");
        }
        contents.made_uploads += 1;
        let id = format!("upload/{}+=", contents.made_uploads);
        let upload = Upload { key: self.key.to_owned(), metadata: self.metadata(), ..Upload::default() };
        contents.uploads.insert(id.clone(), upload);
        format!(
            "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        )
        .into_response()
    }

    fn part(&self, contents: &mut Contents) -> Response {
        if !self.has_its_checksum() {
            return bad("BadDigest");
        }
        let Some(upload) = contents.uploads.get_mut(&self.query["uploadId"]) else {
            return refusal(StatusCode::NOT_FOUND, "NoSuchUpload");
        };
        let number = self.query["partNumber"].parse().unwrap();
        upload.parts.insert(number, self.body.clone());
        ([("etag", format!("\"etag-{number}\""))], "").into_response()
    }

    fn complete(&self, contents: &mut Contents) -> Response {
        let id = &self.query["uploadId"];
        let Some(upload) = contents.uploads.get(id) else {
            return refusal(StatusCode::NOT_FOUND, "NoSuchUpload");
        };
        let body = String::from_utf8(self.body.to_vec()).unwrap();
        let listed = |(number, part): (&usize, &Bytes)| {
            let sha256 = BASE64_STANDARD.encode(Sha256::digest(part));
            format!(
                "<Part><ChecksumSHA256>{sha256}</ChecksumSHA256><ETag>\"etag-{number}\"</ETag>\
                 <PartNumber>{number}</PartNumber></Part>"
            )
        };
        let expected: String = upload.parts.iter().map(listed).collect();
        if !body.contains(&format!("\">{expected}</CompleteMultipartUpload>")) {
            return bad("InvalidPart");
        }
        if upload.parts.values().rev().skip(1).any(|part| part.len() < PART_MIN) {
            return bad("EntityTooSmall");
        }
        let content = upload.parts.values().flatten().copied().collect();
        let object = StoredObject { content, metadata: upload.metadata.clone(), parts: upload.parts.len() };
        if let Some(refused) = self.store(upload.key.clone(), object, contents) {
            return refused;
        }
        contents.uploads.remove(id);
        "<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>".into_response()
    }

    fn has_its_checksum(&self) -> bool {
        let expected = BASE64_STANDARD.encode(Sha256::digest(&self.body));
        self.headers.get("x-amz-checksum-sha256").is_some_and(|given| given.as_bytes() == expected.as_bytes())
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let own = self.headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
        own.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
    }
}
