//! Bad input: each gets a clear answer in words, nothing is kept, and nothing breaks.

use std::time::Duration;

use reqwest::Method;
use unstale::http::HttpOptions;

use crate::support::{Answer, Browser, SHOP, TestApp, WORKSHOP, World, encoded, options, uuid};

async fn send(browser: &Browser, items: &str) -> Answer {
    let fields = [("distribution", WORKSHOP), ("items", items), ("reason", "why"), ("request_key", &uuid())];
    browser.post("/invalidations", &fields).await
}

#[tokio::test]
async fn every_bad_line_is_refused_in_words_with_the_form_still_filled_in() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let long_path = format!("/{}", "a".repeat(4_999));
    let long_tag = format!("#{}", "t".repeat(257));
    let bad: [(&str, &str); 14] = [
        ("", "Write at least one path or tag. Nothing was sent."),
        ("  \n\t\n", "Write at least one path or tag. Nothing was sent."),
        (&long_path, "Line 1 is 5000 characters long; CloudFront accepts at most 4000."),
        ("/a\n/b*c", "Line 2 has * in the middle; CloudFront reads * as a wildcard only at the end."),
        ("/a\u{0}b", "Line 1 has a control character; type the line again."),
        ("/a\u{7}", "Line 1 has a control character"),
        ("/a\rb", "Line 1 has a control character"),
        ("/a\u{1b}[31m", "Line 1 has a control character"),
        ("/100%", "Line 1 has a % without two hexadecimal digits after it"),
        ("/a#b", "Line 1 has a # in the path"),
        ("#", "Line 1 is an empty tag"),
        (&long_tag, "Line 1 is a tag of 257 characters; CloudFront accepts at most 256."),
        ("https://user:secret@d12345678.cloudfront.net/a", "Line 1 is a URL with a user name or password"),
        ("ftp://d12345678.cloudfront.net/a", "Line 1 is not a URL that viewers use"),
    ];
    for (items, words) in bad {
        let answer = send(&ada, items).await;
        answer.assert_status(422).assert_says(words);
        assert!(answer.has("#request [role=alert]"), "{words}");
        let form = answer.form("#request");
        assert_eq!(form.value("distribution"), WORKSHOP);
        assert_eq!(form.value("reason"), "why");
        if !items.contains(['\u{0}', '\r']) {
            assert_eq!(form.value("items"), items);
        }
        assert_eq!(app.kept().await, before, "{words}");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_encoded_line_feed_is_a_line_feed_and_no_more() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let body = format!("distribution={WORKSHOP}&items=%2Fa%0D%0A%2Fb%0A%2Fc%2520&request_key={}", uuid());
    let answer = ada.post_body("/invalidations", &body).await;
    answer.assert_status(303);
    let id = app.world.recent().await[0].id.clone();
    let items: Vec<_> = app.world.batch(&id).await.items.iter().map(ToString::to_string).collect();
    assert_eq!(items, ["/a", "/b", "/c%20"]);
    app.finish().await;
}

#[tokio::test]
async fn a_url_of_another_site_names_the_distribution_that_serves_it() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let answer = send(&ada, "/a\nhttps://shop.example.com/a.css\nhttps://nowhere.example/x").await;
    answer.assert_status(422).assert_says("2 lines need correction. Nothing was sent.");
    let refused = answer.texts("#plan li.refused");
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused[0].contains("It is served by shop.example.com: choose that one above."), "{refused:?}");
    assert!(refused[1].contains("Line 3 is a URL of nowhere.example"), "{refused:?}");
    assert!(!refused[1].contains("served by"), "{refused:?}");
    assert_eq!(app.kept().await, before);
    let shop =
        ada.post("/plan", &[("distribution", SHOP), ("items", "https://shop.example.com/a.css")]).await;
    assert_eq!(shop.count("#plan li.refused"), 0);
    app.finish().await;
}

#[tokio::test]
async fn more_than_twenty_thousand_lines_are_too_many() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let typed = (0..20_001).map(|n| format!("/{n}")).collect::<Vec<_>>().join("\n");
    let answer = send(&ada, &typed).await;
    answer.assert_status(422).assert_says("There are too many lines for one request. Nothing was sent.");
    answer.assert_says("These are 20001 lines; one request takes at most 20000.");
    assert_eq!(answer.form("#request").value("items"), typed);
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn an_unknown_distribution_is_refused() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let long = "E".repeat(5_000);
    for unknown in ["", "E0000000000000", "../../etc", "E1\u{0}", "'; DROP TABLE batch; --", long.as_str()] {
        let fields = [("distribution", unknown), ("items", "/a"), ("request_key", &uuid())];
        let answer = ada.post("/invalidations", &fields).await;
        answer.assert_status(422).assert_says("Choose a distribution from the list. Nothing was sent.");
        assert_eq!(answer.form("#request").value("items"), "/a");
    }
    ada.post("/invalidations", &[]).await.assert_status(422);
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_bad_reason_is_refused_at_its_field() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let long = "x".repeat(501);
    for (reason, words) in [
        (long.as_str(), "Use at most 500 characters."),
        ("a\u{0}b", "A reason is one line of text; a control character is in it."),
        ("a\r\nb", "A reason is one line of text; a control character is in it."),
    ] {
        let fields =
            [("distribution", WORKSHOP), ("items", "/a"), ("reason", reason), ("request_key", &uuid())];
        let answer = ada.post("/invalidations", &fields).await;
        answer.assert_status(422);
        assert_eq!(answer.text("#reason-error"), words);
        assert_eq!(answer.attribute("#reason", "aria-describedby"), "reason-error");
    }
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_is_too_large_gets_its_answer() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let items = format!("/{}", "a".repeat(3 * 1024 * 1024));
    for address in ["/invalidations", "/plan"] {
        let answer = ada.post(address, &[("distribution", WORKSHOP), ("items", &items)]).await;
        answer.assert_status(413).assert_says("That is too large");
        answer.assert_says("A form may be 2 MiB large. Nothing was saved or sent.");
    }
    // Also on the pages that are open to everybody.
    let answer = app.stranger().post("/sign-in", &[("email", &items)]).await;
    answer.assert_status(413);
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_is_none_gets_words() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let fields = encoded(&[("distribution", WORKSHOP), ("items", "/a")]);
    for kind in [Some("application/json"), Some("text/plain"), Some("multipart/form-data; boundary=x"), None]
    {
        let mut headers = vec![("sec-fetch-site", "same-origin")];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        let answer = ada.send(Method::POST, "/invalidations", &headers, fields.clone().into_bytes()).await;
        answer.assert_status(415).assert_says("This could not be read");
    }
    for body in ["items=%FF%FE&distribution=E1", "items=/a&items=/b", "%", "items=%ZZ"] {
        let answer = ada.post_body("/invalidations", body).await;
        assert!((400..500).contains(&answer.status), "{body}: {}", answer.status);
        assert!(answer.has("h1"), "{body}: {}", answer.body);
    }
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn an_address_that_only_takes_forms_says_so() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for route in super::routes::routes() {
        let address = route.address();
        if !route.gets {
            ada.get(&address).await.assert_status(405).assert_says("This address is not a page to open");
        }
        if !route.posts {
            ada.post(&address, &[])
                .await
                .assert_status(405)
                .assert_says("This address is not a page to open");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn addresses_that_name_nothing_are_answered_in_words() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let id = uuid();
    for nothing in [
        "/no-such-page",
        "/invalidations/x",
        "/invalidations/%FF",
        "/invalidations/%00",
        "/distributions/E0000000000000",
        "/distributions/%FF",
        "/distributions/a%2Fb",
        "/distributions/../../etc/passwd",
        &format!("/invalidations/{id}"),
        &format!("/invalidations/{id}/"),
    ] {
        ada.get(nothing).await.assert_status(404).assert_says("There is no such page");
    }
    for act in ["cancel", "retry", "check", &format!("batches/{}/not-there", uuid()), "batches/x/found", "x"]
    {
        let answer = ada.post(&format!("/invalidations/{id}/{act}"), &[("cloudfront_id", "I1")]).await;
        answer.assert_status(404).assert_says("There is no such page");
    }
    for asked in
        ["/history?before=x", "/history?before=1&before=2", "/sign-in?next=a&next=b", "/events?after=x"]
    {
        let answer = ada.get(asked).await;
        answer.assert_status(400).assert_says("This could not be read");
    }
    for odd in [
        "/history?before=-1",
        "/history?before=0",
        "/history?before=9223372036854775807",
        "/distributions?q=%00%FF",
        "/?distribution=%00",
        "/?repeat=%00",
        "/?what=ever",
    ] {
        ada.get(odd).await.assert_status(200);
    }
    assert_eq!(app.kept().await, before);
    app.finish().await;
}

#[tokio::test]
async fn a_form_that_never_ends_is_given_up() {
    let options = HttpOptions { timeout: Duration::from_millis(300), ..options() };
    let app = TestApp::over(World::new().await, options).await;
    let ada = app.operator().await;
    let before = app.kept().await;
    let body = reqwest::Body::wrap_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let cookie = format!("unstale={}", ada.cookie("unstale").unwrap());
    let response = reqwest::Client::new()
        .post(format!("{}/invalidations", app.address))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie)
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 503);
    let text = response.text().await.unwrap();
    assert!(text.contains("This took too long"), "{text}");
    assert_eq!(app.kept().await, before);
    app.finish().await;
}
