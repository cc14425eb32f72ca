//! Freeze windows on the pages: kept by administrators, shown to all, told as a wide item is typed.

use std::time::Duration;

use unstale::domain::{access::Role, distributions::protection::Guard};

use crate::support::{Browser, DOCS, SHOP, TestApp, WORKSHOP, page_of, uuid};

const PATH: &str = "/settings/freezes";

async fn freeze(root: &Browser, from: &str, until: &str, distributions: &str) {
    let fields = [
        ("name", "Black Friday"),
        ("why", "the sale"),
        ("from", from),
        ("until", until),
        ("distributions", distributions),
    ];
    root.post(PATH, &fields).await.assert_status(303);
}

/// Every test begins on 2026-11-23 at 10:00 UTC.
const NOW: [&str; 2] = ["2026-11-23T10:00", "2026-11-24T10:00"];

#[tokio::test]
async fn an_administrator_adds_and_removes_a_window() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    root.get(PATH).await.assert_says("No freeze window is planned.");
    let form = root.get(PATH).await.form("#freeze");
    let wrong = root.press(&form.clone().with("name", "Sale").with("from", "2026-11-27T00:00")).await;
    wrong.assert_status(422).assert_says("Give a reason in one line").assert_says("Enter a time such as");
    assert_eq!(wrong.form("#freeze").value("from"), "2026-11-27T00:00", "what was typed stays");
    let form = form.with("name", "Sale").with("why", "no risk").with("from", "2026-11-23T11:00");
    let form = form.with("distributions", "shop.example.com, https");
    let wrong = root.press(&form.clone().with("until", "2026-11-30T00:00")).await;
    wrong.assert_status(422).assert_says("by the IDs that they have here");
    // A script sends the time of the viewer's zone in UTC.
    let form = form.with("until", "2026-11-30T00:00:00.000Z").with("distributions", "shop.example.com");
    let page = root.submit(&form).await;
    page.assert_says("2026-11-23 11:00 UTC").assert_says("shop.example.com").assert_says("Planned");
    app.world.advance(Duration::from_hours(1));
    let page = root.get(PATH).await;
    assert!(page.has("#freezes [data-state=needs_a_look]"), "{}", page.body);
    let remove = page.form("#freezes form");
    root.submit(&remove).await.assert_says("No freeze window is planned.");
    app.finish().await;
}

#[tokio::test]
async fn others_see_what_concerns_them_and_no_form() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let nora = app.narrowed("nora@example.com", Role::Operator, &[WORKSHOP], "/").await;
    freeze(&root, NOW[0], NOW[1], &format!("{SHOP} {WORKSHOP}")).await;
    freeze(&root, NOW[0], NOW[1], DOCS).await;
    let page = nora.get(PATH).await;
    page.assert_says("Black Friday")
        .assert_silent_about(SHOP)
        .assert_says("Administrators add freeze windows.");
    assert_eq!(page.count("#freezes tbody tr"), 1, "{}", page.body);
    assert!(!page.has("#freeze") && !page.has("#freezes form"), "{}", page.body);
    app.finish().await;
}

#[tokio::test]
async fn the_form_shows_the_window_as_soon_as_a_wide_item_is_typed_and_the_box_sends_it() {
    let app = TestApp::new().await;
    let (root, ada) = (app.admin().await, app.operator().await);
    freeze(&root, NOW[0], NOW[1], "").await;
    let plan = async |fields: &[(&str, &str)]| ada.post("/plan", fields).await;
    assert!(!plan(&[("distribution", SHOP), ("items", "/a")]).await.has("[data-freeze]"));
    let wide = plan(&[("distribution", SHOP), ("items", "/*")]).await;
    wide.assert_says("Freeze window Black Friday").assert_says("Send during Black Friday");
    assert!(!wide.has("[name=override_freeze][checked]"), "{}", wide.body);
    let several = [("items", "https://shop.example.com/*\nhttps://docs.example.com/a")];
    assert_eq!(plan(&several).await.count("[data-freeze]"), 1);
    let key = uuid();
    let fields = [("distribution", SHOP), ("items", "/*"), ("request_key", key.as_str())];
    let head = app.world.head().await;
    let refused = ada.post("/invalidations", &fields).await;
    refused
        .assert_status(422)
        .assert_says("a wide request needs an override and a reason then. Nothing was sent.");
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    let form = refused.form("#request").with("override_freeze", "yes");
    let unsaid = ada.press(&form).await;
    unsaid.assert_status(422).assert_says("Say why; it is kept in the history.");
    assert!(unsaid.has("[name=override_freeze][checked]"), "{}", unsaid.body);
    let page = ada.submit(&form.with("reason", "a wrong price")).await;
    page.assert_says("sent during the freeze window Black Friday, which the request overrode");
    let again = ada.post("/invalidations", &several).await;
    again.assert_status(422).assert_says("Nothing was sent.");
    assert_eq!(app.world.recent().await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn whoever_approves_has_the_box_and_says_why() {
    let app = TestApp::new().await;
    let (root, ada) = (app.admin().await, app.operator().await);
    let bob = app.signed_in("bob@example.com", Role::Operator).await;
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    freeze(&root, NOW[0], NOW[1], "").await;
    let plan = ada.post("/plan", &[("distribution", SHOP), ("items", "/*")]).await;
    plan.assert_says("The person who approves a wide request then has to override it");
    assert!(!plan.has("[name=override_freeze]"), "{}", plan.body);
    let key = uuid();
    let fields = [("distribution", SHOP), ("items", "/*"), ("request_key", key.as_str())];
    ada.post("/invalidations", &fields).await.assert_status(303);
    let form = bob.get("/approvals").await.form("section form");
    let refused = bob.press(&form.clone().with("word", "fine")).await;
    refused
        .assert_status(422)
        .assert_says("Tick the box and write a comment that says why. Nothing was sent.");
    let form = form.with("override_freeze", "yes");
    bob.press(&form).await.assert_status(422).assert_says("Write a comment that says why");
    bob.submit(&form.with("word", "a wrong price")).await.assert_says("Black Friday");
    app.finish().await;
}

#[tokio::test]
async fn a_request_that_is_put_off_says_so_and_can_be_let_go() {
    let app = TestApp::new().await;
    let (root, ada) = (app.admin().await, app.operator().await);
    let mut new = app.world.new_invalidation(SHOP, "/*").await;
    new.not_before = Some(app.world.now().plus(Duration::from_hours(1)));
    unstale::commands::request_invalidation(&app.world.command_context, &crate::support::acting(), &new)
        .await
        .unwrap();
    let page = ada.get(&page_of(&new.id)).await;
    assert!(!page.has("#held"), "{}", page.body);
    freeze(&root, "2026-11-23T11:00", NOW[1], "").await;
    ada.get(&page_of(&new.id)).await.assert_says("A freeze window will postpone this");
    let waiting = root.get(PATH).await;
    assert_eq!(waiting.attribute("#freezes td a", "href"), page_of(&new.id));
    app.world.advance(Duration::from_hours(1));
    app.world.submit().await;
    let page = ada.get(&page_of(&new.id)).await;
    page.assert_says("Postponed by a freeze window").assert_says("It was planned for 2026-11-23 11:00 UTC");
    let held = page.form("#held form");
    let viewer = app.viewer().await;
    assert!(!viewer.get(&page_of(&new.id)).await.has("#held form"));
    let page = ada.submit(&held.with("reason", "the sale begins with it")).await;
    assert!(!page.has("#held"), "{}", page.body);
    app.world.submit().await;
    assert_eq!(app.world.state(&new.id).await, "in_progress");
    let late = format!("{}/override-freeze", page_of(&new.id));
    ada.post(&late, &[("reason", "again")]).await.assert_status(409);
    app.finish().await;
}

#[tokio::test]
async fn another_try_during_a_window_asks_for_the_override() {
    let app = TestApp::new().await;
    let (root, ada) = (app.admin().await, app.operator().await);
    app.world.next_create(cloudfront_sandbox::FaultKind::AccessDenied);
    let id = app.world.request_at(SHOP, "/*").await;
    app.world.submit().await;
    freeze(&root, NOW[0], NOW[1], "").await;
    let page = ada.get(&page_of(&id)).await;
    page.assert_says("A freeze window blocks the retry");
    let form = page.form("#retry-frozen form");
    ada.press(&form).await.assert_status(403).assert_says("needs an override and a reason");
    let form = form.with("override_freeze", "yes").with("reason", "a wrong price");
    ada.submit(&form).await.assert_says("sent during the freeze window Black Friday");
    app.finish().await;
}
