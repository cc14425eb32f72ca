//! The history's search: the box and its filters, kept searches, one event, tickets, and how the chain stands.

use unstale::{
    store::audit::{self, CheckState},
    workers::Indexer,
};

use crate::support::{Answer, Browser, DOCS, TestApp, WORKSHOP, at, encoded, seconds, uuid};

async fn send(browser: &Browser, items: &str, reason: &str) {
    let fields = [("distribution", WORKSHOP), ("items", items), ("reason", reason), ("request_key", &uuid())];
    browser.post("/invalidations", &fields).await.assert_status(303);
}

/// A search of all events.
async fn search(browser: &Browser, fields: &[(&str, &str)]) -> Answer {
    browser.get(&format!("/history?tab=everything&{}", encoded(fields))).await
}

fn reasons(page: &Answer) -> Vec<String> {
    page.texts("tbody td.what .sub:first-of-type")
}

#[tokio::test]
async fn a_pasted_url_shows_what_touched_it_and_how() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/images/hero.png", "the picture").await;
    send(&ada, "/images/*", "all pictures").await;
    send(&ada, "/other", "something else").await;
    let host = app.world.distribution(WORKSHOP).await.domain_name;
    for indexed in [false, true] {
        if indexed {
            let world = &app.world;
            Indexer::new(world.database.db.clone(), world.clock.clone()).tick().await.unwrap();
            assert_eq!(
                world.database.get(async |conn| audit::index_reached(conn).await).await,
                world.head().await
            );
        }
        let url = format!("https://{host}/images/hero.png");
        let page = search(&ada, &[("q", &url)]).await;
        page.assert_status(200);
        assert_eq!(page.count("tbody tr"), 2, "{}", page.body);
        assert_eq!(page.texts("td.what code"), ["/images/*", "/images/hero.png"]);
        assert!(page.texts("td.what")[0].contains("includes it"));
        assert!(page.texts("td.what")[1].contains("exact match"));
        assert_eq!(page.attribute("#search input[type=search]", "value"), url);
        let page = search(&ada, &[("q", "picture")]).await;
        assert_eq!(reasons(&page), ["the picture"]);
        assert!(page.has("#live[hx-get='/history?tab=everything&q=picture']"), "a search is live as well");
    }
    search(&ada, &[("q", "nothing-like-it")]).await.assert_says("No results. Remove a filter.");
    app.finish().await;
}

#[tokio::test]
async fn filters_stay_filled_in_and_exports_and_pages_carry_them() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for n in 0..120 {
        send(&ada, &format!("/{n}"), "many").await;
    }
    let fields = [
        ("distribution", WORKSHOP),
        ("who", "ada@example.com"),
        ("action", "invalidation.requested"),
        ("result", "done"),
        ("outside", "no"),
        ("from", "2026-11-23"),
        ("until", "2026-11-23"),
    ];
    let page = search(&ada, &fields).await;
    assert_eq!(page.count("tbody tr"), 100);
    for (name, value) in fields {
        let set = page.has(&format!("#search select[name={name}] option[value='{value}'][selected]"))
            || page.has(&format!("#search input[name={name}][value='{value}']"));
        assert!(set, "{name} is not filled in");
    }
    let older = page.attribute(".pager a[href*=before]", "href");
    let second = ada.get(&older).await;
    assert_eq!(second.count("tbody tr"), 20);
    let export = page.attribute("a[href^='/history.jsonl']", "href");
    assert_eq!(ada.get(&export).await.body.lines().count(), 120);
    search(&ada, &[("until", "2026-11-22")]).await.assert_says("No results. Remove a filter.");
    search(&ada, &[("result", "refused")]).await.assert_says("No results. Remove a filter.");
    app.finish().await;
}

#[tokio::test]
async fn the_panel_of_filters_is_open_where_one_is_set() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for (address, open, chips) in [
        ("/history", false, 0),
        ("/history?q=WEB-412", false, 1),
        ("/history?result=done", false, 1),
        ("/history?action=token.made", true, 1),
        ("/history?freshness=stale", false, 1),
        ("/history?outside=yes", true, 1),
        ("/history?q=WEB-412&from=2026-01-01", false, 2),
    ] {
        let page = ada.get(address).await;
        assert_eq!(page.has("#search details[open]"), open, "{address}");
        assert_eq!(page.count("#applied a.chip"), chips, "{address}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_bad_filter_is_told_and_nothing_typed_is_lost() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    for (name, value, words) in [
        ("from", "yesterday", "From: Write a day such as 2026-11-23."),
        ("until", "2026-13-40", "Until: Write a day such as 2026-11-23."),
        ("action", "person.dancing", "Action: Choose one from the list."),
        ("result", "maybe", "Result: Choose one from the list."),
        ("outside", "x", "Where made: Choose one from the list."),
        ("freshness", "pending", "Check: Choose one from the list."),
    ] {
        let page = search(&ada, &[("q", "WEB-412"), (name, value)]).await;
        page.assert_status(422).assert_says(words);
        assert_eq!(page.attribute("#search input[type=search]", "value"), "WEB-412");
        let export = ada.get(&format!("/history.csv?{}", encoded(&[(name, value)]))).await;
        export.assert_status(400);
    }
    search(&ada, &[("q", &"x".repeat(4_300))]).await.assert_status(422);
    ada.get("/history?before=x").await.assert_status(400);
    app.finish().await;
}

#[tokio::test]
async fn a_search_is_kept_for_its_person_alone() {
    let app = TestApp::new().await;
    let (ada, vera) = (app.operator().await, app.viewer().await);
    let head = app.world.head().await;
    let page = vera.get("/history?q=WEB-412&when=&who=").await;
    let form = page.form("#save").with("name", "My ticket");
    assert_eq!(vera.press(&form).await.leads_to().as_deref(), Some("/history?q=WEB-412&saved=yes"));
    assert_eq!(app.world.events_after(head).await, ["history.search_saved"]);
    let page = vera.get("/history").await;
    assert_eq!(page.texts(".saved a"), ["My ticket"]);
    assert_eq!(page.attribute(".saved a", "href"), "/history?q=WEB-412");
    assert!(!ada.get("/history").await.has(".saved"), "it is nobody else's");
    let before = app.kept().await;
    for (name, words) in [("", "Give the search a name."), (&"x".repeat(61), "Use at most 60 characters.")] {
        let answer = vera.press(&form.clone().with("name", name)).await;
        answer.assert_status(422).assert_says(words);
        assert_eq!(answer.form("#save").value("query"), "q=WEB-412");
    }
    let forget = page.attribute(".saved dialog form", "action");
    assert_eq!(page.text(".saved dialog h2"), "Delete saved search My ticket?", "it asks once");
    ada.post(&forget, &[]).await.assert_status(404);
    vera.post("/history/searches/none/forget", &[]).await.assert_status(404);
    assert_eq!(app.kept().await, before);
    // Two names that were not good, another's search, and one that is not there.
    let told = ["history.search_saved", "act.refused", "act.refused", "act.refused", "act.refused"];
    assert_eq!(app.world.events_after(head).await, told);
    let head = app.world.head().await;
    vera.post(&forget, &[]).await.assert_status(303);
    assert!(!vera.get("/history").await.has(".saved"));
    assert_eq!(app.world.events_after(head).await, ["history.search_forgotten"]);
    app.finish().await;
}

#[tokio::test]
async fn an_event_opens_with_its_facts_its_hash_and_its_neighbours() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/a\n/b*", "WEB-412").await;
    let row = search(&ada, &[]).await.attribute("tbody tr:first-child td.mono a", "href");
    let page = ada.get(&row).await;
    page.assert_status(200);
    let event = app.world.history().await.pop().unwrap();
    let facts = [event.hash.as_str(), &event.previous_hash, "ada@example.com", "127.0.0.1", "WEB-412", "/b*"];
    for fact in facts {
        page.assert_says(fact);
    }
    page.assert_says("Valid: the hash matches the event");
    let before = format!("/history/{}", event.sequence - 1);
    assert_eq!(
        page.attributes("nav[aria-label='Previous and next event'] a", "href"),
        [before.as_str(), "/history"]
    );
    ada.get(&before).await.assert_status(200);
    for none in
        ["/history/0", "/history/999999", "/history/-1", "/history/x", "/history/99999999999999999999"]
    {
        ada.get(none).await.assert_status(404);
    }
    app.finish().await;
}

#[tokio::test]
async fn tickets_are_links_where_that_was_set() {
    let app = TestApp::with_tickets().await;
    let ada = app.operator().await;
    send(&ada, "/a", "WEB-412: <b>new</b>").await;
    let page = search(&ada, &[]).await;
    assert_eq!(page.attribute("td.what .sub a", "href"), "https://jira.example.com/browse/WEB-412");
    assert_eq!(reasons(&page)[0], "WEB-412 : <b>new</b>");
    let event = ada.get(&format!("/history/{}", app.world.head().await)).await;
    assert_eq!(event.text("#reason a"), "WEB-412");
    app.finish().await;
}

#[tokio::test]
async fn the_page_tells_how_the_chain_stands() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    ada.get("/history").await.assert_says("Hash check: not yet");
    let note = async |checked: CheckState| {
        app.world.database.write(async |tx| audit::set_check_state(tx, &checked).await).await;
        ada.get("/history").await
    };
    let well = CheckState { sequence: 3, at: Some(at(0)), whole_at: Some(at(0)), ..CheckState::default() };
    let page = note(well.clone()).await;
    page.assert_says("Hash check: valid").assert_says("up to event 3, head ");
    assert_eq!(page.attribute("#seal .status", "data-state"), "completed");
    let page = note(CheckState { broken_at: Some(2), problem: "it is missing".to_owned(), ..well }).await;
    page.assert_says("Hash check: failed").assert_says("at event 2: it is missing.");
    assert_eq!(page.attribute("#seal .status", "data-state"), "failed");
    app.finish().await;
}

#[tokio::test]
async fn what_was_made_outside_is_found_by_the_day_on_which_it_was_made() {
    let app = TestApp::new().await;
    let made_on = app.world.now().date();
    app.console(WORKSHOP, "deploy-1", &["/a"]).await;
    app.world.advance(seconds(3 * 86_400));
    // All of it is due at once, and keeps the account's pace.
    app.world.live(10).await;
    assert_eq!(app.world.recent().await.len(), 1);
    let ada = app.operator().await;
    let seen_on = app.world.now().date();
    assert_ne!(made_on, seen_on);
    for (day, number) in [(made_on.as_str(), 1), (&seen_on, 0)] {
        for query in [&[("outside", "yes")][..], &[("q", "/a")]] {
            let fields = [query, &[("from", day), ("until", day)][..]].concat();
            let page = search(&ada, &fields).await;
            assert_eq!(page.count("tbody tr"), number, "{fields:?}: {}", page.body);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn a_url_says_at_which_distributions_it_was_looked_for() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    let docs = app.world.distribution(DOCS).await;
    let page = search(&ada, &[("q", "https://docs.example.com/a")]).await;
    assert!(page.text("#note").contains(docs.name()), "{}", page.body);
    let page = search(&ada, &[("q", "https://nobody.example.org/a")]).await;
    page.assert_says("No distribution here serves nobody.example.org today");
    assert!(!search(&ada, &[("q", "/a")]).await.has("#note"));
    app.finish().await;
}

#[tokio::test]
async fn a_damaged_event_hides_neither_the_others_nor_the_state_of_the_chain() {
    let app = TestApp::new().await;
    let ada = app.operator().await;
    send(&ada, "/a", "the one before").await;
    let number = app.world.head().await;
    send(&ada, "/b", "the one behind").await;
    let mut raw = app.world.database.raw().await;
    raw.let_events_change().await;
    let old = raw.forge(number, "invalidation.requested", "of.a.newer.version").await;
    let page = search(&ada, &[]).await;
    page.assert_status(200);
    assert!(page.text(&format!("#event-{number}")).contains("Cannot be read"), "{}", page.body);
    page.assert_says("the one behind");
    assert!(!page.has("option[value='event.unreadable']"), "nobody can look for it");
    let one = ada.get(&format!("/history/{number}")).await;
    one.assert_status(200);
    one.assert_says("Changed: the hash does not match the event");
    let export = ada.get("/history.jsonl?q=one").await;
    assert!(!export.body.contains("event.unreadable"), "{}", export.body);
    raw.set_form(number, &old).await;
    app.finish().await;
}
