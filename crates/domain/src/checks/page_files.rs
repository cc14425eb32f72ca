//! The files that pages load, which need not have the texts that pages must have.

/// Types that are no page and no document by themselves, beside pictures, fonts and media.
const FILES: [&str; 9] = [
    "application/ecmascript",
    "application/gzip",
    "application/javascript",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/zip",
    "text/css",
    "text/javascript",
];

/// Whether a file of this `Content-Type` is one that a page loads, or an archive: nobody expects a text of pages in it.
/// `application/octet-stream` is not among them: S3 gives a similar type to whatever is uploaded without one.
#[must_use]
pub fn is_file_of_page(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let family = kind.split('/').next().unwrap_or_default();
    matches!(family, "audio" | "font" | "image" | "video") || FILES.contains(&kind.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_documents_are_no_files_of_pages() {
        for file in
            ["image/png", "Text/CSS; charset=utf-8", "font/woff2", "video/mp4", "application/javascript"]
        {
            assert!(is_file_of_page(file), "{file}");
        }
        for other in ["text/html", "text/plain", "application/json", "binary/octet-stream", "", "images"] {
            assert!(!is_file_of_page(other), "{other}");
        }
    }
}
