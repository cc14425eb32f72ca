//! Owns what S3's REST API answers to a distribution.

use std::path::Path;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue, LAST_MODIFIED};
use hyper::{Response, StatusCode};
use quick_xml::escape::escape;

use super::{error, name, read};
use crate::id;
use crate::state::BucketPolicy;

pub(super) const SERVER: &str = "AmazonS3";
const VERSION: HeaderName = HeaderName::from_static("x-amz-version-id");
const ENCRYPTION: HeaderName = HeaderName::from_static("x-amz-server-side-encryption");

pub(crate) async fn answer(folder: &Path, policy: BucketPolicy, path: &str) -> Response<Bytes> {
    let known = name(path);
    let object = match (&known, policy) {
        (_, BucketPolicy::Deny) | (None, _) => None,
        (Some(name), _) => read(folder, name).await,
    };
    match (object, policy, known) {
        (Some(object), ..) => versioned(object.response(SERVER)),
        (None, BucketPolicy::ReadAndList, Some(name)) if name.is_empty() => empty_listing(),
        (None, BucketPolicy::ReadAndList, Some(name)) => no_such_key(&name),
        _ => access_denied(),
    }
}

/// A bucket with versions gives each upload an ID, also one of the same bytes.
fn versioned(mut response: Response<Bytes>) -> Response<Bytes> {
    let uploaded = response.headers().get(LAST_MODIFIED).map(|value| value.as_bytes().to_vec());
    let version = id::content(&[response.body(), uploaded.unwrap_or_default().as_slice()].concat());
    let headers = response.headers_mut();
    headers.extend(HeaderValue::try_from(version).ok().map(|version| (VERSION, version)));
    headers.insert(ENCRYPTION, HeaderValue::from_static("AES256"));
    response
}

/// S3's answer for an object that is not there, or that CloudFront may not read: it does not say which.
pub(crate) fn access_denied() -> Response<Bytes> {
    failed(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied", "")
}

/// S3's answer for an object that is not there to whoever may list the bucket.
pub(crate) fn no_such_key(key: &str) -> Response<Bytes> {
    let key = format!("<Key>{}</Key>", escape(key));
    failed(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.", &key)
}

/// S3's answer for a bucket that nobody has.
pub(crate) fn no_such_bucket(bucket: &str) -> Response<Bytes> {
    let name = format!("<BucketName>{}</BucketName>", escape(bucket));
    failed(StatusCode::NOT_FOUND, "NoSuchBucket", "The specified bucket does not exist", &name)
}

/// S3's answer to whoever lists with a token that it did not give.
pub(crate) fn wrong_token() -> Response<Bytes> {
    let why = "The continuation token provided is incorrect";
    failed(StatusCode::BAD_REQUEST, "InvalidArgument", why, "")
}

/// S3's answer to credentials that have run out.
pub(crate) fn expired_token() -> Response<Bytes> {
    failed(StatusCode::BAD_REQUEST, "ExpiredToken", "The provided token has expired.", "")
}

/// S3's answer where it is asked too much.
pub(crate) fn slow_down() -> Response<Bytes> {
    failed(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", "Please reduce your request rate.", "")
}

/// A page of a listing.
pub(crate) fn listed(body: String) -> Response<Bytes> {
    let mut response = error(StatusCode::OK, SERVER, "application/xml", body);
    name_request(&mut response);
    response
}

/// S3's answer to a preflight request that the bucket's CORS configuration does not allow.
pub(crate) fn cors_refused() -> Response<Bytes> {
    let why = "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, \
               request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
               by the resource's CORS spec.";
    failed(
        StatusCode::FORBIDDEN,
        "AccessForbidden",
        why,
        "<Method>GET</Method><ResourceType>OBJECT</ResourceType>",
    )
}

/// S3's answer to a method that it has no use for at this place.
pub(crate) fn method_not_allowed() -> Response<Bytes> {
    let why = "The specified method is not allowed against this resource.";
    failed(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", why, "")
}

fn failed(status: StatusCode, code: &str, message: &str, more: &str) -> Response<Bytes> {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message>{more}\
         <RequestId>{}</RequestId><HostId>{}</HostId></Error>",
        request_id(),
        id::edge_request()
    );
    error(status, SERVER, "application/xml", body)
}

/// Who may list a bucket sees it at `/` where no root object is set.
fn empty_listing() -> Response<Bytes> {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name><Prefix></Prefix>\
                <Marker></Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>";
    error(StatusCode::OK, SERVER, "application/xml", body.to_owned())
}

/// Adds S3's names of a request, which CloudFront does not hand on.
pub(super) fn name_request(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    if headers.get(hyper::header::SERVER).is_some_and(|server| server == SERVER) {
        let names = [("x-amz-request-id", request_id()), ("x-amz-id-2", id::edge_request())];
        for (name, value) in names {
            let value = HeaderValue::try_from(value).ok();
            headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
        }
    }
}

/// 16 hexadecimal digits.
pub(super) fn request_id() -> String {
    id::request().replace('-', "").to_uppercase().chars().take(16).collect()
}
