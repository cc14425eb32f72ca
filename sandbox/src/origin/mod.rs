//! Owns the origin: a folder that answers like a private S3 bucket behind CloudFront.

pub(crate) mod seed;
mod side_file;

use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use tokio::fs;

use crate::id;

/// A file larger than this is not there, as far as the edge can tell.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// What the origin has for a path.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub bytes: Bytes,
    /// Quoted.
    pub etag: String,
    pub last_modified: SystemTime,
    pub content_type: String,
    /// From the side file; may name a content type of its own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// Reads what the path of a request stands for; `None` when there is no such file that may be served.
pub(crate) async fn read(folder: &Path, path: &str, root_object: &str) -> Option<Object> {
    let name = percent_decode_str(path.strip_prefix('/')?).decode_utf8().ok()?;
    let name = if name.is_empty() { root_object } else { &name };
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
