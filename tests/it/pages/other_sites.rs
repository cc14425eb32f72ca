//! What other sites can make a signed-in browser send: nothing that is taken.

use reqwest::Method;

use super::routes::routes;
use crate::support::{TestApp, WORKSHOP, encoded, options, uuid};

const OURS: &str = "http://unstale.example.com";
/// What a browser may say of where a request comes from; none is an old browser, or no browser.
const SITES: [Option<&str>; 5] =
    [None, Some("same-origin"), Some("none"), Some("same-site"), Some("cross-site")];
const KINDS: [&str; 3] = ["application/x-www-form-urlencoded", "text/plain", "application/json"];

/// Origins, and whether they are ours.
fn origins(address: &str) -> [(Option<String>, bool); 6] {
    [
        (None, false),
        (Some(address.to_owned()), true),
        (Some(OURS.to_owned()), true),
        (Some("null".to_owned()), false),
        (Some("https://evil.example".to_owned()), false),
        (Some(format!("{OURS}.evil.example")), false),
    ]
}

/// `Sec-Fetch-Site` speaks first; without it, `Origin` has to be ours.
fn is_own(app: Option<&str>, origin: Option<&String>, ours: bool) -> bool {
    match app {
        Some("same-origin" | "none") => true,
        Some(_) => origin.is_some_and(|origin| origin == OURS),
        None => ours,
    }
}

#[tokio::test]
async fn no_write_is_taken_from_another_site() {
    let options = |_: &str| unstale::http::HttpOptions { public_url: Some(OURS.to_owned()), ..options() };
    let app = TestApp::serving(crate::support::World::new().await, options).await;
    let ada = app.operator().await;
    let (before, head) = (app.kept().await, app.world.head().await);
    let form = encoded(&[("distribution", WORKSHOP), ("items", "/styles.css"), ("request_key", &uuid())])
        .into_bytes();
    let mut refused = 0;
    for route in routes().into_iter().filter(|route| route.posts) {
        let path = route.address();
        for kind in KINDS {
            for sec_fetch_site in SITES {
                for (origin, ours) in origins(&app.address) {
                    if is_own(sec_fetch_site, origin.as_ref(), ours) {
                        continue;
                    }
                    let mut headers = vec![("content-type", kind)];
                    headers.extend(sec_fetch_site.map(|app| ("sec-fetch-site", app)));
                    headers.extend(origin.as_deref().map(|origin| ("origin", origin)));
                    let answer = ada.send(Method::POST, &path, &headers, form.clone()).await;
                    assert_eq!(answer.status, 403, "{path} {headers:?}");
                    answer.assert_says("This was sent by another site");
                    refused += 1;
                }
            }
        }
    }
    assert!(refused >= 1_000, "{refused}");
    assert_eq!(app.kept().await, before);
    assert_eq!(app.world.events_after(head).await, ["act.refused"], "one word in the history");
    app.finish().await;
}

#[tokio::test]
async fn writes_of_our_own_pages_are_taken_in_one_form_only() {
    let options = |_: &str| unstale::http::HttpOptions { public_url: Some(OURS.to_owned()), ..options() };
    let app = TestApp::serving(crate::support::World::new().await, options).await;
    let ada = app.operator().await;
    let form = encoded(&[("distribution", WORKSHOP), ("items", "/styles.css")]).into_bytes();
    for kind in KINDS {
        for sec_fetch_site in SITES {
            for (origin, ours) in origins(&app.address) {
                if !is_own(sec_fetch_site, origin.as_ref(), ours) {
                    continue;
                }
                let mut headers = vec![("content-type", kind)];
                headers.extend(sec_fetch_site.map(|app| ("sec-fetch-site", app)));
                headers.extend(origin.as_deref().map(|origin| ("origin", origin)));
                let answer = ada.send(Method::POST, "/plan", &headers, form.clone()).await;
                let wanted = if kind == KINDS[0] { 200 } else { 415 };
                assert_eq!(answer.status, wanted, "{headers:?}");
            }
        }
    }
    app.finish().await;
}
