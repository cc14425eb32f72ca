//! Owns what a web server of one's own answers: nginx, by its headers.

use std::path::Path;

use hyper::body::Bytes;
use hyper::{Response, StatusCode};

use super::{error, name, read};

const SERVER: &str = "nginx/1.26.3";

pub(super) async fn answer(folder: &Path, path: &str) -> Response<Bytes> {
    let mut wanted = name(path).unwrap_or_default().into_owned();
    if wanted.is_empty() || wanted.ends_with('/') {
        wanted.push_str("index.html");
    }
    match read(folder, &wanted).await {
        Some(object) => object.response(SERVER),
        None => failed(StatusCode::NOT_FOUND),
    }
}

/// nginx's page for an error.
pub(crate) fn failed(status: StatusCode) -> Response<Bytes> {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let body = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>{SERVER}</center>\r\n</body>\r\n</html>\r\n"
    );
    error(status, SERVER, "text/html", body)
}
