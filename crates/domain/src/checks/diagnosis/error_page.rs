//! Custom error pages with a status that is no error.

use super::{CheckCause, Facts, XCache};

/// Extensions of files that a page loads or a person downloads. A path with another one may be a route of a
/// single-page application, such as `/users/john.doe`.
const FILES: [&str; 39] = [
    "avif",
    "bin",
    "br",
    "bmp",
    "css",
    "csv",
    "doc",
    "eot",
    "gif",
    "gz",
    "htm",
    "html",
    "ico",
    "jpeg",
    "jpg",
    "js",
    "json",
    "m4a",
    "map",
    "mjs",
    "mov",
    "mp3",
    "mp4",
    "otf",
    "pdf",
    "png",
    "svg",
    "tar",
    "tgz",
    "ttf",
    "txt",
    "wasm",
    "webm",
    "webmanifest",
    "webp",
    "woff",
    "woff2",
    "xml",
    "zip",
];

/// Whether CloudFront gave an error page in place of a file, or of what may be a route of the site.
pub(super) fn in_place_of_content(facts: &Facts<'_>) -> CheckCause {
    if facts.answer.x_cache != Some(XCache::Error) {
        return CheckCause::OtherRefusal;
    }
    let url = &facts.site.url;
    let configuration = facts.configuration();
    let extension = url.extension().filter(|extension| FILES.contains(&extension.as_str()));
    let Some(extension) = extension else { return CheckCause::ErrorPageServed };
    if configuration.custom_errors.iter().any(|custom| custom.page.as_ref() == Some(&url.path)) {
        return CheckCause::ErrorPageServed;
    }
    let replaces_missing = facts.has_error_page_for(403) || facts.has_error_page_for(404);
    let is_other_type = facts.answer.is_html && !extension.starts_with("htm");
    // If the error pages are not known, HTML in place of another type is proof enough.
    let is_unknown = configuration.custom_errors.is_empty();
    if replaces_missing || (is_unknown && (is_other_type || has_page_body(facts))) {
        CheckCause::HiddenMissingFile
    } else {
        CheckCause::ErrorPageServed
    }
}

/// Whether the body is the error page's.
fn has_page_body(facts: &Facts<'_>) -> bool {
    let body = facts.answer.body.filter(|body| body.whole).map(|body| body.sha256);
    body.is_some() && body == facts.configuration().error_page_sha256
}
