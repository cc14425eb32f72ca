//! The request form: its plan, one press, and the same press again.

use reqwest::Method;
use tokio::task::JoinSet;
use unstale::domain::{access::Role, checks::ExpectedContent};

use crate::support::{Answer, Browser, DOCS, Form, SHOP, TestApp, WORKSHOP, encoded, uuid};

async fn form(browser: &Browser, distribution: &str, items: &str) -> Form {
    let page = browser.get("/").await;
    page.assert_status(200).form("#request").with("distribution", distribution).with("items", items)
}

async fn plan(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("hx-request", "true"),
    ];
    browser.send(Method::POST, "/plan", &headers, encoded(fields).into_bytes()).await
}

fn lines(page: &Answer) -> String {
    page.texts("#plan li").join("\n")
}

#[tokio::test]
async fn the_plan_tells_what_would_be_sent() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let typed = "https://shop.example.com/a.css\nimages/*\n/images/hero.png\n/a.css\n\n#product:1\n/b c";
    let before = app.kept().await;
    let fragment = plan(&ada, &[("distribution", SHOP), ("items", typed)]).await;
    fragment.assert_status(200);
    assert!(!fragment.body.contains("<html"), "a fragment is not a page");
    insta::assert_snapshot!(lines(&fragment), @r"
    /a.css from the full URL
    /images/* leading slash added; every file below /images/
    /images/hero.png included in /images/*
    /a.css the same as line 1
    #product:1
    /b%20c spelled as CloudFront matches it with spaces or quotes CloudFront has been seen to miss objects; a wildcard before the character is safer
    ");
    insta::assert_snapshot!(
        fragment.text("#plan .total"),
        @"4 billable paths $0.00 , 0 of 1000 free paths used in November before this 0 of 15 wildcard slots in use, 1 more with this starts in a moment"
    );
    assert!(fragment.body.contains("Refresh 4 paths"), "{}", fragment.body);

    // Without a script the whole page comes, with the form as it was.
    let fields = [("distribution", SHOP), ("items", typed), ("reason", "a new price"), ("request_key", "k")];
    let page = ada.post("/plan", &fields).await;
    page.assert_status(200);
    assert_eq!(lines(&page), lines(&fragment));
    assert_eq!(page.text("#button-words"), "Refresh 4 paths");
    let form = page.form("#request");
    assert_eq!(form.value("distribution"), SHOP);
    assert_eq!(form.value("items"), typed);
    assert_eq!(form.value("reason"), "a new price");
    assert_eq!(form.value("request_key"), "k");
    assert_eq!(app.kept().await, before, "a plan keeps nothing");
    app.finish().await;
}

#[tokio::test]
async fn the_quick_buttons_work_without_a_script() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.get(&format!("/?distribution={WORKSHOP}")).await;
    assert_eq!(page.attributes("button[name=fill]", "formaction"), ["/plan", "/plan"]);
    for (fill, items) in page.attributes("button[name=fill]", "value").iter().zip(["/*", "/\n/index.html"]) {
        let filled = ada.post("/plan", &[("distribution", WORKSHOP), ("items", "/x"), ("fill", fill)]).await;
        assert_eq!(filled.form("#request").value("items"), items);
    }
    app.finish().await;
}

#[tokio::test]
async fn one_press_is_one_invalidation_and_one_event() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = form(&ada, WORKSHOP, "/styles.css\n/scripts.js").await.with("reason", "WEB-412");
    let head = app.world.head().await;
    let answer = ada.press(&form).await;
    let id = app.world.recent().await[0].id.clone();
    assert_eq!(answer.leads_to(), Some(format!("/invalidations/{id}")));
    assert_eq!(app.world.events_after(head).await, ["invalidation.requested"]);
    let invalidation = app.world.invalidation(&id).await;
    assert_eq!(invalidation.reason, "WEB-412");
    assert_eq!(invalidation.requested_by.name(), "ada@example.com");
    assert_eq!(invalidation.first_item.as_str(), "/styles.css");
    let batch = app.world.batch(&id).await;
    assert_eq!(batch.items.len(), 2);
    assert_eq!(app.at_cloudfront(), 0, "nothing is sent while the person waits");
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!(event.acting.origin.client_address, "127.0.0.1");
    assert_eq!(Some(event.acting.origin.request_id.as_str()), answer.header("x-request-id"));
    let page = ada.visit(&answer.leads_to().unwrap()).await;
    page.assert_status(200).assert_says("WEB-412");
    assert_eq!(page.text("h1"), "/styles.css and 1 more");
    app.finish().await;
}

impl TestApp {
    fn at_cloudfront(&self) -> usize {
        self.world.at_cloudfront(WORKSHOP)
    }
}

#[tokio::test]
async fn what_was_taken_down_is_said_so_from_the_form_to_its_page() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let key = uuid();
    let fields =
        [("distribution", WORKSHOP), ("items", "/old-offer.html"), ("request_key", &*key), ("gone", "yes")];
    let page = ada.post("/plan", &fields).await;
    assert_eq!(page.attributes("#gone[checked]", "value"), ["yes"]);
    let to = ada.post("/invalidations", &fields).await.leads_to().unwrap();
    let id = app.world.recent().await[0].id.clone();
    assert_eq!(app.world.invalidation(&id).await.expected, ExpectedContent::Gone);
    ada.get(&to).await.assert_says("Viewers must get 403, 404 or 410");
    let again = ada.get(&format!("/?repeat={id}")).await;
    assert_eq!(again.attributes("#gone[checked]", "value"), ["yes"]);
    assert!(ada.get("/").await.attributes("#gone[checked]", "value").is_empty());
    app.finish().await;
}

#[tokio::test]
async fn pressing_twice_is_one_invalidation() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = form(&ada, WORKSHOP, "/a\n/b").await;
    let first = ada.press(&form).await;
    let head = app.world.head().await;
    // Also when the lines come in another order and the reason is another: it is the same request.
    let same = form.clone().with("items", "/b\n/a");
    for again in [&form, &same] {
        assert_eq!(ada.press(again).await.leads_to(), first.leads_to());
    }
    app.world.submit().await;
    assert_eq!(ada.press(&form).await.leads_to(), first.leads_to());
    assert_eq!(app.world.recent().await.len(), 1);
    let events = app.world.events_after(head).await;
    assert!(!events.contains(&"invalidation.requested"), "{events:?}");
    assert_eq!(app.at_cloudfront(), 1);
    app.finish().await;
}

#[tokio::test]
async fn twenty_presses_at_once_are_one_invalidation() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = form(&ada, WORKSHOP, "/a\n/b/*").await;
    let mut presses = JoinSet::new();
    for _ in 0..20 {
        let (ada, form) = (ada.clone(), form.clone());
        presses.spawn(async move { ada.press(&form).await });
    }
    let answers = presses.join_all().await;
    let id = app.world.recent().await[0].id.clone();
    for answer in answers {
        assert_eq!(answer.leads_to(), Some(format!("/invalidations/{id}")), "{}", answer.body);
    }
    assert_eq!(app.world.recent().await.len(), 1);
    assert_eq!(app.world.events(&id).await, ["invalidation.requested"]);
    app.finish().await;
}

#[tokio::test]
async fn the_same_form_with_something_else_in_it_is_not_sent() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = form(&ada, WORKSHOP, "/a").await;
    ada.press(&form).await.assert_status(303);
    let before = app.kept().await;
    let other_items = form.clone().with("items", "/a\n/b");
    let other_site = form.clone().with("distribution", DOCS);
    for changed in [&other_items, &other_site] {
        let answer = ada.press(changed).await;
        answer.assert_status(422);
        assert!(answer.text("[role=alert]").starts_with("This form was sent before"), "{}", answer.body);
        assert_eq!(app.kept().await, before);
        assert_eq!(answer.form("#request").value("items"), changed.value("items"));
        assert_ne!(answer.form("#request").value("request_key"), form.value("request_key"));
    }
    // Somebody else's key is not this person's earlier request.
    let bob = app.signed_in("bob@example.com", Role::Operator).await;
    bob.press(&form).await.assert_status(422);
    assert_eq!(app.world.recent().await.len(), 1);
    // The form that came back has a key of its own and is sent when the button is pressed once more.
    let again = ada.press(&other_items).await.form("#request");
    ada.press(&again).await.assert_status(303);
    assert_eq!(app.world.recent().await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn each_form_has_a_key_of_its_own() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let (first, second) = (form(&ada, WORKSHOP, "/a").await, form(&ada, WORKSHOP, "/a").await);
    assert_ne!(first.value("request_key"), second.value("request_key"));
    ada.press(&first).await.assert_status(303);
    ada.press(&second).await.assert_status(303);
    assert_eq!(app.world.recent().await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_form_without_a_good_key_is_a_request_of_its_own() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let long = "k".repeat(1_000);
    for key in ["", "not a key", long.as_str(), "\u{0}"] {
        let fields = [("distribution", WORKSHOP), ("items", "/a"), ("request_key", key)];
        ada.post("/invalidations", &fields).await.assert_status(303);
    }
    ada.post("/invalidations", &[("distribution", WORKSHOP), ("items", "/a")]).await.assert_status(303);
    assert_eq!(app.world.recent().await.len(), 5);
    app.finish().await;
}

#[tokio::test]
async fn ten_thousand_lines_are_one_request_in_batches() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let typed = (0..10_000).map(|n| format!("/page-{n}.html")).collect::<Vec<_>>().join("\n");
    let form = form(&ada, WORKSHOP, &typed).await;
    let shown = ada.post("/plan", &[("distribution", WORKSHOP), ("items", &typed)]).await;
    assert_eq!(shown.text("#button-words"), "Refresh 10000 paths");
    shown.assert_says("sent in 4 batches").assert_says("and 9900 more paths and tags").assert_says("$45.00");
    let page = ada.submit(&form).await;
    page.assert_status(200).assert_says("and 9500 more");
    let id = app.world.recent().await[0].id.clone();
    let batches = app.world.batches(&id).await;
    assert_eq!(
        batches.iter().map(|batch| batch.items.len()).collect::<Vec<_>>(),
        [3_000, 3_000, 3_000, 1_000]
    );
    assert_eq!(app.world.events(&id).await, ["invalidation.requested"]);
    // Repeat brings all of them back.
    let repeat = ada.get(&format!("/?repeat={id}")).await.form("#request");
    assert_eq!(repeat.value("items").lines().count(), 10_000);
    app.finish().await;
}

#[tokio::test]
async fn lines_of_a_long_paste_stand_in_groups() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let pages = (0..150).map(|n| format!("/page-{n}.html\n"));
    let repeats = (0..120).map(|n| format!("/page-{n}.html\nnpm notice number {n}\n"));
    let typed: String = pages.chain(repeats).collect();
    let shown = ada.post("/plan", &[("distribution", WORKSHOP), ("items", &typed)]).await;
    shown
        .assert_says("120 lines need correction")
        .assert_says("and 20 more lines")
        .assert_says("and 50 more paths and tags")
        .assert_says("120 lines are left out, because they would change nothing");
    assert_eq!(shown.count("#plan li[data-refused]"), 100);
    assert_eq!(
        shown.count("#plan > ul > li"),
        12 + 12,
        "the others are folded, so that the button stays near"
    );
    assert_eq!(shown.count("#plan details li[data-dropped]"), 100);
    app.finish().await;
}

#[tokio::test]
async fn a_plan_is_compared_with_the_last_request() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let plan = async |items: &str| ada.post("/plan", &[("distribution", WORKSHOP), ("items", items)]).await;
    assert!(!plan("/a\n/b").await.body.contains("Compared with the last request"), "there is none");
    app.world.request("/a\n/b\n/old").await;
    plan("/a\n/b\n/new")
        .await
        .assert_says("1 new, 2 unchanged, 1 no longer there")
        .assert_says("No longer there");
    plan("/a\n/b\n/old").await.assert_says("the same paths");
    assert!(!plan("/x\n/y").await.body.contains("Compared with the last request"), "nothing in common");
    app.finish().await;
}

#[tokio::test]
async fn one_button_takes_out_the_lines_that_are_refused() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let good = "https://shop.example.com/b.css";
    let typed = format!("/a.css\nnpm notice created a lockfile\n\n  a sentence of prose. \n{good}");
    for (distribution, refused, left) in
        [(WORKSHOP, 3, "/a.css\n"), ("", 3, "\nhttps://shop.example.com/b.css")]
    {
        let fields = [("distribution", distribution), ("items", typed.as_str())];
        let page = ada.post("/plan", &fields).await;
        page.assert_says(&format!("Remove the {refused} lines that need correction"));
        let mended = ada.post("/plan", &[fields[0], fields[1], ("remove_refused", "yes")]).await;
        assert_eq!(mended.form("#request").value("items"), left, "{distribution}");
        assert_eq!(mended.count("#plan li[data-refused]"), 0, "{distribution}");
        mended.assert_says("Refresh 1 path");
    }
    // Without one of its elements a list could not be read.
    let json = "[\n\"/a.css\",\n\"https://other.example.org/b.css\"\n]";
    let page = ada.post("/plan", &[("distribution", WORKSHOP), ("items", json)]).await;
    assert_eq!((page.count("#plan li[data-refused]"), page.count("[name=remove_refused]")), (1, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_distribution_that_is_not_ready_warns() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.get("/").await;
    assert_eq!(page.form("#request").value("distribution"), "", "nothing is guessed");
    let options = page.texts("#distribution option");
    assert!(options.iter().any(|label| label.contains("E1RETIRED9ZXCV · disabled")), "{options:?}");
    ada.get("/?distribution=E1RETIRED9ZXCV").await.assert_says("This distribution is disabled.");
    ada.get("/?distribution=E2LAUNCH4J6HGF").await.assert_says("This distribution is still deploying");
    let other = ada.get(&format!("/?distribution={SHOP}")).await;
    other.assert_silent_about("This distribution is disabled.").assert_says("shop.example.com");
    app.finish().await;
}

#[tokio::test]
async fn what_is_in_flight_and_recent_stands_beside_the_form() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    ada.get("/").await.assert_says("Nothing is in flight.").assert_says("No invalidations yet.");
    let id = app.world.request("/styles.css").await;
    let queued = ada.get("/").await;
    assert_eq!(queued.attributes("#in-flight .status", "data-state"), ["queued"]);
    assert!(!queued.has("#in-flight progress"));
    app.world.submit().await;
    let moving = ada.get("/").await;
    assert_eq!(moving.attributes("#in-flight .status", "data-state"), ["in_progress"]);
    assert!(moving.has("#in-flight progress[max][value]"));
    app.world.live(22).await;
    let done = ada.get("/").await;
    assert_eq!(done.count("#in-flight .flight"), 0);
    assert_eq!(done.attributes("#recent .status", "data-state"), ["completed"]);
    assert!(done.text("#recent .status").starts_with("Completed in 2"), "{}", done.text("#recent"));
    assert_eq!(done.attribute("#recent tbody a", "href"), format!("/invalidations/{id}"));
    app.finish().await;
}
