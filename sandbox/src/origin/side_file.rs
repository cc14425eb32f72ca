//! Owns `_headers.json`: the headers that the origin sends with a file, as S3 keeps them beside an object.
//!
//! `{"styles.css": {"cache-control": "max-age=60"}, "*": {"x-amz-meta-cache-tag": "all"}}`

use std::collections::HashMap;
use std::path::Path;

use hyper::header::{HeaderName, HeaderValue};
use tokio::fs;

/// Its name at the top of an origin folder.
pub(super) const NAME: &str = "_headers.json";

type Table = HashMap<String, HashMap<String, String>>;

/// The headers for a file: those for all (`*`), and over them its own. Read anew each time; none when it is broken.
pub(super) async fn headers_of(folder: &Path, name: &str) -> Vec<(HeaderName, HeaderValue)> {
    let Ok(text) = fs::read(folder.join(NAME)).await else {
        return Vec::new();
    };
    let table: Table = serde_json::from_slice(&text).unwrap_or_default();
    let slashed = format!("/{name}");
    let mut merged = HashMap::new();
    for key in ["*", &slashed, name] {
        for (header, value) in table.get(key).into_iter().flatten() {
            let header = HeaderName::try_from(header.as_str()).ok();
            let value = HeaderValue::try_from(value.as_str()).ok();
            merged.extend(header.zip(value));
        }
    }
    merged.into_iter().collect()
}
