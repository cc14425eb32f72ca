//! The demo's example: what is in the origin's folder, what the edge serves, and a button that changes the folder.

use std::{path::Path, time::Duration};

use askama::Template;
use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{Request, Response as HttpResponse, Uri},
    response::{Html, IntoResponse, Redirect, Response},
};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};

use crate::{
    domain::{id::DistributionId, invalidations::item::Item},
    http::{
        error::HttpError,
        session::Visitor,
        state::{AppState, Demo},
    },
    store::{Conn, StoreError},
};

use super::view;

/// The two colours of the gradient for each version in turn, so that the change is easy to see.
const GRADIENTS: [(&str, &str); 4] =
    [("#0f766e", "#22c55e"), ("#b45309", "#f59e0b"), ("#1d4ed8", "#06b6d4"), ("#4f46e5", "#db2777")];
/// The file that the demo changes.
const FILE: &str = "styles.css";
/// The maximum size in bytes that is read from the edge. The style sheet is far smaller.
const FILE_MAX: usize = 1024 * 1024;

/// What a page shows about the demo's site.
#[derive(Debug, Clone)]
pub struct DemoSite {
    pub edge_url: String,
    pub folder: String,
    pub versions: Versions,
}

/// Which version of the style sheet is in the folder, and which one viewers get.
#[derive(Debug, Clone)]
pub struct Versions {
    pub at_origin: String,
    pub at_edge: String,
    /// `Hit from cloudfront, 32 s old`
    pub edge_facts: String,
    pub differ: bool,
}

#[derive(Template)]
#[template(path = "demo/versions.html")]
struct Fragment {
    versions: Versions,
}

/// The demo's site. `None` if this is no demo, or if the visitor may not see its distribution.
pub async fn site(
    conn: &mut Conn,
    app: &AppState,
    visitor: &Visitor,
) -> Result<Option<DemoSite>, StoreError> {
    let Some(demo) = app.options.demo.as_ref() else { return Ok(None) };
    let Some(id) = DistributionId::parse(&demo.distribution) else { return Ok(None) };
    if view::distribution(conn, visitor, &id).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(DemoSite {
        edge_url: demo.edge_url.clone(),
        folder: demo.folder.display().to_string(),
        versions: versions(demo).await,
    }))
}

/// Whether the items have the style sheet that the demo's steps are about.
pub fn has_style_sheet(items: &[Item]) -> bool {
    let path = format!("/{FILE}");
    items
        .iter()
        .any(|item| item.as_str() == path || item.prefix().is_some_and(|prefix| path.starts_with(prefix)))
}

/// `GET /demo/versions`: the part of the pages that follows a file which is changed by hand.
pub async fn show_versions(State(app): State<AppState>, visitor: Visitor) -> Result<Html<String>, HttpError> {
    let mut conn = app.context.db.read().await?;
    let site = site(&mut conn, &app, &visitor).await?.ok_or(HttpError::NotFound)?;
    view::page(&Fragment { versions: site.versions })
}

/// Reads the file from the folder and requests it from the edge, as a viewer would.
async fn versions(demo: &Demo) -> Versions {
    let file = tokio::fs::read_to_string(demo.folder.join(FILE)).await.unwrap_or_default();
    let at_origin = version_of(&file).map_or("not readable".to_owned(), |n| format!("version {n}"));
    let (at_edge, edge_facts) = match tokio::time::timeout(Duration::from_secs(2), ask_edge(demo)).await {
        Ok(Some((style, facts))) => {
            (version_of(&style).map_or("not readable".to_owned(), |n| format!("version {n}")), facts)
        }
        _ => ("no answer".to_owned(), String::new()),
    };
    Versions { differ: at_origin != at_edge, at_origin, at_edge, edge_facts }
}

async fn ask_edge(demo: &Demo) -> Option<(String, String)> {
    let address: Uri = format!("http://{}/{FILE}", demo.edge).parse().ok()?;
    let request = Request::get(address).header("host", &demo.host).body(Body::empty()).ok()?;
    let response = Client::builder(TokioExecutor::new()).build_http().request(request).await.ok()?;
    let facts = facts(&response);
    let body = to_bytes(Body::new(response.into_body()), FILE_MAX).await.ok()?;
    Some((String::from_utf8_lossy(&body).into_owned(), facts))
}

fn facts<T>(response: &HttpResponse<T>) -> String {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let cache = header("x-cache").unwrap_or_default();
    match header("age") {
        Some(age) => format!("{cache}, {age} s old"),
        None => cache.to_owned(),
    }
}

/// `POST /demo/change`: a new version of the style sheet in the folder.
pub async fn change(State(app): State<AppState>, _visitor: Visitor) -> Result<Response, HttpError> {
    let demo = app.options.demo.as_ref().ok_or(HttpError::NotFound)?;
    change_style(&demo.folder.join(FILE))
        .await
        .map_err(|error| HttpError::Internal(format!("{FILE} could not be changed: {error}")))?;
    Ok(Redirect::to("/").into_response())
}

async fn change_style(file: &Path) -> std::io::Result<()> {
    let style = tokio::fs::read_to_string(file).await?;
    tokio::fs::write(file, restyled(&style)).await
}

/// The next version of the style sheet: only its number and its gradient change.
fn restyled(style: &str) -> String {
    let next = version_of(style).unwrap_or(0) + 1;
    let turn = usize::try_from(next).unwrap_or(0) % GRADIENTS.len();
    let (from, to) = GRADIENTS[turn];
    let line = |line: &str| {
        let property = line.trim_start();
        if property.starts_with("--style-version:") {
            format!("  --style-version: \"version {next}\";")
        } else if property.starts_with("--gradient-from:") {
            format!("  --gradient-from: {from};")
        } else if property.starts_with("--gradient-via:") || property.starts_with("--gradient-to:") {
            let name = property.split(':').next().unwrap_or_default();
            format!("  {name}: {to};")
        } else {
            line.to_owned()
        }
    };
    let mut text = style.lines().map(line).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// The version that the style sheet declares: `--style-version: "version 3";`
fn version_of(style: &str) -> Option<u32> {
    let after = style.split_once("--style-version:")?.1;
    let digits = after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_of_requests_that_have_the_style_sheet() {
        let has = |text: &str| has_style_sheet(&[Item::from_trusted("/a"), Item::from_trusted(text)]);
        assert!(has("/styles.css") && has("/styles*") && has("/*"));
        assert!(!has("/index.html") && !has("/images/*") && !has("#styles"));
    }

    #[test]
    fn a_change_is_a_new_version_and_a_new_gradient() {
        let before = ":root {\n  --style-version: \"version 1\";\n  --gradient-from: #000;\n}\n";
        let after = restyled(before);
        assert_eq!(version_of(&after), Some(2));
        assert!(!after.contains("#000") && after.ends_with("}\n"), "{after}");
    }
}
