//! The box that has the URLs fetched afterwards, and what the page of the invalidation says of it.

use std::time::Duration;

use unstale::http::HttpOptions;

use crate::support::{TestApp, WORKSHOP, World, options, uuid};

#[tokio::test]
async fn what_is_to_be_warm_is_said_so_from_the_form_to_its_page() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let key = uuid();
    let fields = [("distribution", WORKSHOP), ("items", "/missing"), ("request_key", &*key), ("warm", "yes")];
    let page = ada.post("/plan", &fields).await;
    assert_eq!(page.attributes("#warm[checked]", "value"), ["yes"]);
    assert!(!page.has("#warm-error"));
    let to = ada.post("/invalidations", &fields).await.leads_to().unwrap();
    let id = app.world.recent().await[0].id.clone();
    assert!(app.world.invalidation(&id).await.warm);
    let note = app.world.history().await.pop().unwrap().event.note;
    assert_eq!(note, "each URL is fetched once when it has completed");
    let waiting = ada.get(&to).await;
    assert_eq!(waiting.text("#warming .status"), "Waiting");
    app.world.submit().await;
    app.world.advance(Duration::from_secs(25));
    app.world.poll().await;
    // No event says that it begins: the page asks by itself.
    assert!(
        !waiting.has("#warming[hx-trigger]") && ada.get(&to).await.has("#warming[hx-trigger='every 2s']")
    );
    app.world.warm().await;
    let done = ada.get(&to).await;
    assert!(!done.has("#warming[hx-trigger]"));
    assert_eq!(done.text("#warming p"), "0 of 1 URL fetched, 1 failed (403).");
    assert_eq!(done.text("#warming .status"), "Not fetched");
    done.assert_says("URLs fetched after completion");
    let again = ada.get(&format!("/?repeat={id}")).await;
    assert_eq!(again.attributes("#warm[checked]", "value"), ["yes"]);
    app.finish().await;
}

#[tokio::test]
async fn what_cannot_be_warm_is_said_at_the_box() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let fields = [("distribution", WORKSHOP), ("items", "/a"), ("gone", "yes"), ("warm", "yes")];
    let before = app.world.head().await;
    let page = ada.post("/invalidations", &fields).await;
    page.assert_status(422);
    assert!(page.text("#warm-error").starts_with("Removed URLs cannot be fetched"), "{}", page.body);
    assert_eq!(page.attributes("#warm[aria-invalid][checked]", "value"), ["yes"]);
    assert_eq!(page.attributes("#gone[checked]", "value"), ["yes"]);
    assert_eq!(app.world.events_after(before).await, ["act.refused"]);
    app.finish().await;

    let off = HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, off).await;
    let ada = app.operator().await;
    assert!(!ada.get("/").await.has("#warm"));
    let refused =
        ada.post("/invalidations", &[("distribution", WORKSHOP), ("items", "/a"), ("warm", "yes")]).await;
    refused.assert_status(422);
    assert!(refused.text("#warm-error").contains("UNSTALE_CHECKS=off"), "{}", refused.body);
    assert!(app.world.recent().await.is_empty());
    app.finish().await;
}
