//! How much a request empties, and what has no known price, on the pages.

use unstale::{
    domain::{
        access::Role,
        distributions::{flat_rate_plan::FlatRatePlan, protection::Guard, traffic::Traffic},
        invalidations::problem::{Problem, ProblemKind},
    },
    store::distributions::{
        flat_rate_plans,
        optional_readings::{self, OptionalReading},
        traffic,
    },
};

use crate::support::{SHOP, START, TestApp, WORKSHOP, at, uuid};

async fn measured(app: &TestApp, id: &str) {
    let site = app.world.distribution(id).await.id;
    let traffic = Traffic { requests_a_minute: 5_218, hits_per_thousand: Some(962), measured_at: START };
    app.world.database.write(async |tx| traffic::replace(tx, &[(site.clone(), traffic)]).await).await;
}

async fn on_a_plan(app: &TestApp, id: &str) {
    let plans = [(app.world.distribution(id).await.id, FlatRatePlan::parse("PRO"))];
    app.world.database.write(async |tx| flat_rate_plans::replace(tx, &plans).await).await;
}

const WORDS: &str =
    "about 5,000 requests a minute that it answers now will go to the origin until it is warm";

#[tokio::test]
async fn the_plan_says_it_before_protection_asks_and_so_does_the_approval() {
    let app = TestApp::new().await;
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    let (ada, bob) = (app.operator().await, app.signed_in("bob@example.com", Role::Operator).await);
    let plan = async |items: &str| ada.post("/plan", &[("distribution", SHOP), ("items", items)]).await;
    assert!(!plan("/*").await.has("[data-radius]"), "it is not known");
    measured(&app, SHOP).await;
    let page = plan("/*").await;
    page.assert_says(WORDS);
    let (told, asked) = (page.body.find("data-radius").unwrap(), page.body.find("id=\"guard\"").unwrap());
    assert!(told < asked, "{}", page.body);
    plan("/products/*").await.assert_says("/products/* empties a part of the cache");
    assert!(!plan("/products/lamp.html").await.has("[data-radius]"));
    let parts = ada.post("/plan", &[("items", "https://shop.example.com/*")]).await;
    parts.assert_says(WORDS);
    let key = uuid();
    let fields = [("distribution", SHOP), ("items", "/*"), ("reason", "why"), ("request_key", key.as_str())];
    ada.post("/invalidations", &fields).await.assert_status(303);
    bob.get("/approvals").await.assert_says(WORDS);
    app.finish().await;
}

#[tokio::test]
async fn on_a_flat_rate_plan_the_page_shows_no_price() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    on_a_plan(&app, SHOP).await;
    let page = ada.post("/plan", &[("distribution", SHOP), ("items", "/a\n/b")]).await;
    page.assert_says("no known price");
    page.assert_says("on the flat-rate plan Pro: AWS does not say how its paths count");
    page.assert_says("2 paths").assert_silent_about("$").assert_silent_about("free paths");
    let both = "https://shop.example.com/a\nhttps://d12345678.cloudfront.net/a";
    let page = ada.post("/plan", &[("items", both)]).await;
    page.assert_says("$0.00").assert_says("1 path without a known price");
    assert!(page.has("[data-unpriced]"), "{}", page.body);
    let page = ada.post("/plan", &[("items", "https://shop.example.com/a")]).await;
    page.assert_says("no known price").assert_silent_about("$");
    let page = ada.post("/plan", &[("distribution", WORKSHOP), ("items", "/a")]).await;
    page.assert_says("$0.00").assert_says("1 billable path");
    app.finish().await;
}

#[tokio::test]
async fn the_page_of_a_distribution_says_what_is_known_and_which_permission_is_missing() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let path = format!("/distributions/{SHOP}");
    ada.get(&path).await.assert_says("whether it is on a flat-rate plan is not known");
    let what = OptionalReading::FlatRatePlans;
    for (what, kind) in
        [(OptionalReading::Traffic, ProblemKind::AccessDenied), (what, ProblemKind::Throttled)]
    {
        let problem = Problem { kind, code: String::new(), message: String::new(), request_id: None };
        app.world.database.write(async |tx| optional_readings::claim(tx, what, at(0), at(1)).await).await;
        app.world.database.write(async |tx| optional_readings::fail(tx, what, &problem, at(2)).await).await;
    }
    let page = ada.get(&path).await;
    page.assert_says("not known. To read it, Unstale needs cloudwatch:GetMetricData on *");
    page.assert_says(ProblemKind::Throttled.headline());
    app.world.database.write(async |tx| optional_readings::finish(tx, what, at(3), at(4)).await).await;
    ada.get(&path).await.assert_says("by the path: it is on no flat-rate plan");
    measured(&app, SHOP).await;
    on_a_plan(&app, SHOP).await;
    let page = ada.get(&path).await;
    page.assert_says("about 5,200 requests a minute, 96.2 % of them answered by the cache");
    page.assert_says("on the flat-rate plan Pro");
    app.finish().await;
}
