//! Budgets of a month on the pages: set by administrators, shown to all, told in the plan.

use unstale::domain::{access::Role, distributions::protection::Guard};

use crate::support::{SHOP, TestApp, WORKSHOP, uuid};

const PATH: &str = "/settings/budgets";

#[tokio::test]
async fn an_administrator_sets_changes_and_removes_a_budget() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    root.get(PATH).await.assert_says("No budget is set.");
    let form = root.get(PATH).await.form("#budget");
    let form = form.with("scope", "distribution").with("id", SHOP);
    root.submit(&form.with("soft_items", "5").with("hard_items", "9")).await.assert_says("shop.example.com");
    let page = root.get(PATH).await;
    assert!(page.has("#budgets [data-state=completed]"), "{}", page.body);
    page.assert_says("Within");
    let address = format!("{PATH}?scope=distribution&id={SHOP}&soft_items=5&hard_items=9");
    let form = root.get(&address).await.form("#budget");
    assert_eq!((form.value("id"), form.value("hard_items")), (SHOP, "9"));
    for (soft, hard, says) in [("10", "9", "not above the hard number"), ("x", "9", "whole number from 0")] {
        let wrong = root.press(&form.clone().with("soft_items", soft).with("hard_items", hard)).await;
        wrong.assert_status(422).assert_says(says);
        assert_eq!(wrong.form("#budget").value("soft_items"), soft);
    }
    // It is found by its alias too, as in the form of a request.
    root.press(&form.clone().with("id", "shop.example.com")).await.assert_status(303);
    assert_eq!(root.get(PATH).await.texts("#budgets tbody tr").len(), 1);
    root.press(&form.with("id", "E0")).await.assert_status(422).assert_says("There is no such account");
    let remove = root.get(PATH).await.form("#budgets form");
    root.submit(&remove).await.assert_says("No budget is set.");
    app.finish().await;
}

#[tokio::test]
async fn others_see_what_applies_to_them_and_no_form() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let nora = app.narrowed("nora@example.com", Role::Operator, &[WORKSHOP], "/").await;
    for (scope, id) in [("distribution", SHOP), ("distribution", WORKSHOP), ("person", "nora@example.com")] {
        let fields = [("scope", scope), ("id", id), ("hard_items", "9")];
        root.post(PATH, &fields).await.assert_status(303);
    }
    let page = nora.get(PATH).await;
    page.assert_says("person nora@example.com")
        .assert_silent_about(SHOP)
        .assert_says("Administrators set budgets.");
    assert!(!page.has("#budget") && !page.has("#budgets form"), "{}", page.body);
    app.finish().await;
}

#[tokio::test]
async fn the_plan_warns_and_the_form_says_why_it_was_refused() {
    let app = TestApp::new().await;
    let (root, ada) = (app.admin().await, app.operator().await);
    let fields = [("scope", "distribution"), ("id", SHOP), ("soft_items", "1"), ("hard_items", "2")];
    root.post(PATH, &fields).await.assert_status(303);
    let plan = async |items: &str| ada.post("/plan", &[("distribution", SHOP), ("items", items)]).await;
    let within = plan("/a").await;
    within.assert_says("0 of 2 items used in November, 2 left");
    assert!(!within.has("[data-over-budget]"), "{}", within.body);
    plan("/a\n/b").await.assert_says("This passes the soft budget of the distribution");
    let over = plan("/a\n/b\n/c").await;
    over.assert_says("It would be refused: the hard budget of the distribution");
    assert!(over.has("[data-over-budget]"), "{}", over.body);
    let key = uuid();
    let fields = [("distribution", SHOP), ("items", "/a\n/b\n/c"), ("request_key", key.as_str())];
    let head = app.world.head().await;
    let refused = ada.post("/invalidations", &fields).await;
    refused.assert_status(422).assert_says("an administrator may raise or remove it. Nothing was sent.");
    assert_eq!(refused.form("#request").value("items"), "/a\n/b\n/c");
    assert_eq!(app.world.events_after(head).await, ["act.refused"]);
    let several =
        [("items", "https://shop.example.com/a\nhttps://shop.example.com/b\nhttps://shop.example.com/c")];
    ada.post("/plan", &several).await.assert_says("It would be refused: the hard budget");
    ada.post("/invalidations", &several).await.assert_status(422).assert_says("Nothing was sent.");
    assert_eq!(app.world.recent().await, []);
    app.finish().await;
}

#[tokio::test]
async fn a_part_that_waits_for_a_second_person_counts_when_it_is_approved() {
    let app = TestApp::new().await;
    let (root, ada) = (app.admin().await, app.operator().await);
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    root.post(PATH, &[("scope", "distribution"), ("id", SHOP), ("hard_items", "0")]).await.assert_status(303);
    let plan = async |items: &str| ada.post("/plan", &[("items", items)]).await;
    let waits = plan("https://shop.example.com/*\nhttps://docs.example.com/a").await;
    assert!(!waits.has("[data-over-budget]"), "{}", waits.body);
    assert!(plan("https://shop.example.com/a\nhttps://docs.example.com/a").await.has("[data-over-budget]"));
    app.finish().await;
}
