//! Repeat fills the form so that the same items are sent.

use crate::support::{Answer, Browser, DOCS, Form, SHOP, TestApp, uuid};

async fn form(browser: &Browser, distribution: &str, items: &str) -> Form {
    let page = browser.get("/").await;
    page.assert_status(200).form("#request").with("distribution", distribution).with("items", items)
}

/// The items of an invalidation's page, in the order of the alphabet.
fn items(page: &Answer) -> Vec<String> {
    let mut items = page.texts(".items li");
    items.sort_unstable();
    items
}

/// Presses the button of the form that Repeat fills, and gives its invalidation's page.
async fn repeated(browser: &Browser, page: &Answer) -> Answer {
    let filled = browser.get(&page.attribute("a.button[href^='/?repeat=']", "href")).await;
    assert_eq!(filled.count("#plan li[data-refused]"), 0, "{}", filled.text("#plan"));
    browser.submit(&filled.form("#request")).await
}

#[tokio::test]
async fn repeat_fills_the_form() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = form(&ada, SHOP, "/a\n#t\n/b/*").await.with("reason", "again");
    let page = ada.submit(&form).await;
    let repeat = page.attribute("a.button[href^='/?repeat=']", "href");
    let filled = ada.get(&repeat).await.form("#request");
    assert_eq!(filled.value("distribution"), SHOP);
    let mut items: Vec<&str> = filled.value("items").lines().collect();
    items.sort_unstable();
    assert_eq!(items, ["#t", "/a", "/b/*"]);
    assert_eq!(filled.value("reason"), "again");
    assert_ne!(filled.value("request_key"), form.value("request_key"));
    ada.press(&filled).await.assert_status(303);
    assert_eq!(app.world.recent().await.len(), 2);
    // One that is not there leaves the form empty.
    for unknown in [uuid(), "x".to_owned()] {
        let empty = ada.get(&format!("/?repeat={unknown}")).await;
        assert_eq!(empty.assert_status(200).form("#request").value("items"), "");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_looks_like_a_mistake_in_a_typed_line_is_repeated_as_it_was() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let names = "a,\nb;\nit's'\ntmp/x\nsrc/main.js:10\nx.js,y.js\n/two//slashes\nplain.css";
    let page = ada.submit(&form(&ada, SHOP, names).await.with("names", "yes")).await;
    let sent = items(&page);
    assert_eq!(
        sent,
        ["/a,", "/b;", "/it's'", "/plain.css", "/src/main.js:10", "/tmp/x", "/two//slashes", "/x.js,y.js"]
    );
    let filled = ada.get(&page.attribute("a.button[href^='/?repeat=']", "href")).await;
    assert!(!filled.has("#exact[checked]"), "nothing else would be sent anyway");
    assert!(!filled.attribute("#as-sent", "value").contains("plain"));
    let again = repeated(&ada, &page).await;
    assert_eq!(items(&again), sent);
    // What somebody writes below them is read as ever, and what they change too.
    let request = filled.form("#request");
    let changed = request.value("items").replace("/tmp/x", "/tmp/y");
    let refused = ada.submit(&request.with("items", &format!("{changed}\n/c;"))).await;
    refused.assert_status(422);
    assert_eq!(refused.texts("#plan li[data-refused] .mono"), ["/tmp/y", "/c;"]);
    assert_eq!(items(&repeated(&ada, &again).await), sent);
    app.finish().await;
}

#[tokio::test]
async fn what_was_left_out_is_not_added_when_it_is_repeated() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.submit(&form(&ada, DOCS, "/").await.with("without", "/index.html")).await;
    assert_eq!(items(&page), ["/"]);
    let filled = ada.get(&page.attribute("a.button[href^='/?repeat=']", "href")).await;
    assert!(filled.has("#exact[checked]"));
    assert_eq!(items(&repeated(&ada, &page).await), ["/"]);
    app.finish().await;
}

#[tokio::test]
async fn what_the_plan_offers_is_sent_as_it_stands_there() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let page = ada.post("/plan", &[("distribution", SHOP), ("items", "/a%2C")]).await;
    assert!(page.has("button[data-add='/a,']"));
    let added = ada.post("/plan", &[("distribution", SHOP), ("items", "/a%2C"), ("add", "/a,")]).await;
    added.assert_says("Refresh 2 paths");
    assert_eq!(items(&ada.submit(&added.form("#request")).await), ["/a%2C", "/a,"]);
    app.finish().await;
}
