//! Owns what a bucket's static-website endpoint answers.

use std::path::Path;

use hyper::body::Bytes;
use hyper::header::{HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use quick_xml::escape::escape;

use super::s3::{SERVER, request_id};
use super::{error, name, read};
use crate::id;
use crate::state::BucketPolicy;

/// The bucket's index document.
const INDEX: &str = "index.html";
/// The bucket's error document, where it has that file.
const ERROR: &str = "error.html";

pub(super) async fn answer(folder: &Path, policy: BucketPolicy, path: &str) -> Response<Bytes> {
    let known = name(path).unwrap_or_default().into_owned();
    if policy == BucketPolicy::Deny {
        return failed(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied", "");
    }
    let wanted = if known.is_empty() || known.ends_with('/') { format!("{known}{INDEX}") } else { known };
    if let Some(object) = read(folder, &wanted).await {
        return object.response(SERVER);
    }
    if read(folder, &format!("{wanted}/{INDEX}")).await.is_some() {
        return to_folder(path);
    }
    let missing = match policy {
        BucketPolicy::ReadAndList => {
            let key = format!("<li>Key: {}</li>\n", escape(&*wanted));
            failed(StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.", &key)
        }
        _ => failed(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied", ""),
    };
    match read(folder, ERROR).await {
        Some(page) => {
            let mut page = page.response(SERVER);
            *page.status_mut() = missing.status();
            page
        }
        None => missing,
    }
}

/// A folder without its closing slash is sent to itself with one.
fn to_folder(path: &str) -> Response<Bytes> {
    let mut response = failed(StatusCode::FOUND, "Found", "Resource Found", "");
    let target = HeaderValue::try_from(format!("{path}/")).ok();
    response.headers_mut().extend(target.map(|target| (LOCATION, target)));
    response
}

fn failed(status: StatusCode, code: &str, message: &str, more: &str) -> Response<Bytes> {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let body = format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n<li>Code: {code}</li>\n\
         <li>Message: {message}</li>\n{more}<li>RequestId: {}</li>\n<li>HostId: {}</li>\n</ul>\n<hr/>\n</body>\n</html>\n",
        request_id(),
        id::edge_request()
    );
    error(status, SERVER, "text/html; charset=utf-8", body)
}
