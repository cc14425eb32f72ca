//! What holds for every answer: the content policy, no inline script or style, sound markup, and a 500 that tells nothing.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use cloudfront_sandbox::FaultKind;
use reqwest::Method;
use scraper::Html;
use unstale::{commands, domain::audit::Target};

use super::routes::routes;
use crate::support::{Answer, Browser, SHOP, TestApp, WORKSHOP, acting, css, page_of};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn assert_headers(answer: &Answer) {
    let path = &answer.path;
    assert_eq!(answer.header("content-security-policy"), Some(POLICY), "{path}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
    assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{path}");
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
    assert!(answer.header("x-request-id").is_some_and(|id| id.len() == 36), "{path}");
    assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    let features = answer.header("permissions-policy").unwrap_or_default();
    for denied in
        ["camera=()", "geolocation=()", "microphone=()", "payment=()", "usb=()", "clipboard-read=()"]
    {
        assert!(features.split(", ").any(|feature| feature == denied), "{path}: {features}");
    }
    // Only files whose names change with their content may be kept.
    let is_file = path.starts_with("/static/") && answer.status == 200;
    let kept = if is_file { "public, max-age=31536000, immutable" } else { "no-store" };
    assert_eq!(answer.header("cache-control"), Some(kept), "{path}");
    assert_eq!(answer.header("server"), None, "{path}");
}

/// A page that a browser shows as it was meant.
fn assert_sound(page: &Answer) {
    let (html, path) = (page.html(), &page.path);
    let none = |selector: &str| assert_eq!(html.select(&css(selector)).count(), 0, "{path} has {selector}");
    for forbidden in
        ["script:not([src])", "style", "[style]", "base", "iframe", "object", "embed", "[srcdoc]"]
    {
        none(forbidden);
    }
    none("a[href^='javascript:']");
    none("form:not([method]):not([role=search])");
    let mut ids = BTreeSet::new();
    for element in html.select(&css("*")) {
        for (name, value) in element.value().attrs() {
            assert!(!name.starts_with("on"), "{path}: {name}={value}");
            assert!(!name.starts_with("hx-on"), "{path}: {name}={value}");
            if name == "id" {
                assert!(ids.insert(value.to_owned()), "{path}: the id {value} twice");
            }
        }
    }
    for one in ["h1", "main", "title", "html[lang=en]"] {
        assert_eq!(html.select(&css(one)).count(), 1, "{path}: {one}");
    }
    assert_labels(&html, &ids, path);
    for state in html.select(&css("[data-state]")) {
        assert_ne!(state.text().collect::<String>().trim(), "", "{path}: a state without a word");
    }
}

fn assert_labels(html: &Html, ids: &BTreeSet<String>, path: &str) {
    for label in html.select(&css("[for], [aria-describedby]")) {
        for name in ["for", "aria-describedby"] {
            if let Some(id) = label.attr(name) {
                assert!(ids.contains(id), "{path}: {name}={id} leads nowhere");
            }
        }
    }
    for field in html.select(&css("input:not([type=hidden]), select, textarea, progress")) {
        let label = |id: &str| html.select(&css(&format!("label[for='{id}']"))).count() == 1;
        let named = field.attr("aria-label").is_some() || field.attr("id").is_some_and(label);
        assert!(named, "{path}: no label for {}", field.html());
    }
    for button in html.select(&css("button")) {
        assert_ne!(button.text().collect::<String>().trim(), "", "{path}: a button without words");
    }
}

/// A database with something of everything.
async fn filled() -> (TestApp, Browser) {
    let app = TestApp::slow(Duration::from_mins(30)).await;
    let ada = app.operator().await;
    app.world.request("/slow").await;
    app.world.submit().await;
    app.world.next_create(FaultKind::AccessDenied);
    app.world.request("/refused").await;
    app.world.submit().await;
    app.console(SHOP, "console", &["/outside"]).await;
    app.world.advance(Duration::from_mins(12));
    app.world.survey().await;
    let cancelled = app.world.request("/cancelled").await;
    ada.post(&format!("{}/cancel", page_of(&cancelled)), &[]).await.assert_status(303);
    let wildcards = (0..20).map(|n| format!("/{n}/*")).collect::<Vec<_>>().join("\n");
    app.world.request_at(SHOP, &wildcards).await;
    app.world.submit().await;
    let looked_at = app.world.request("/look").await;
    app.world.is_edited();
    let mut raw = app.world.database.raw().await;
    let now = app.world.now().as_micros();
    for sql in [
        format!("UPDATE batch SET state = 'needs_a_look' WHERE invalidation_id = '{looked_at}'"),
        format!("UPDATE invalidation SET state = 'needs_a_look', ended_at = {now} WHERE id = '{looked_at}'"),
    ] {
        raw.run(&sql).await.unwrap();
    }
    app.stranger().post("/sign-in", &[("email", "nobody")]).await.assert_status(422);
    app.world.request("/queued").await;
    for _ in 0..100 {
        let what = Target::act("nothing");
        commands::refuse(&app.world.command_context, &acting(), &what, None, "so that the history has pages")
            .await
            .unwrap();
    }
    app.world.sandbox.change_settings(|settings| settings.reachable = false);
    app.world.advance(Duration::from_mins(6));
    app.world.survey().await;
    (app, ada)
}

#[tokio::test]
async fn every_page_that_links_lead_to_is_sound() {
    let (app, ada) = filled().await;
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut to_visit = VecDeque::from(["/".to_owned()]);
    let mut assets = BTreeSet::new();
    let mut actions = BTreeSet::new();
    let mut states = BTreeSet::new();
    while let Some(path) = to_visit.pop_front() {
        let page = ada.get(&path).await;
        page.assert_status(200);
        assert_headers(&page);
        assert_sound(&page);
        assets.extend(page.attributes("link[href]", "href"));
        assets.extend(page.attributes("script[src]", "src"));
        actions.extend(page.attributes("form[method=post]", "action"));
        states.extend(page.attributes("[data-state]", "data-state"));
        for link in page.attributes("a[href^='/']:not([download]):not([href$='.json'])", "href") {
            // Events are all alike: a few of them do.
            let event = |path: &String| path.starts_with("/history/");
            let enough = event(&link) && seen.iter().filter(|path| event(path)).count() > 8;
            if !enough && seen.len() < 160 && seen.insert(link.clone()) {
                to_visit.push_back(link);
            }
        }
    }
    for part in [
        "/invalidations/",
        "/distributions/",
        "/?repeat=",
        "/?distribution=",
        "/history?tab=everything&before=",
        "/history?tab=access",
        "/history/",
    ] {
        assert!(seen.iter().any(|path| path.starts_with(part)), "no link leads to {part}");
    }
    let told = ["queued", "in_progress", "completed", "failed", "cancelled", "needs_a_look"];
    assert!(told.iter().all(|state| states.contains(*state)), "{states:?}");
    // Forms lead to routes that there are.
    let posts: Vec<_> = routes().into_iter().filter(|route| route.posts).collect();
    for action in actions {
        let fits = |path: &str| {
            let (a, b): (Vec<&str>, Vec<&str>) = (action.split('/').collect(), path.split('/').collect());
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| b.starts_with('{') || *a == b)
        };
        assert!(posts.iter().any(|route| fits(&route.path)), "no route takes {action}");
    }
    assert!(assets.len() >= 6, "{assets:?}");
    for asset in assets {
        let answer = app.stranger().get(&asset).await;
        answer.assert_status(200);
        assert_headers(&answer);
        assert!(asset.starts_with("/static/"), "{asset}");
        let kind = answer.header("content-type").unwrap();
        let ending = asset.rsplit('.').next().unwrap();
        assert!(
            kind.contains(match ending {
                "js" => "javascript",
                other => other,
            }),
            "{asset}: {kind}"
        );
        assert!(!answer.body.is_empty());
    }
    app.finish().await;
}

#[tokio::test]
async fn every_other_answer_has_the_policy_too() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let stranger = app.stranger();
    let mut answers = vec![
        stranger.get("/sign-in").await,
        stranger.get("/setup").await,
        stranger.get("/healthz").await,
        stranger.get("/static/no-such-file.js").await,
        stranger.post("/sign-in", &[]).await,
        stranger.send(Method::HEAD, "/", &[], Vec::new()).await,
        ada.get("/no-such-page").await,
        ada.send(Method::POST, "/invalidations", &[("sec-fetch-site", "cross-site")], Vec::new()).await,
        ada.send(Method::POST, "/plan", &[("sec-fetch-site", "same-origin")], Vec::new()).await,
    ];
    for route in routes() {
        if route.path != "/events" {
            answers.push(ada.get(&route.address()).await);
        }
        answers.push(stranger.post(&route.address(), &[]).await);
    }
    for answer in &answers {
        assert_headers(answer);
        if answer.body.is_empty() {
            continue;
        }
        // What a list has to choose from is no page by itself.
        let is_part = answer.path == "/find/distributions" && answer.status == 200;
        if is_part {
            assert_eq!(answer.count("option:not([value])"), 0);
        } else if answer.header("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            assert_sound(answer);
        } else {
            let is_download =
                answer.header("content-disposition").is_some_and(|how| how.starts_with("attachment"));
            let file = answer.path.starts_with("/static/") || is_download;
            assert!(answer.body.len() < 100 || file, "{}", answer.path);
        }
        assert!(answer.status < 500, "{}: {}", answer.path, answer.status);
    }
    stranger.get("/static/no-such-file.js").await.assert_status(404);
    // A file is not served under its plain name: that one could not be kept for ever.
    stranger.get("/static/app.css").await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn a_500_shows_the_request_and_not_the_cause() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    app.world.database.raw().await.run("ALTER TABLE survey RENAME TO survey_secret_place").await.unwrap();
    for page in ["/", "/distributions", "/history"] {
        let answer = ada.get(page).await;
        answer.assert_status(500).assert_says("This did not work");
        answer.assert_says(answer.header("x-request-id").unwrap());
        assert_headers(&answer);
        assert_sound(&answer);
        for cause in ["survey", "no such table", "SELECT", "sqlite", "SQL", "src/"] {
            answer.assert_silent_about(cause);
        }
    }
    let fields = [("distribution", WORKSHOP), ("items", "/a*b")];
    let answer = ada.post("/invalidations", &fields).await;
    answer.assert_status(500).assert_silent_about("survey");
    app.world.database.raw().await.run("ALTER TABLE survey_secret_place RENAME TO survey").await.unwrap();
    ada.get("/").await.assert_status(200);
    app.finish().await;
}

#[tokio::test]
async fn an_act_whose_event_cannot_be_written_does_not_happen() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = ada.get("/").await.form("#request").with("distribution", WORKSHOP).with("items", "/a");
    let mut raw = app.world.database.raw().await;
    let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'no'); END";
    raw.run(refuse).await.unwrap();
    let before = app.kept().await;
    ada.press(&form).await.assert_status(500).assert_silent_about("RAISE");
    assert_eq!(app.kept().await, before);
    raw.run("DROP TRIGGER refuse").await.unwrap();
    // The same form goes through once it can be written.
    ada.press(&form).await.assert_status(303);
    assert_eq!(app.world.recent().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn a_database_out_of_reach_is_told_as_passing() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    app.world.database.db.close().await;
    let answer = ada.get("/history").await;
    answer.assert_status(503).assert_says("The database cannot be reached at the moment");
    assert_eq!(answer.header("retry-after"), Some("5"));
    answer.assert_silent_about("pool");
    assert_headers(&answer);
    // This world's database is closed: it cannot be looked through.
    std::mem::forget(app);
}
