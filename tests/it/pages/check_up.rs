//! The check-up of a distribution on its page.

use unstale::{domain::access::Role, http::HttpOptions};

use crate::support::{Answer, SHOP, TestApp, World, checked::publish, options};

const SITE: &str = "/distributions/E2QWRUHAPOMQZL";
const CHECK_UP: &str = "/distributions/E2QWRUHAPOMQZL/check-up";
const KEY: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";

fn state(page: &Answer, name: &str) -> String {
    page.attribute(&format!("#{name} .status"), "data-state")
}

#[tokio::test]
async fn the_findings_of_the_configuration_are_there_at_once_and_those_of_looks_after_them() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    let link = ada.get(SITE).await.attribute("a[href$='/check-up']", "href");
    let page = ada.get(&link).await;
    page.assert_status(200).assert_says("The site was not looked at yet.");
    assert_eq!(page.count(".finding"), 11);
    assert_eq!(state(&page, "deployed"), "good");
    assert_eq!(page.text("#deployed .status"), "Good");
    assert_eq!(state(&page, "key_in_script"), "unknown");

    publish(world, "index.html", "<!doctype html><script src=app.js></script>");
    publish(world, "app.js", &format!("\n\nheaders['x-api-key'] = '{KEY}'"));
    let before = world.head().await;
    let page = ada.submit(&page.form("form[action$='/check-up']")).await;
    assert_eq!(page.path, CHECK_UP);
    assert_eq!(world.events_after(before).await, ["check_up.requested"]);
    assert_eq!(page.attribute("#looks .status", "data-state"), "pending");
    assert!(!page.has("form[action$='/check-up']"), "its looks are to be made");
    let again = ada.post(CHECK_UP, &[]).await;
    again.assert_status(409).assert_says("is running already");
    world.check().await;

    let page = ada.get(CHECK_UP).await;
    assert!(page.text("#looks").starts_with("Looked at "), "{}", page.body);
    assert!(!page.has("#looks .status") && page.has("form[action$='/check-up']"));
    assert_eq!(page.attributes(".finding", "data-state")[0], "problem", "problems come first");
    assert_eq!(state(&page, "key_in_script"), "problem");
    assert!(page.text("#key_in_script p").ends_with("/app.js, line 3."), "{}", page.body);
    assert!(page.text("#key_in_script pre").contains("YOUR-NEW-API-KEY"));
    assert!(!page.body.contains(KEY));
    assert_eq!(page.attributes(".counts .status", "data-state")[0], "problem");
    app.finish().await;
}

#[tokio::test]
async fn a_viewer_reads_it_and_asks_for_no_looks() {
    let app = TestApp::new().await;
    let vera = app.viewer().await;
    let page = vera.get(CHECK_UP).await;
    page.assert_status(200);
    assert!(!page.has("form[action$='/check-up']"));
    let before = app.world.head().await;
    vera.post(CHECK_UP, &[]).await.assert_status(403);
    assert_eq!(app.world.events_after(before).await, ["act.refused"]);
    let narrowed = app.narrowed("nora@example.com", Role::Operator, &[SHOP], "/").await;
    narrowed.get(CHECK_UP).await.assert_status(404);
    narrowed.post(CHECK_UP, &[]).await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn where_unstale_makes_no_looks_nobody_is_offered_one() {
    let options = HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, options).await;
    let ada = app.operator().await;
    let page = ada.get(CHECK_UP).await;
    page.assert_says("UNSTALE_CHECKS=off");
    assert!(!page.has("#looks .status"));
    assert!(!page.has("form[action$='/check-up']") && page.count(".finding") == 11);
    ada.post(CHECK_UP, &[]).await.assert_status(409).assert_says("UNSTALE_CHECKS=off");
    app.finish().await;
}
