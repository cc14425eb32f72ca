//! The history's page: newest first, a page at a time, and inert whatever people type.

use reqwest::Method;
use unstale::domain::access::Role;

use crate::support::{Answer, Browser, TestApp, WORKSHOP, uuid};

fn sequences(page: &Answer) -> Vec<i64> {
    let ids = page.attributes("tbody tr", "id");
    ids.iter().map(|id| id.strip_prefix("event-").unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn it_is_newest_first_and_goes_back_to_the_beginning() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for n in 0..240 {
        app.world.request(&format!("/{n}")).await;
    }
    let head = app.world.head().await;
    let mut page = ada.get("/history?tab=everything").await;
    page.assert_says(&format!("100 of {head} events"));
    assert!(page.has("#live[hx-get='/history?tab=everything']"), "the newest page is live");
    let mut told = sequences(&page);
    assert_eq!(told.len(), 100);
    // What comes meanwhile moves nothing on the older pages.
    app.world.request("/meanwhile").await;
    while let Some(older) = page.attributes(".pager a[href*=before]", "href").first().cloned() {
        page = ada.get(&older).await;
        assert!(!page.has("#live[hx-get]"), "an older page stands still");
        assert!(page.has(".pager a[href='/history?tab=everything']"));
        told.extend(sequences(&page));
    }
    assert_eq!(told, (1..=head).rev().collect::<Vec<_>>());
    app.finish().await;
}

#[tokio::test]
async fn an_export_is_whole_in_each_encoding() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for n in 0..3 {
        app.world.request(&format!("/{n}")).await;
    }
    for path in ["/history.csv", "/history.jsonl", "/history.ocsf.jsonl", "/history.csv?q=%2F1"] {
        for encoding in ["identity", "gzip", "deflate", "br", "zstd"] {
            let answer = ada.open(Method::GET, path, &[("accept-encoding", encoding)], Vec::new()).await;
            assert_eq!(answer.status(), 200);
            let sent =
                answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
            let body = answer.bytes().await.unwrap_or_else(|error| panic!("{path} in {encoding}: {error:?}"));
            assert!(body.len() > 100, "{path} in {encoding}: {} bytes as {sent:?}", body.len());
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn who_did_what_where_and_why_stands_in_it() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let form = ada.get("/").await.form("#request").with("distribution", WORKSHOP).with("items", "/a\n/b");
    ada.press(&form.with("reason", "WEB-412")).await.assert_status(303);
    app.world.live(22).await;
    let page = ada.get("/history?tab=everything").await;
    let rows = page.texts("tbody tr");
    let find =
        |what: &str| rows.iter().position(|row| row.contains(what)).unwrap_or_else(|| panic!("{rows:#?}"));
    let requested = &rows[find("Invalidation requested")];
    for told in [
        "ada@example.com",
        "StudentWebsiteDistribution",
        "/a and 1 more",
        "WEB-412",
        "127.0.0.1",
        "Requested",
    ] {
        assert!(requested.contains(told), "{told}: {requested}");
    }
    assert!(find("Completed at the edge") < find("Accepted by CloudFront"));
    assert!(find("Accepted by CloudFront") < find("Invalidation requested"));
    let id = app.world.recent().await[0].id.clone();
    assert!(page.attributes("tbody a", "href").contains(&format!("/invalidations/{id}")));
    app.finish().await;
}

#[tokio::test]
async fn the_events_of_an_invalidation_are_read_when_it_is_folded_out() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let first = app.world.request("/a").await;
    app.world.live(22).await;
    let second = app.world.request("/b").await;
    let page = ada.get("/history").await;
    page.assert_silent_about("Accepted by CloudFront");
    for id in [&first, &second] {
        let address = page.attribute(&format!("#events-of-{id}"), "hx-get");
        let events = ada.get(&address).await;
        events.assert_status(200);
        let told = events.texts(".events li");
        assert!(told[0].contains("Invalidation requested"), "{told:?}");
        assert_eq!(told.len(), app.world.events(id).await.len());
    }
    let accepted = ada.get(&format!("/invalidations/{first}/events")).await;
    accepted.assert_says("Accepted by CloudFront");
    accepted.assert_silent_about(second.as_str());
    ada.get(&format!("/invalidations/{}/events", uuid())).await.assert_status(404);
    app.finish().await;
}

#[tokio::test]
async fn a_refused_sign_in_stands_in_it() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let fields = [("email", "mallory@example.com"), ("password", "let me in please")];
    app.stranger().post("/sign-in", &fields).await.assert_status(422);
    let page = ada.get("/history?tab=access").await;
    let first = page.text("tbody tr:first-child");
    assert!(first.contains("Sign-in refused") && first.contains("mallory@example.com"), "{first}");
    assert_eq!(page.attribute("tbody tr:first-child .status", "data-state"), "failed");
    page.assert_silent_about("let me in please");
    app.finish().await;
}

const MARKUP: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;{{7*7}}";
const BIDI: &str = "\u{202e}gnp.exe\u{2066}\u{200f}";

#[tokio::test]
async fn hostile_words_stay_words() {
    let app = TestApp::new().await;
    let ada = app.signed_in("<b>ada</b>@example.com", Role::Operator).await;
    let send = async |browser: &Browser, reason: &str| {
        let fields = [
            ("distribution", WORKSHOP),
            ("items", "/\"><svg onload=alert(3)>\n#<b>\n/'onclick='x"),
            ("reason", reason),
            ("request_key", &uuid()),
        ];
        browser.post("/invalidations", &fields).await
    };
    send(&ada, MARKUP).await.assert_status(303);
    send(&ada, BIDI).await.assert_status(303);
    send(&ada, "a\r\nb: forged line").await.assert_status(422);
    let id = app.world.recent().await.pop().unwrap().id;
    for address in
        ["/", "/history", "/history?tab=everything", &crate::support::page_of(&id), &format!("/?repeat={id}")]
    {
        let page = ada.get(address).await;
        page.assert_status(200);
        for (element, why) in [
            ("script:not([src])", "a script"),
            ("img", "an image"),
            ("svg[onload]", "a handler"),
            ("[onclick], [onerror]", "a handler"),
            ("b > script, td b", "markup"),
        ] {
            assert_eq!(page.count(element), 0, "{address} has {why}");
        }
        assert!(page.body.contains("&#60;script&#62;"), "{address}");
        page.assert_silent_about(">49");
    }
    // What turns the order of letters round does so in its own box only: each reason is a block of its own.
    let page = ada.get("/history?tab=everything").await;
    let reasons = page.texts("td .sub");
    assert!(reasons.contains(&BIDI.to_owned()), "{reasons:?}");
    app.finish().await;
}
