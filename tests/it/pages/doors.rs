//! Who gets in: nobody without a session, no viewer where something is done, no other site.

use std::time::Duration;

use reqwest::Method;
use unstale::domain::access::Role;

use super::routes::routes;
use crate::support::{Browser, TestApp, WORKSHOP, encoded, options, page_of, uuid};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn no_page_opens_without_a_session() {
    let app = TestApp::new().await;
    app.operator().await;
    let before = app.kept().await;
    let stranger = app.stranger();
    for route in routes().into_iter().filter(|route| !route.is_open()) {
        let address = route.address();
        let answer = stranger.get(&address).await;
        if address == "/events" {
            answer.assert_status(401);
        } else {
            answer.assert_status(303);
            let leads_to = answer.leads_to().unwrap();
            let query = encoded(&[("next", &address)]);
            let wanted = if address == "/" { "/sign-in".to_owned() } else { format!("/sign-in?{query}") };
            assert_eq!(leads_to, wanted);
        }
        assert_eq!(answer.body, "", "{address} tells something");
    }
    for unknown in ["/no-such-page", "/settings/people", "/metrics/", "//"] {
        let answer = stranger.get(unknown).await;
        answer.assert_status(303);
        assert!(answer.leads_to().unwrap().starts_with("/sign-in"), "{unknown}");
    }
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn no_form_is_taken_without_a_session() {
    let app = TestApp::new().await;
    app.operator().await;
    let before = app.kept().await;
    let stranger = app.stranger();
    let fields = [("distribution", WORKSHOP), ("items", "/styles.css"), ("request_key", &uuid())];
    for route in routes().into_iter().filter(|route| !route.is_open()) {
        let address = route.address();
        let answer = stranger.post(&address, &fields).await;
        answer.assert_status(401);
        if route.posts {
            answer.assert_says("Your session has ended. Nothing was saved or sent.");
            assert!(answer.has("form[action='/sign-in'] input[type=password]"));
        }
        for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let answer = stranger.send(method.clone(), &address, &[], Vec::new()).await;
            assert!((400..500).contains(&answer.status), "{method} {address}: {}", answer.status);
        }
    }
    assert_eq!(app.kept().await, before);
    assert_eq!(app.world.recent().await, []);
    app.finish().await;
}

#[tokio::test]
async fn a_script_without_a_session_is_led_to_the_sign_in_page() {
    let app = TestApp::new().await;
    let headers = [FORM, ("hx-request", "true"), ("sec-fetch-site", "same-origin")];
    let answer = app.stranger().send(Method::POST, "/plan", &headers, b"items=/a".to_vec()).await;
    answer.assert_status(401);
    assert_eq!(answer.header("hx-redirect"), Some("/sign-in"));
    let answer = app.stranger().send(Method::GET, "/", &headers, Vec::new()).await;
    answer.assert_status(401);
    assert_eq!(answer.header("hx-reswap"), Some("none"), "what was shown stays, and the draft with it");
    app.finish().await;
}

#[tokio::test]
async fn the_open_addresses_answer_and_tell_nothing() {
    let app = TestApp::new().await;
    let stranger = app.stranger();
    let health = stranger.get("/healthz").await;
    assert_eq!((health.status, health.body.as_str()), (200, "ok\n"));
    let ready = stranger.get("/readyz").await;
    let all_ok = r#"{"ready":true,"database":"ok","file":"ok","tables":"ok","workers":"ok"}"#;
    assert_eq!((ready.status, ready.body.as_str()), (200, all_ok));
    let sign_in = stranger.get("/sign-in").await;
    sign_in.assert_status(200);
    let style = sign_in.attribute("link[rel=stylesheet]", "href");
    stranger.get(&style).await.assert_status(200);
    stranger.get("/setup").await.assert_status(403).assert_says("This link is no longer valid");
    stranger.post("/sign-in/demo", &[]).await.assert_status(404);
    for page in [sign_in, stranger.get("/setup?key=x").await] {
        page.assert_silent_about(WORKSHOP);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_session_that_is_made_up_or_over_opens_nothing() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for made_up in ["", "x", &"0".repeat(64), &uuid(), "%00", "\"quoted\""] {
        let browser = app.stranger();
        browser.set_cookie("unstale", made_up);
        browser.get("/history").await.assert_status(303);
    }
    // Another name is not ours: `__Host-` is only for https.
    let browser = app.stranger();
    browser.set_cookie("__Host-unstale", &ada.cookie("unstale").unwrap());
    browser.get("/history").await.assert_status(303);
    // Used every few hours it lasts for a week, and no longer.
    for _ in 0..16 {
        ada.get("/history").await.assert_status(200);
        app.world.advance(Duration::from_hours(10));
    }
    ada.get("/history").await.assert_status(200);
    app.world.advance(Duration::from_hours(9));
    ada.get("/history").await.assert_status(303);
    // Unused it lasts for half a day.
    let bob = app.signed_in("bob@example.com", Role::Operator).await;
    app.world.advance(Duration::from_hours(13));
    bob.get("/history").await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn a_disabled_person_is_out_at_once() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    ada.get("/").await.assert_status(200);
    app.world.database.raw().await.run("UPDATE person SET disabled_at = 1").await.unwrap();
    ada.get("/").await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn a_viewer_looks_and_does_not_act() {
    let app = TestApp::new().await;
    let vera = app.viewer().await;
    let id = app.world.request("/styles.css").await;
    for page in ["/", "/distributions", &format!("/distributions/{WORKSHOP}"), "/history", &page_of(&id)] {
        vera.get(page).await.assert_status(200);
    }
    let form = vera.get("/").await;
    assert!(form.has("#request button[type=submit][disabled]"));
    form.assert_says("You have read-only access.");
    assert!(!vera.get(&page_of(&id)).await.has("form[action$='/cancel']"));

    let acts = [
        "/invalidations".to_owned(),
        format!("{}/cancel", page_of(&id)),
        format!("{}/retry", page_of(&id)),
        format!("{}/batches/{}/not-there", page_of(&id), uuid()),
        format!("{}/batches/{}/found", page_of(&id), uuid()),
    ];
    let fields = [("distribution", WORKSHOP), ("items", "/a"), ("request_key", &uuid())];
    for act in &acts {
        let before = app.world.head().await;
        let answer = vera.post(act, &fields).await;
        answer.assert_status(403).assert_says("You have read-only access");
        assert_eq!(app.world.events_after(before).await, ["act.refused"], "{act}");
    }
    let last = app.world.history().await.pop().unwrap().event;
    assert_eq!((last.acting.actor.name(), last.outcome.as_str()), ("vera@example.com", "refused"));
    assert_eq!(last.acting.origin.client_address, "127.0.0.1");
    assert_eq!(app.world.recent().await.len(), 1);
    assert_eq!(app.world.state(&id).await, "queued");
    vera.get("/history?tab=everything")
        .await
        .assert_says("Act refused")
        .assert_says("a viewer has read-only access");
    app.finish().await;
}

#[tokio::test]
async fn another_site_cannot_send_forms() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let (before, head) = (app.kept().await, app.world.head().await);
    let own = app.address.clone();
    let foreign: [&[(&str, &str)]; 7] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "https://other.example.com")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1:1")],
        // Neither header: a browser of ours would have said where it comes from.
        &[],
    ];
    let body = encoded(&[("distribution", WORKSHOP), ("items", "/*"), ("request_key", &uuid())]);
    for headers in foreign {
        let headers = [headers, &[FORM]].concat();
        for address in ["/invalidations", "/plan", "/distributions/refresh", "/sign-out"] {
            let answer = ada.send(Method::POST, address, &headers, body.clone().into_bytes()).await;
            answer.assert_status(403).assert_says("This was sent by another site");
        }
    }
    // The history tells it once a minute, and nothing else was kept.
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    assert_eq!(app.kept().await, before);
    let headers = [FORM, ("origin", own.as_str())];
    ada.send(Method::POST, "/invalidations", &headers, body.into_bytes()).await.assert_status(303);
    app.finish().await;
}

#[tokio::test]
async fn the_public_address_is_our_own_site_behind_a_proxy() {
    let with_url =
        unstale::http::HttpOptions { public_url: Some("https://u.example.com".to_owned()), ..options() };
    let app = TestApp::over(crate::support::World::new().await, with_url).await;
    let plain = app.operator().await;
    let secret = plain.cookie("unstale").unwrap();
    let ada = Browser::new(&app.address).at("https://u.example.com");
    ada.set_cookie("__Host-unstale", &secret);
    let form = ada.get("/").await.form("#request").with("distribution", WORKSHOP).with("items", "/a");
    ada.press(&form).await.assert_status(303);
    // The name without the prefix could have been set by a neighbour.
    plain.get("/").await.assert_status(303);
    let evil = ada.clone().at("https://evil.example");
    let headers = [FORM, ("origin", "https://evil.example")];
    evil.send(Method::POST, "/sign-out", &headers, Vec::new()).await.assert_status(403);
    assert!(ada.get("/").await.header("strict-transport-security").is_some());
    app.finish().await;
}
