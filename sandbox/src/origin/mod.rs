//! Owns the origin: a folder that answers like an S3 bucket, its website endpoint or a web server.

pub(crate) mod custom;
pub(crate) mod listing;
pub(crate) mod s3;
pub(crate) mod seed;
mod side_file;
mod website;

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use hyper::body::Bytes;
use hyper::header::{ACCEPT_RANGES, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, SERVER};
use hyper::{Response, StatusCode};
use percent_encoding::percent_decode_str;
use tokio::fs;

use crate::id;
use crate::state::{Distribution, OriginAccess, OriginKind};

/// A file larger than this is not there, as far as the edge can tell.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// A file of the origin.
#[derive(Clone, Debug)]
struct Object {
    bytes: Bytes,
    /// Quoted.
    etag: String,
    last_modified: SystemTime,
    content_type: String,
    /// From the side file; may name a content type of its own.
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What the distribution's origin answers to `GET` for a path, before the edge adds anything.
pub(crate) async fn answer(folder: &Path, distribution: &Distribution, path: &str) -> Response<Bytes> {
    let path = match path {
        "/" if !distribution.default_root_object.is_empty() => {
            format!("/{}", distribution.default_root_object)
        }
        _ => path.to_owned(),
    };
    let path = format!("{}{path}", distribution.origin_path);
    of_path(folder, distribution, &path).await
}

/// What the origin answers to somebody who asks it without CloudFront.
pub(crate) async fn directly(folder: &Path, distribution: &Distribution, path: &str) -> Response<Bytes> {
    let is_private = distribution.origin_access != OriginAccess::Unsigned;
    let mut response = match distribution.origin_kind {
        OriginKind::S3 if is_private => s3::access_denied(),
        _ => of_path(folder, distribution, path).await,
    };
    s3::name_request(&mut response);
    response
}

async fn of_path(folder: &Path, distribution: &Distribution, path: &str) -> Response<Bytes> {
    match distribution.origin_kind {
        OriginKind::S3 => s3::answer(folder, distribution.bucket_policy, path).await,
        OriginKind::Website => website::answer(folder, distribution.bucket_policy, path).await,
        OriginKind::Custom => custom::answer(folder, path).await,
    }
}

/// The name that the path of a request stands for; `None` when it stands for none.
fn name(path: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()
}

/// Reads a file; `None` when there is none of that name that may be served.
async fn read(folder: &Path, name: &str) -> Option<Object> {
    let file = locate(folder, name).await?;
    let meta = fs::metadata(&file).await.ok()?;
    if !meta.is_file() || meta.len() > LARGEST_FILE {
        return None;
    }
    let bytes = fs::read(&file).await.ok()?;
    Some(Object {
        etag: format!("\"{}\"", id::content(&bytes)),
        bytes: bytes.into(),
        last_modified: meta.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        content_type: mime_guess::from_path(&file).first_or_octet_stream().to_string(),
        headers: side_file::headers_of(folder, name).await,
    })
}

impl Object {
    /// A 200 with what every web server says of a file; the side file's headers come before all others.
    fn response(self, server: &'static str) -> Response<Bytes> {
        let mut response = Response::new(self.bytes);
        let headers = response.headers_mut();
        headers.insert(SERVER, HeaderValue::from_static(server));
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let own = [
            (CONTENT_TYPE, self.content_type),
            (LAST_MODIFIED, httpdate::fmt_http_date(self.last_modified)),
            (ETAG, self.etag),
        ];
        for (name, value) in own {
            headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
        }
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

/// An error with a document.
fn error(status: StatusCode, server: &'static str, kind: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(SERVER, HeaderValue::from_static(server));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The file's real place, if that lies in the folder: neither `..` nor a link leads out of it.
async fn locate(folder: &Path, name: &str) -> Option<PathBuf> {
    let relative = Path::new(name);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !plain
        || name == side_file::NAME
        || name.ends_with('/')
        || name.contains(['\0', '\\'])
        || name.contains("//")
    {
        return None;
    }
    let folder = fs::canonicalize(folder).await.ok()?;
    let file = fs::canonicalize(folder.join(relative)).await.ok()?;
    let hidden = file == folder.join(side_file::NAME);
    (file.starts_with(&folder) && !hidden).then_some(file)
}
