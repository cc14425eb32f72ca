//! The static files. They are embedded in the program, and each is served under a name that contains a hash of its
//! content.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{Embed, EmbeddedFile};

use crate::{domain::secret::sha256_hex, http::params::PathParams};

#[derive(Embed)]
#[folder = "static"]
struct Files;

/// Maps a file's name to the name that it is served under, and back.
struct Names {
    served: HashMap<String, String>,
    files: HashMap<String, String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let mut names = Names { served: HashMap::new(), files: HashMap::new() };
    for file in Files::iter() {
        let Some(content) = Files::get(&file) else { continue };
        let hash = sha256_hex(&content.data);
        let base = file.rsplit('/').next().unwrap_or(&file);
        let (stem, ending) = base.rsplit_once('.').unwrap_or((base, ""));
        let served = format!("{stem}.{}.{ending}", &hash[..12]);
        names.served.insert(file.to_string(), served.clone());
        names.files.insert(served, file.to_string());
    }
    names
});

/// The URL path of a file in `static/`.
pub fn url(file: &str) -> String {
    let served = NAMES.served.get(file).map_or(file, String::as_str);
    format!("/static/{served}")
}

/// `GET /static/{name}`
pub async fn show(PathParams(name): PathParams<String>) -> Response {
    let found = NAMES.files.get(&name).and_then(|file| Some((file, Files::get(file)?)));
    match found {
        Some((file, content)) => answer(file, content),
        None => (StatusCode::NOT_FOUND, "There is no such file.\n").into_response(),
    }
}

fn answer(file: &str, content: EmbeddedFile) -> Response {
    let kind = match file.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("LICENSE") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content.data).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_under_a_name_that_tells_its_content() {
        let url = url("app.css");
        assert!(url.starts_with("/static/app.") && url.ends_with("css") && url.len() > 20, "{url}");
        assert!(NAMES.files.contains_key(url.trim_start_matches("/static/")));
    }
}
