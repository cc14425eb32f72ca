//! Files that are missing behind a custom error page with a status that is no error.

use super::{Answer, Evidence, cached::is_error_page, url_parts::UrlParts};

/// Whether a custom error page stands in for a file that is missing: it is HTML where the path's extension says that
/// the file is something else. A path without an extension may well be a route of a single-page application.
pub(super) fn hides_missing_file(evidence: &Evidence<'_>, answer: &Answer) -> bool {
    let configuration = evidence.configuration;
    let is_set = configuration
        .custom_errors
        .iter()
        .any(|error| error.page.is_some() && error.response_code == Some(answer.status));
    let body = answer.body.filter(|body| body.whole).map(|body| body.sha256);
    let is_its_body = body.is_some() && body == configuration.error_page_sha256;
    let extension = UrlParts::of(evidence.url).extension();
    let is_other_type = extension.is_some_and(|extension| NOT_HTML.contains(&extension.as_str()));
    is_set && answer.is_html && is_other_type && (is_error_page(answer) || is_its_body)
}

/// Extensions of files that are never HTML.
const NOT_HTML: [&str; 35] = [
    "avif",
    "bmp",
    "css",
    "csv",
    "eot",
    "gif",
    "gz",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "json",
    "map",
    "mjs",
    "mov",
    "mp3",
    "mp4",
    "ogg",
    "otf",
    "pdf",
    "png",
    "rss",
    "svg",
    "tar",
    "tif",
    "tiff",
    "ttf",
    "txt",
    "wasm",
    "webm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
    "zip",
];
