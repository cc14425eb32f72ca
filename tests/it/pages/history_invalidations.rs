//! The history's first tab: one row for an invalidation, with what came of it.

use std::collections::BTreeSet;

use cloudfront_sandbox::FaultKind;
use unstale::{
    clock::Clock,
    domain::{access::Role, audit::head::HeadKey},
    store::audit::{self, CheckState},
    workers::{AuditSettings, AuditWorker, Indexer},
};

use crate::support::{Answer, Browser, DOCS, SHOP, TestApp, WORKSHOP, at, encoded, seconds, uuid};

async fn send(browser: &Browser, items: &str, reason: &str) {
    let fields = [("distribution", WORKSHOP), ("items", items), ("reason", reason), ("request_key", &uuid())];
    browser.post("/invalidations", &fields).await.assert_status(303);
}

async fn search(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    browser.get(&format!("/history?{}", encoded(fields))).await
}

/// What the rows name as their items.
fn items(page: &Answer) -> Vec<String> {
    page.texts("ol.acts .what code")
}

/// The rows of a page and of all that follow it, by their IDs.
async fn all_rows(browser: &Browser, first: &str) -> Vec<String> {
    let (mut rows, mut address) = (Vec::new(), first.to_owned());
    loop {
        let page = browser.get(&address).await;
        page.assert_status(200);
        rows.extend(page.attributes("ol.acts > li", "id"));
        let next = page.attributes(".pager a", "href").pop();
        let Some(next) = next.filter(|link| link.contains("after=") || link.contains("before=")) else {
            return rows;
        };
        address = next;
    }
}

async fn index(app: &TestApp) {
    let world = &app.world;
    Indexer::new(world.database.db.clone(), world.clock.clone()).tick().await.unwrap();
}

#[tokio::test]
async fn each_invalidation_is_one_row_with_what_came_of_it() {
    let app = TestApp::with_tickets().await;
    let ada = app.operator().await;
    send(&ada, "/images/*\n/a\n/b", "WEB-412: new gradient").await;
    app.world.live(25).await;
    app.world.next_create(FaultKind::AccessDenied);
    send(&ada, "/refused", "").await;
    app.world.submit().await;
    send(&ada, "/waits", "").await;
    let page = ada.get("/history").await;
    page.assert_status(200);
    assert_eq!(items(&page), ["/waits", "/refused", "/images/* and 2 more"]);
    let rows = page.texts("ol.acts .act");
    assert!(rows[0].contains("Queued") && rows[1].contains("Refused"), "{rows:#?}");
    for told in
        ["ago", "StudentWebsiteDistribution", "ada@example.com", "WEB-412", "new gradient", "Completed in"]
    {
        assert!(rows[2].contains(told), "{told}: {}", rows[2]);
    }
    assert!(rows.iter().all(|row| !row.contains("Done")), "{rows:#?}");
    assert_eq!(page.text("#count"), "3 of 3 invalidations");
    assert_eq!(page.attribute(".why a", "href"), "https://jira.example.com/browse/WEB-412");
    let events = page.texts("ol.acts > li:last-child ol.events li");
    let told = ["Invalidation requested", "Accepted by CloudFront", "Completed at the edge"];
    assert!(told.iter().zip(&events).all(|(told, event)| event.contains(told)), "{events:#?}");
    assert!(page.has("#live[hx-get='/history']"), "the list is live");
    assert_eq!(page.texts(".tabs nav a[aria-current]"), ["Invalidations"]);
    app.finish().await;
}

#[tokio::test]
async fn a_url_finds_each_invalidation_once_and_says_which_item_touches_it() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/images/hero.png", "the picture").await;
    send(&ada, "/b\n/images/*", "all pictures").await;
    send(&ada, "/other", "something else").await;
    app.console(WORKSHOP, "deploy-1", &["/images/hero.png"]).await;
    app.world.live(30).await;
    app.world.advance(seconds(130));
    app.world.survey().await;
    app.world.live(10).await;
    for indexed in [false, true] {
        if indexed {
            index(&app).await;
        }
        let page = search(&ada, &[("q", "/images/hero.png")]).await;
        let mut found = items(&page);
        found.sort();
        assert_eq!(found, ["/images/* and 1 more", "/images/hero.png", "/images/hero.png"], "{}", page.body);
        let touches = page.texts("ol.acts .what .sub");
        assert_eq!(touches.iter().filter(|touch| *touch == "exact match").count(), 2, "{touches:?}");
        assert_eq!(touches.iter().filter(|touch| *touch == "includes it").count(), 1, "{touches:?}");
        page.assert_says("made outside Unstale");
        assert_eq!(page.text("#count"), "3 of 4 invalidations");
        let page = search(&ada, &[("q", "pictures")]).await;
        assert_eq!(page.count("ol.acts > li"), 1);
        // CloudFront's ID stands in a later event only.
        let id = app.world.recent().await.into_iter().find(|one| one.reason == "the picture").unwrap().id;
        let accepted = app.world.batch(&id).await.cloudfront_id.unwrap();
        let page = search(&ada, &[("q", accepted.as_str())]).await;
        let mut named = Vec::new();
        for chained in app.world.history().await {
            let event = chained.event;
            if event.cloudfront_id == accepted.as_str() && event.action.as_str() == "batch.accepted" {
                named.push(format!("invalidation-{}", event.invalidation.unwrap()));
            }
        }
        let mut rows = page.attributes("ol.acts > li", "id");
        named.sort();
        rows.sort();
        assert!(!named.is_empty());
        assert_eq!(rows, named, "what was sent together has one ID");
    }
    search(&ada, &[("q", "nothing-like-it")]).await.assert_says("No results. Remove a filter.");
    app.finish().await;
}

#[tokio::test]
async fn no_page_leaves_one_out_or_shows_one_twice_while_others_go_on() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for number in 0..120 {
        app.world.request(&format!("/many/*\n/{number}")).await;
    }
    let all: BTreeSet<String> = app
        .world
        .history()
        .await
        .into_iter()
        .filter_map(|one| one.event.invalidation)
        .map(|id| format!("invalidation-{id}"))
        .collect();
    assert_eq!(all.len(), 120);
    for (address, live) in [("/history", 0), ("/history?q=%2Fmany%2Fpicture.png", 0), ("/history?q=many", 30)]
    {
        let first = ada.get(address).await;
        assert_eq!(first.count("ol.acts > li"), 50, "{address}");
        // Each gets further events that match the words, behind what the next pages show.
        app.world.live(live).await;
        let mut rows = first.attributes("ol.acts > li", "id");
        rows.extend(all_rows(&ada, &first.attribute(".pager a", "href")).await);
        assert_eq!(rows.len(), 120, "{address}");
        assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), all, "{address}");
    }
    app.finish().await;
}

#[tokio::test]
async fn filters_are_about_the_request_and_its_present_state() {
    let app = TestApp::new().await;
    send(&app.operator().await, "/by-ada", "").await;
    app.world.live(25).await;
    app.world.advance(seconds(3 * 86_400));
    let bob = app.signed_in("bob@example.com", Role::Operator).await;
    send(&bob, "/by-bob", "").await;
    app.world.next_create(FaultKind::AccessDenied);
    app.world.submit().await;
    let day = app.world.now().date();
    for (fields, found) in [
        (&[("who", "ada@example.com")][..], &["/by-ada"][..]),
        (&[("who", "bob@example.com")], &["/by-bob"]),
        (&[("who", "nobody")], &[]),
        (&[("state", "completed")], &["/by-ada"]),
        (&[("state", "failed")], &["/by-bob"]),
        (&[("state", "failed"), ("who", "ada@example.com")], &[]),
        (&[("distribution", WORKSHOP)], &["/by-bob", "/by-ada"]),
        (&[("distribution", SHOP)], &[]),
        (&[("when", "24h")], &["/by-bob"]),
        (&[("when", "7d")], &["/by-bob", "/by-ada"]),
        (&[("from", &day), ("until", &day)], &["/by-bob"]),
        (&[("when", "dates"), ("until", "2026-11-23")], &["/by-ada"]),
        (&[("outside", "no")], &["/by-bob", "/by-ada"]),
        (&[("outside", "yes")], &[]),
        (&[("q", "/by-bob"), ("state", "failed")], &["/by-bob"]),
        (&[("q", "/by-bob"), ("state", "completed")], &[]),
        (&[("q", "/by-ada"), ("who", "bob@example.com")], &[]),
    ] {
        let page = search(&bob, fields).await;
        page.assert_status(200);
        assert_eq!(items(&page), found, "{fields:?}");
    }
    search(&bob, &[("state", "done")])
        .await
        .assert_status(422)
        .assert_says("State: Choose one from the list.");
    search(&bob, &[("when", "soon")]).await.assert_status(422).assert_says("When: Choose one from the list.");
    app.finish().await;
}

#[tokio::test]
async fn chips_and_links_have_no_empty_parameter_and_each_chip_takes_one_filter_away() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let address = format!(
        "/history?q=WEB-412&distribution={WORKSHOP}&who=&state=failed&when=7d&from=&until=&outside=&freshness="
    );
    let page = ada.get(&address).await;
    assert_eq!(
        page.texts("#applied a.chip"),
        ["“WEB-412” ×", "at StudentWebsiteDistribution ×", "Refused ×", "last 7 days ×"]
    );
    let link = format!("/history?q=WEB-412&distribution={WORKSHOP}&state=failed&when=7d");
    assert_eq!(page.attribute("#link", "href"), link);
    let without = page.attributes("#applied a.chip", "href");
    assert_eq!(without[0], link.replace("q=WEB-412&", ""));
    assert_eq!(without[3], link.replace("&when=7d", ""));
    // Another tab keeps what all tabs have.
    let tabs = page.attributes(".tabs nav a", "href");
    assert_eq!(tabs[2], format!("/history?tab=everything&q=WEB-412&distribution={WORKSHOP}&when=7d"));
    // A link of before there were tabs.
    let old = ada.get("/history?q=&action=person.signed_in&result=done").await;
    assert_eq!(old.texts(".tabs nav a[aria-current]"), ["Everything"]);
    assert!(
        old.has("#search optgroup[label='People and sign-in'] option[value='person.signed_in'][selected]")
    );
    assert!(old.count("tbody tr") > 0);
    app.finish().await;
}

#[tokio::test]
async fn access_and_settings_have_a_tab_of_their_own() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/a", "WEB-412").await;
    app.world.live(25).await;
    let page = ada.get("/history?tab=access").await;
    let actions = page.texts("tbody td:nth-child(3)");
    assert!(actions.contains(&"Signed in".to_owned()), "{actions:?}");
    assert!(!actions.iter().any(|action| action.contains("Invalidation") || action.contains("CloudFront")));
    assert!(!page.has("option[value='invalidation.requested']"), "its actions alone are offered");
    let export = ada.get(&page.attribute("a[href^='/history.jsonl']", "href")).await;
    assert_eq!(export.body.lines().count(), actions.len());
    export.assert_silent_about("invalidation.requested").assert_silent_about("WEB-412");
    assert_eq!(ada.get("/history?tab=access&q=invalidation.requested").await.count("tbody tr"), 0);
    app.finish().await;
}

#[tokio::test]
async fn whoever_is_restricted_sees_nothing_more_through_any_tab() {
    let app = TestApp::new().await;
    let eve = app.narrowed("eve@example.com", Role::Viewer, &[DOCS], "/").await;
    for number in 0..70 {
        for distribution in [DOCS, SHOP] {
            app.world.request_at(distribution, &format!("/same/{number}")).await;
        }
    }
    app.console(SHOP, "hidden", &["/same/outside"]).await;
    app.world.live(30).await;
    let shop = app.world.distribution(SHOP).await;
    let hidden: Vec<String> = app
        .world
        .history()
        .await
        .into_iter()
        .filter(|one| one.event.distribution.as_ref() == Some(&shop.id))
        .filter_map(|one| one.event.invalidation.map(|id| id.to_string()))
        .collect();
    let after = hidden.last().unwrap();
    for address in [
        "/history",
        "/history?q=%2Fsame%2F*",
        "/history?q=%2Fsame%2F3",
        "/history?q=same",
        "/history?who=operator@example.com",
        "/history?state=completed",
        "/history?state=problem",
        "/history?outside=yes",
        "/history?freshness=fresh",
        "/history?when=30d",
        &format!("/history?after={after}"),
        &format!("/history?distribution={SHOP}"),
        "/history?tab=access",
        "/history?tab=everything",
    ] {
        let mut page = eve.get(address).await;
        for _ in 0..4 {
            page.assert_status(200);
            assert!(!page.has("#seal"), "{address}");
            page.assert_silent_about(&shop.domain_name);
            assert!(hidden.iter().all(|id| !page.body.contains(&format!("invalidation-{id}"))), "{address}");
            let Some(next) = page.attributes(".pager a", "href").pop() else { break };
            page = eve.get(&next).await;
        }
    }
    assert_eq!(eve.get("/history").await.text("#count"), "50 of 70 invalidations");
    assert_eq!(all_rows(&eve, "/history").await.len(), 70);
    assert_eq!(all_rows(&eve, "/history?q=same").await.len(), 70);
    app.finish().await;
}

#[tokio::test]
async fn a_row_that_was_changed_or_removed_is_not_shown_as_history() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/a", "the true reason").await;
    send(&ada, "/b", "another reason").await;
    let mut raw = app.world.database.raw().await;
    raw.run("UPDATE invalidation SET reason = 'forged' WHERE first_item = '/a'").await.unwrap();
    for address in ["/history", "/history?q=%2Fa"] {
        let page = ada.get(address).await;
        page.assert_status(200).assert_says("Differs from the history").assert_silent_about("forged");
    }
    raw.run("UPDATE invalidation SET reason = 'the true reason' WHERE first_item = '/a'").await.unwrap();
    ada.get("/history").await.assert_silent_about("Differs from the history");
    let gone = app.world.recent().await.into_iter().find(|one| one.first_item.as_str() == "/b").unwrap().id;
    let rename = |from: &str, to: &str| {
        format!("PRAGMA foreign_keys = OFF; UPDATE invalidation SET id = '{to}' WHERE id = '{from}'")
    };
    raw.run(&rename(gone.as_str(), "gone")).await.unwrap();
    let page = search(&ada, &[("q", "/b")]).await;
    page.assert_status(200).assert_says("Differs from the history").assert_says("Not in the database");
    raw.run(&rename("gone", gone.as_str())).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn the_head_that_is_named_is_that_of_the_last_event_that_was_checked() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/a", "").await;
    let world = &app.world;
    let checked = world.head().await;
    let state =
        CheckState { sequence: checked, at: Some(at(0)), whole_at: Some(at(0)), ..CheckState::default() };
    world.database.write(async |tx| audit::set_check_state(tx, &state).await).await;
    send(&ada, "/b", "").await;
    assert!(world.head().await > checked);
    let history = world.history().await;
    let short = |sequence: i64| {
        let hash = &history.iter().find(|one| one.sequence == sequence).unwrap().hash;
        format!("{}…{}", &hash[..8], &hash[60..])
    };
    let page = ada.get("/history").await;
    assert_eq!(page.text("#seal code"), short(checked));
    assert!(page.text("#seal").contains(&format!("up to event {checked}")), "{}", page.text("#seal"));
    // A check by the worker moves both.
    let settings = AuditSettings::with(HeadKey::from_random([9; 32]));
    let worker = AuditWorker::new(world.database.db.clone(), Clock::manual(world.now()), settings);
    for _ in 0..3 {
        worker.tick().await.unwrap();
    }
    let now = world.database.get(async |conn| audit::check_state(conn).await).await.sequence;
    assert!(now > checked);
    let history = world.history().await;
    let hash = &history.iter().find(|one| one.sequence == now).unwrap().hash;
    assert!(ada.get("/history").await.text("#seal code").starts_with(&hash[..8]));
    app.finish().await;
}

#[tokio::test]
async fn a_search_for_everyone_is_an_administrators() {
    let app = TestApp::new().await;
    let (root, vera) = (app.admin().await, app.viewer().await);
    let address = "/history?q=WEB-412&when=7d";
    let form = root.get(address).await.form("#save").with("name", "The ticket");
    let form = form.with("for_everyone", "yes");
    assert_eq!(root.press(&form).await.leads_to(), Some(format!("{address}&saved=yes")));
    let page = vera.get("/history").await;
    assert_eq!(page.texts(".saved a"), ["The ticket"]);
    assert_eq!(page.attribute(".saved a", "href"), address, "the days stay relative");
    assert!(!page.has(".saved form"), "only administrators delete it");
    assert!(!vera.get(address).await.has("#save [name=for_everyone]"));
    let forget = root.get("/history").await.attribute(".saved form", "action");
    let kept = app.kept().await;
    vera.post(&forget, &[]).await.assert_status(403);
    let fields = [("name", "Mine"), ("query", "q=a"), ("for_everyone", "yes")];
    vera.post("/history/searches", &fields).await.assert_status(403);
    assert_eq!(app.kept().await, kept);
    root.post(&forget, &[]).await.assert_status(303);
    assert!(!vera.get("/history").await.has(".saved"));
    app.finish().await;
}
