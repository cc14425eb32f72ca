//! Owns S3's `ListObjectsV2`: the files of an origin folder, in pages, sorted by the bytes of their keys.

use std::fmt::Write as _;
use std::path::Path;

use hyper::Response;
use hyper::body::Bytes;
use jiff::Timestamp;
use quick_xml::escape::escape;

use crate::origin::{listing, s3};
use crate::state::{BucketPolicy, Distribution};

/// What a listing is asked for.
#[derive(Default)]
struct Query {
    prefix: String,
    start_after: String,
    token: Option<String>,
    max_keys: Option<usize>,
    is_encoded: bool,
}

impl Query {
    fn read(query: &str) -> Self {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "prefix" => read.prefix = value.into_owned(),
                "start-after" => read.start_after = value.into_owned(),
                "continuation-token" => read.token = Some(value.into_owned()),
                "max-keys" => read.max_keys = value.parse().ok(),
                "encoding-type" => read.is_encoded = value == "url",
                _ => {}
            }
        }
        read
    }

    /// As S3 spells a key in its answer: like a form, but with slashes as they are.
    fn spelled(&self, key: &str) -> String {
        if self.is_encoded {
            form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>().replace("%2F", "/")
        } else {
            escape(key).into_owned()
        }
    }
}

/// A page of the listing of a distribution's bucket.
pub(super) async fn answer(
    folder: &Path,
    distribution: &Distribution,
    bucket: &str,
    query: &str,
) -> Response<Bytes> {
    if distribution.role_policy != BucketPolicy::ReadAndList {
        return s3::access_denied();
    }
    let query = Query::read(query);
    let after = match &query.token {
        Some(token) => match key_of(token) {
            Some(key) => key,
            None => return s3::wrong_token(),
        },
        None => query.start_after.clone(),
    };
    let most = query.max_keys.unwrap_or(1_000).min(distribution.listing_page);
    let mut files = listing::files(folder).await;
    files.retain(|file| file.key.starts_with(&query.prefix) && file.key > after);
    let is_cut = files.len() > most;
    files.truncate(most);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{}</Name><Prefix>{}</Prefix>\
         <KeyCount>{}</KeyCount><MaxKeys>{most}</MaxKeys><IsTruncated>{is_cut}</IsTruncated>",
        escape(bucket),
        query.spelled(&query.prefix),
        files.len(),
    );
    if query.is_encoded {
        xml.push_str("<EncodingType>url</EncodingType>");
    }
    if let Some(last) = files.last().filter(|_| is_cut) {
        // Writing to a string cannot fail.
        let _ = write!(xml, "<NextContinuationToken>{}</NextContinuationToken>", token_of(&last.key));
    }
    for file in &files {
        let _ = write!(
            xml,
            "<Contents><Key>{}</Key><LastModified>{:.3}</LastModified><ETag>&quot;{:x}&quot;</ETag>\
             <Size>{}</Size><StorageClass>STANDARD</StorageClass></Contents>",
            query.spelled(&file.key),
            whole_seconds(file.modified),
            file.size,
            file.size,
        );
    }
    xml.push_str("</ListBucketResult>");
    s3::listed(xml)
}

/// S3 knows no parts of a second, and shows three zeros.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Where to go on, as text that means nothing to whoever gets it.
fn token_of(key: &str) -> String {
    key.bytes().fold("1".to_owned(), |mut token, byte| {
        let _ = write!(token, "{byte:02x}");
        token
    })
}

fn key_of(token: &str) -> Option<String> {
    let digits = token.strip_prefix('1').filter(|digits| digits.is_ascii() && digits.len() % 2 == 0)?;
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    String::from_utf8(bytes?).ok()
}
