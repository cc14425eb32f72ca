//! What one may not see is named nowhere: on no page, in no list, in no event.

use unstale::{domain::access::Role, workers::InsightsCounter};

use super::routes::routes;
use crate::support::{Answer, DOCS, SHOP, TestApp, WORKSHOP, encoded, page_of, uuid};

const SECRET_REASON: &str = "the secret launch";

/// Somebody narrowed to one distribution, and what was done on another one.
async fn filled() -> (TestApp, crate::support::Browser, Vec<String>) {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    app.protect(SHOP, |protection| {
        protection.guard = unstale::domain::distributions::protection::Guard::SecondPerson;
    })
    .await;
    for (distribution, items) in [(SHOP, "/hidden-a\n/hidden-b"), (SHOP, "/*"), (DOCS, "/seen")] {
        let fields = [
            ("distribution", distribution),
            ("items", items),
            ("reason", if distribution == SHOP { SECRET_REASON } else { "an open reason" }),
            ("request_key", &uuid()),
        ];
        root.post("/invalidations", &fields).await.assert_status(303);
    }
    let fields = [("distribution", SHOP), ("guard", "second_person"), ("cool_down", "5")];
    root.post("/settings/protection", &fields).await.assert_status(303);
    app.console(SHOP, "console", &["/hidden-outside"]).await;
    app.world.live(25).await;
    app.world.advance(crate::support::seconds(130));
    app.world.survey().await;
    InsightsCounter::new(app.world.database.db.clone(), app.world.clock.clone()).tick().await.unwrap();
    let shop = app.world.distribution(SHOP).await;
    let mut secrets = vec![SHOP.to_owned(), shop.domain_name, SECRET_REASON.to_owned(), "/hidden".to_owned()];
    secrets.extend(shop.aliases);
    let hidden = app.world.recent().await.into_iter().filter(|one| one.distribution.as_str() == SHOP);
    secrets.extend(hidden.map(|one| one.id.to_string()));
    assert!(secrets.len() >= 7, "{secrets:?}");
    let eve = app.narrowed("eve@example.com", Role::Operator, &[DOCS], "/docs/").await;
    (app, eve, secrets)
}

fn assert_silent(answer: &Answer, secrets: &[String]) {
    for secret in secrets {
        answer.assert_silent_about(secret);
    }
}

#[tokio::test]
async fn no_page_names_a_distribution_that_one_may_not_see() {
    let (app, eve, secrets) = filled().await;
    let seen = app.world.recent().await.into_iter().find(|one| one.distribution.as_str() == DOCS).unwrap();
    for route in routes().into_iter().filter(|route| route.gets && route.path != "/events") {
        let address = match route.path.as_str() {
            "/distributions/{id}" => format!("/distributions/{DOCS}"),
            "/invalidations/{id}" => page_of(&seen.id),
            "/invalidations/{id}/events" => format!("{}/events", page_of(&seen.id)),
            _ => route.address(),
        };
        let page = eve.get(&address).await;
        assert_silent(&page, &secrets);
    }
    let shop = app.world.distribution(SHOP).await;
    for address in [
        "/distributions?q=shop",
        "/distributions?q=E1SHOP",
        "/history?before=100000",
        "/history?tab=everything",
        "/history?tab=access",
        "/history?q=shop",
        "/history?who=ada@example.com",
        "/?distribution=E1SHOP7K2M4NQX",
        "/insights",
        "/insights.csv",
        "/insights.csv?table=items",
        "/insights.csv?table=wildcards",
    ] {
        let page = eve.get(address).await;
        page.assert_status(200);
        assert!(
            !page.body.contains(&shop.domain_name) && !page.words().contains("shop.example.com"),
            "{address}"
        );
    }
    // What they may see is there all the same.
    eve.get("/history").await.assert_says("an open reason");
    eve.get("/").await.assert_says("/seen");
    assert_eq!(eve.get("/distributions").await.count("a.distribution"), 1);
    eve.get("/distributions").await.assert_says("1, read from CloudFront");
    app.finish().await;
}

#[tokio::test]
async fn a_hidden_page_is_not_there() {
    let (app, eve, secrets) = filled().await;
    eve.get(&format!("/distributions/{SHOP}")).await.assert_status(404);
    let before = app.world.head().await;
    for hidden in app.world.recent().await.iter().filter(|one| one.distribution.as_str() == SHOP) {
        let page = eve.get(&page_of(&hidden.id)).await;
        assert_silent(page.assert_status(404), &secrets[..4]);
        let form = eve.get(&format!("/?repeat={}", hidden.id)).await;
        assert_eq!(form.form("#request").value("items"), "");
        assert_eq!(form.form("#request").value("reason"), "");
    }
    let plan = eve.post("/plan", &[("distribution", SHOP), ("items", "/a")]).await;
    plan.assert_says("Choose a distribution, or write full URLs; then this shows what would be sent.");
    let elsewhere = [("distribution", DOCS), ("items", "https://shop.example.com/a.css")];
    let plan = eve.post("/plan", &elsewhere).await;
    assert!(!plan.words().contains("served by shop"), "{}", plan.words());
    assert_eq!(app.world.head().await, before);
    app.finish().await;
}

#[tokio::test]
async fn history_pages_stay_full_and_lead_on() {
    let app = TestApp::new().await;
    let eve = app.narrowed("eve@example.com", Role::Viewer, &[DOCS], "/").await;
    for number in 0..230 {
        let distribution = if number % 2 == 0 { DOCS } else { WORKSHOP };
        app.world.request_at(distribution, &format!("/page-{number}")).await;
    }
    let first = eve.get("/history?tab=everything").await;
    assert_eq!(first.count("tbody tr"), 100, "a page is full though half is hidden");
    let older = first.attribute("nav.pager a", "href");
    let second = eve.get(&older).await;
    assert!(second.count("tbody tr") >= 15, "{}", second.count("tbody tr"));
    for page in [first, second] {
        page.assert_silent_about(WORKSHOP).assert_silent_about("StudentWebsite");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_export_answers_as_the_page_does_also_about_a_host_that_is_hidden() {
    let app = TestApp::new().await;
    let eve = app.narrowed("eve@example.com", Role::Viewer, &[DOCS], "/").await;
    for (distribution, items) in [(DOCS, "/same"), (SHOP, "/same"), (DOCS, "/other")] {
        app.world.request_at(distribution, items).await;
    }
    // To them the shop's host is as one that nobody serves: the path alone counts.
    for host in ["docs.example.com", "shop.example.com", "nobody.example.com"] {
        let asked = encoded(&[("q", &format!("https://{host}/same"))]);
        let page = eve.get(&format!("/history?tab=everything&{asked}")).await;
        page.assert_status(200);
        let rows = page.attributes("tbody tr", "id");
        assert_eq!(rows.len(), 1, "{host}: {}", page.body);
        let export = eve.get(&format!("/history.jsonl?{asked}")).await;
        let lines = export.body.lines().map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("event-{}", line["event"]["sequence"])
        });
        assert_eq!(lines.collect::<Vec<_>>(), rows, "{host}");
        export.assert_silent_about(SHOP);
    }
    app.finish().await;
}

#[tokio::test]
async fn the_stream_is_silent_about_what_is_hidden() {
    let app = TestApp::new().await;
    let eve = app.narrowed("eve@example.com", Role::Operator, &[DOCS], "/").await;
    let head = app.world.head().await;
    let path = format!("/events?after={head}");
    let mut stream = eve.open(reqwest::Method::GET, &path, &[], Vec::new()).await;
    app.world.request_at(SHOP, "/a").await;
    app.world.request_at(DOCS, "/b").await;
    let subject = format!("person:{}", app.person_at("eve@example.com").await.id);
    app.world.request_at(WORKSHOP, "/c").await;
    // From here on they may see another one: the open stream follows.
    app.grant(&subject, WORKSHOP, "/").await;
    app.world.request_at(WORKSHOP, "/d").await;
    let last = app.world.head().await;
    let mut text = String::new();
    let end = format!("id: {last}\n");
    let reading = async {
        while !text.contains(&end) {
            let chunk = stream.chunk().await.unwrap().expect("the stream ended");
            text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    };
    tokio::time::timeout(crate::support::seconds(10), reading).await.expect("the last event did not come");
    assert!(text.contains(DOCS) && text.contains(WORKSHOP) && !text.contains(SHOP), "{text}");
    drop(stream);
    app.finish().await;
}
