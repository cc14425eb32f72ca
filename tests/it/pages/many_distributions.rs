//! An account with thousands of distributions: pages stay small, and each distribution is found.

use std::{collections::BTreeSet, time::Duration};

use reqwest::Method;
use unstale::{
    domain::{access::Role, distributions::distribution::Distribution, id::DistributionId, time::Timestamp},
    store::{accounts, distributions},
};

use crate::support::{Answer, Browser, TestApp, WORKSHOP, distribution, encoded, uuid};

const MANY: usize = 5_000;
/// No page is larger than this, in bytes.
const LARGE: usize = 100_000;

fn id(number: usize) -> String {
    format!("E{number:013}")
}

fn sample(number: usize) -> Distribution {
    Distribution {
        aliases: vec![
            format!("www{number}.customer-of-ours.example"),
            format!("static{number}.customer-of-ours.example"),
        ],
        comment: format!("Customer {number}, the website of somebody with a long name"),
        ..distribution(&id(number))
    }
}

/// As many more distributions.
async fn with(count: usize) -> TestApp {
    let app = TestApp::new().await;
    app.world
        .database
        .write(async |tx| {
            accounts::ensure(tx, "123456789012").await?;
            for number in 0..count {
                distributions::upsert(tx, &sample(number)).await?;
            }
            Ok(())
        })
        .await;
    app
}

fn cards(page: &Answer) -> Vec<String> {
    page.attributes("a.distribution", "href").iter().map(|href| href.replace("/distributions/", "")).collect()
}

/// Every page from an address on.
async fn walk(browser: &Browser, path: &str) -> Vec<String> {
    let (mut next, mut all) = (Some(path.to_owned()), Vec::new());
    while let Some(path) = next {
        let page = browser.get(&path).await;
        page.assert_status(200);
        assert!(page.body.len() < LARGE, "{path}: {} bytes", page.body.len());
        all.extend(cards(&page));
        let links = page.attributes("nav.pager a", "href").into_iter().zip(page.texts("nav.pager a"));
        next = links.into_iter().find(|(_, words)| words == "Next page").map(|(href, _)| href);
    }
    all
}

async fn find(browser: &Browser, find: &str, chosen: &str) -> Answer {
    let query = encoded(&[("find", find), ("distribution", chosen)]);
    let answer = browser.get(&format!("/find/distributions?{query}")).await;
    answer.assert_status(200);
    assert!(answer.body.len() < LARGE);
    answer
}

fn offered(page: &Answer) -> Vec<String> {
    page.attributes("option[value]:not([value=''])", "value")
}

#[tokio::test]
async fn pages_are_small_and_each_is_found() {
    let app = with(MANY).await;
    let ada = app.operator().await;
    for path in [
        "/",
        "/distributions",
        "/history",
        "/settings/access",
        "/approvals",
        "/settings/grants",
        "/settings/tokens",
        "/settings/protection",
    ] {
        let browser = if path.starts_with("/settings") {
            app.signed_in(&format!("{}@example.com", uuid()), Role::Admin).await
        } else {
            ada.clone()
        };
        let page = browser.get(path).await;
        page.assert_status(200);
        assert!(page.body.len() < LARGE, "{path}: {} bytes", page.body.len());
    }
    let all = walk(&ada, "/distributions").await;
    assert_eq!(all.len(), MANY + 5);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), MANY + 5, "each once");
    let page = ada.get("/distributions").await;
    page.assert_says("5005, read from CloudFront");
    assert_eq!(walk(&ada, "/distributions?q=customer+4321").await, [id(4_321)]);
    assert_eq!(walk(&ada, "/distributions?q=WWW77.customer-of-ours.example").await, [id(77)]);
    assert_eq!(walk(&ada, "/distributions?q=www7").await.len(), 111);
    let none = ada.get("/distributions?q=nobody-at-all").await;
    none.assert_says("No results.");
    ada.get("/distributions?after=E9999999999999").await.assert_status(200);
    app.finish().await;
}

#[tokio::test]
async fn those_that_are_gone_come_last_and_hidden_ones_never() {
    let app = with(250).await;
    let gone = Timestamp::from_micros(1);
    app.world
        .database
        .write(async |tx| {
            for number in [0, 100, 249] {
                distributions::set_gone(tx, &DistributionId::from_trusted(id(number)), gone).await?;
            }
            Ok(())
        })
        .await;
    let ada = app.operator().await;
    let all = walk(&ada, "/distributions").await;
    assert_eq!(all.len(), 255);
    assert_eq!(all[252..], [id(0), id(100), id(249)]);
    let (mine, yours) = (id(7), id(8));
    let nora = app.narrowed("nora@example.com", Role::Operator, &[&mine, WORKSHOP], "/").await;
    assert_eq!(walk(&nora, "/distributions").await, [WORKSHOP.to_owned(), mine.clone()], "by their names");
    assert_eq!(walk(&nora, &format!("/distributions?q={yours}")).await, Vec::<String>::new());
    assert_eq!(walk(&nora, "/distributions?q=customer").await, std::slice::from_ref(&mine));
    assert_eq!(offered(&nora.get("/").await), [WORKSHOP, &mine]);
    assert_eq!(offered(&find(&nora, "customer", &yours).await), [WORKSHOP, &mine]);
    assert_eq!(
        offered(&find(&ada, &id(100), "").await),
        Vec::<String>::new(),
        "one that is gone is not offered"
    );
    app.finish().await;
}

#[tokio::test]
async fn the_form_offers_what_is_used_most_and_what_words_find() {
    let app = with(300).await;
    for _ in 0..3 {
        app.world.request_at(&id(222), "/a").await;
        app.world.advance(Duration::from_secs(1));
    }
    app.world.request_at(&id(111), "/b").await;
    let ada = app.operator().await;
    let home = ada.get("/").await;
    let options = offered(&home);
    assert_eq!(options.len(), 100);
    assert_eq!(options[..2], [id(222), id(111)]);
    assert_eq!(home.text("#distribution option[selected]"), "Choose a distribution");
    assert_eq!(home.attribute("#find", "placeholder"), "Type to find one of 305");
    // With a script, as one types.
    let one = find(&ada, "Customer 123, ", "").await;
    assert_eq!(offered(&one), [id(123)]);
    assert_eq!(one.attributes("option[selected]", "value"), [id(123)], "one that fits alone is chosen");
    let some = find(&ada, "customer 12", &id(123)).await;
    assert_eq!(some.attributes("option[selected]", "value"), [id(123)], "it stays chosen while it fits");
    assert_eq!(find(&ada, "customer 77,", &id(123)).await.attributes("option[selected]", "value"), [""]);
    assert_eq!(
        find(&ada, "customer", "").await.text("option"),
        "More than 100 results: choose one, or use more words"
    );
    assert_eq!(find(&ada, "nobody", "").await.text("option"), "No results: use fewer words");
    assert_eq!(find(&ada, "", "").await.text("option"), "Choose a distribution");
    // Without one: what was typed stays.
    let fields = [
        ("find", "customer 250,"),
        ("look", "yes"),
        ("items", "/a\n/b"),
        ("reason", "why"),
        ("request_key", "k"),
    ];
    let found = ada.post("/plan", &fields).await;
    found.assert_status(200);
    let form = found.form("#request");
    assert_eq!(form.value("distribution"), id(250));
    assert_eq!(
        (form.value("items"), form.value("reason"), form.value("request_key")),
        ("/a\n/b", "why", "k")
    );
    assert_eq!(form.value("find"), "customer 250,");
    assert_eq!(found.text("#button-words"), "Refresh 2 paths");
    // The words do not take away what was chosen from the list.
    let fields = [("find", "customer 250,"), ("distribution", WORKSHOP), ("items", "/a*b")];
    let refused = ada.post("/invalidations", &fields).await;
    refused.assert_status(422);
    assert_eq!(refused.form("#request").value("distribution"), WORKSHOP);
    let form = found.form("#request").with("request_key", &uuid());
    ada.press(&form).await.assert_status(303);
    assert_eq!(app.world.recent().await[0].distribution.as_str(), id(250));
    // One beyond those that are offered can be linked to.
    let linked = ada.get(&format!("/?distribution={}", id(299))).await.form("#request");
    assert_eq!(linked.value("distribution"), id(299));
    let head = ada.send(Method::HEAD, "/find/distributions", &[], Vec::new()).await;
    head.assert_status(200);
    app.finish().await;
}
