//! What viewers get, on the pages: before and after an invalidation, in lists, by hand, and what is set for it.

use cloudfront_sandbox::{EdgeAnswer, EdgeRule};
use unstale::{
    domain::{
        access::Role,
        audit::Action,
        checks::{ApiCheck, ApiMethod, CheckSettings, EdgeLocation, LookHeaders},
        id::InvalidationId,
    },
    http::HttpOptions,
};

use crate::support::{
    Answer, Browser, SHOP, TestApp, WORKSHOP, World,
    checked::{cached, complete_and_check, invalidate_and_check, publish, set_checks, unpublish},
    options, page_of, seconds,
};

const SITE: &str = "/distributions/E2QWRUHAPOMQZL";
const SETTINGS: &str = "/distributions/E2QWRUHAPOMQZL/checks";

async fn show(browser: &Browser, id: &InvalidationId) -> Answer {
    let page = browser.get(&page_of(id)).await;
    page.assert_status(200);
    page
}

fn last_step(page: &Answer) -> String {
    page.texts(".steps li").pop().unwrap()
}

fn verdicts(page: &Answer) -> Vec<String> {
    page.attributes("#checks .verdict .status", "data-state")
}

#[tokio::test]
async fn an_invalidation_shows_both_looks_their_verdict_and_where_they_were_made() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    publish(world, "news.html", "old");
    cached(world, "/news.html").await;
    world.check().await;
    let id = world.request("/news.html").await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked");
    assert!(!page.has("#checks") && !page.has("form[action$='/check']"));

    world.check().await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked looked before, looks again after");
    assert_eq!(verdicts(&page), ["pending"]);
    assert!(page.text("#checks tbody td:nth-child(2)").starts_with("Hit, age 30 s ETag "), "{}", page.body);
    assert_eq!(page.text("#checks tbody td:nth-child(3)"), "");
    assert!(!page.has("form[action$='/check']"), "CloudFront has not completed it");

    publish(world, "news.html", "new");
    complete_and_check(world, &id).await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked fresh");
    assert_eq!(page.count(".steps li[data-done]"), 4);
    assert_eq!(verdicts(&page), ["fresh"]);
    assert!(page.text("#checks tbody td:nth-child(3)").contains("other ETag "), "{}", page.body);
    assert!(page.text("#checks header .end").starts_with("seen from this server's nearest edge, "));
    let link = page.attribute("#checks td a[rel=noopener]", "href");
    assert!(link.starts_with("https://") && link.ends_with("/news.html"), "{link}");
    assert!(!page.has("#checks a[href^='/?repeat=']") && !page.has("#checks pre"));
    app.finish().await;
}

#[tokio::test]
async fn what_is_broken_has_its_cause_its_step_and_what_to_copy_and_is_looked_at_again() {
    let app = TestApp::new().await;
    let (world, ada, vera) = (&app.world, app.operator().await, app.viewer().await);
    publish(world, "news.html", "old");
    publish(world, "other.html", "old");
    cached(world, "/news.html").await;
    cached(world, "/other.html").await;
    let id = invalidate_and_check(world, "/news.html\n/other.html", || {
        publish(world, "other.html", "new");
        unpublish(world, "news.html");
    })
    .await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked 1 of 2 fresh, 1 broken");
    assert!(page.has(".steps li:last-child[data-now]"));
    assert_eq!(verdicts(&page), ["broken", "fresh"]);
    assert_eq!(
        page.count("#checks td[colspan] .step + pre"),
        1,
        "what to do, with what to copy: {}",
        page.body
    );
    assert_eq!(page.count("#checks .step"), 1);
    assert!(
        page.text("#checks tbody td:nth-child(3)").starts_with("40"),
        "the status is shown: {}",
        page.body
    );
    page.assert_says("Next look at");

    assert!(!show(&vera, &id).await.has("form[action$='/check']"), "a viewer may not act");
    publish(world, "news.html", "new");
    // CloudFront keeps an error for ten seconds.
    world.advance(seconds(15));
    let before = world.head().await;
    let page = ada.submit(&page.form("form[action$='/check']")).await;
    assert_eq!(page.path, page_of(&id));
    assert_eq!(world.events_after(before).await, ["check.requested"]);
    assert!(!page.has("form[action$='/check']"), "its looks are due now");
    ada.post(&format!("{}/check", page_of(&id)), &[])
        .await
        .assert_status(409)
        .assert_says("being checked already");
    world.check().await;
    let page = show(&ada, &id).await;
    assert_eq!((last_step(&page).as_str(), page.count("#checks .step")), ("Checked all 2 fresh", 0));
    page.assert_silent_about("Next look at");
    app.finish().await;
}

#[tokio::test]
async fn what_is_stale_offers_to_make_it_again() {
    let app = TestApp::new().await;
    let (world, ada, vera) = (&app.world, app.operator().await, app.viewer().await);
    publish(world, "news.html", "old");
    cached(world, "/news.html").await;
    let rule = EdgeRule { ignores_invalidations: true, ..EdgeRule::new("/news.html", EdgeAnswer::default()) };
    world.sandbox.set_edge_rules(vec![rule.distribution(WORKSHOP)]);
    let id = invalidate_and_check(world, "/news.html", || publish(world, "news.html", "new")).await;
    let page = show(&ada, &id).await;
    assert_eq!((last_step(&page).as_str(), verdicts(&page)), ("Checked stale", vec!["stale".to_owned()]));
    assert_eq!(page.attributes("#checks .verdict a", "href"), [format!("/?repeat={id}")]);
    assert!(!show(&vera, &id).await.has("#checks .verdict a"), "a viewer may not act");
    app.finish().await;
}

#[tokio::test]
async fn lists_say_in_a_word_what_viewers_get() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    publish(world, "news.html", "old");
    cached(world, "/news.html").await;
    set_checks(world, &CheckSettings { enabled: false, ..CheckSettings::default() }).await;
    let off = invalidate_and_check(world, "/news.html", || {}).await;
    assert_eq!(last_step(&show(&ada, &off).await), "Checked off for this distribution");
    set_checks(world, &CheckSettings::default()).await;
    cached(world, "/news.html").await;
    invalidate_and_check(world, "/news.html", || {}).await;
    invalidate_and_check(world, "/news.html", || publish(world, "news.html", "new")).await;
    world.request("/news.html").await;
    world.check().await;
    for (address, column) in [("/", "#recent td:nth-child(6)"), (SITE, "#live .panel td:nth-child(5)")] {
        let page = ada.get(address).await;
        assert_eq!(page.texts(column), ["Checking", "Fresh", "Unchanged", ""], "{address}");
    }
    let states = ada.get("/").await.attributes("#recent td:nth-child(6) .status", "data-state");
    assert_eq!(states, ["pending", "fresh", "unchanged"]);
    app.finish().await;
}

#[tokio::test]
async fn a_distribution_is_checked_now_without_an_invalidation() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    publish(world, "news.html", "text");
    set_checks(world, &CheckSettings { urls: vec!["/news.html".to_owned()], ..CheckSettings::default() })
        .await;
    world.check().await;
    let page = ada.get(SITE).await;
    assert!(page.text("#checks dl").contains("/news.html"));
    assert!(!page.has("#checks table") && !page.has(&format!("a[href='{SETTINGS}']")));
    let form = page.form("#checks form");
    ada.press(&form).await.assert_status(303);
    let page = ada.get(SITE).await;
    assert!(page.has("#checks .status[data-state=pending]") && !page.has("#checks form"), "it looks already");
    world.check().await;
    let page = ada.get(SITE).await;
    assert!(!page.has("#checks .status[data-state=pending]") && page.has("#checks form"));
    assert!(page.attributes("#checks td a", "href").iter().any(|link| link.ends_with("/news.html")));
    assert_eq!(page.texts("#checks th"), ["URL", "Now", "Verdict"]);
    let vera = app.viewer().await;
    assert!(!vera.get(SITE).await.has("#checks form"));
    vera.post(&form.action, &[]).await.assert_status(403);
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_sets_what_is_looked_at() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    assert!(root.get(SITE).await.has(&format!("#checks a[href='{SETTINGS}']")));
    let form = root.get(SETTINGS).await.form("#check-settings");
    let filled = form
        .with("urls", "/a\r\n\r\n/b\r\n")
        .with("headers", "X-Preview: yes\r\nAccept-Language:de")
        .with("must_contain", "build 7")
        .with("ask_origin", "yes")
        .with("compressed", "yes")
        .with("edge_locations", "fra50-c1, NRT20-P2 ");
    let before = app.world.head().await;
    assert_eq!(root.press(&filled).await.leads_to(), Some(format!("{SITE}?saved=yes")));
    assert_eq!(app.world.events_after(before).await, ["check.settings_changed"]);
    let page = root.get(SETTINGS).await;
    let form = page.form("#check-settings");
    assert_eq!(form.value("urls").trim(), "/a\n/b");
    assert_eq!(form.value("headers").trim(), "X-Preview: yes\nAccept-Language: de");
    assert_eq!(form.value("edge_locations"), "FRA50-C1, NRT20-P2");
    assert!(
        page.has("#checks-enabled[checked]")
            && page.has("#checks-origin[checked]")
            && page.has("#checks-compressed[checked]")
    );
    let facts = app.operator().await.get(SITE).await;
    let facts = facts.text("#checks dl");
    for told in [
        "/a, /b",
        "X-Preview, Accept-Language",
        "Must contain build 7",
        "Origin asked too",
        "Edge locations FRA50-C1, NRT20-P2",
    ] {
        assert!(facts.contains(told), "{facts}");
    }
    assert!(!facts.contains("yes"), "only the names of headers are shown: {facts}");

    // A box that is not ticked is not in the form.
    root.post(SETTINGS, &[("host", "")]).await.assert_status(303);
    assert!(!root.get(SETTINGS).await.has("#checks-enabled[checked]"));
    let facts = root.get(SITE).await.text("#checks dl");
    assert!(facts.starts_with("Looks off"), "{facts}");
    let event = app.world.history().await.pop().unwrap().event;
    assert_eq!((event.action, event.new.as_str()), (Action::CheckSettingsChanged, "off"));
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_setting_comes_back_as_it_was_typed_with_the_message_at_its_field() {
    let app = TestApp::new().await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let form = root.get(SETTINGS).await.form("#check-settings").with("must_contain", "kept as typed");
    let long = "x".repeat(1_001);
    for (field, input, value, words) in [
        ("host", "#checks-host", "www.example.org", "is not a host that this distribution serves"),
        ("urls", "#checks-urls", "news.html", "Write a path that begins with /"),
        ("urls", "#checks-urls", &"/a\n".repeat(21), "At most 20 URLs"),
        ("headers", "#checks-headers", "X-Preview", "has no colon"),
        ("headers", "#checks-headers", "Authorization: x", "may contain a secret"),
        ("must_not_contain", "#checks-must-not", &long, "longer than 1000 bytes"),
        ("cors_origin", "#checks-cors", "https://app.example.com/a", "is not an origin"),
        (
            "edge_locations",
            "#checks-locations",
            "FRA50-C1 Paris",
            "Paris is not the name of an edge location",
        ),
        ("api_1_url", "#api-1-url", "http://api.example.com/", "is not the address of an API"),
    ] {
        let before = app.world.head().await;
        let page = root.press(&form.clone().with(field, value)).await;
        page.assert_status(422);
        assert!(page.text(&format!("{input}-error")).contains(words), "{field}: {}", page.body);
        assert!(page.has(&format!("{input}[aria-invalid]")) && page.count("[aria-invalid]") == 1, "{field}");
        let back = page.form("#check-settings");
        assert_eq!(back.value(field).trim(), value.trim());
        assert_eq!(back.value("must_contain"), "kept as typed");
        assert_eq!(app.world.events_after(before).await, ["act.refused"], "{field}");
    }
    let nothing = root.get("/distributions/E0000000000000/checks").await;
    nothing.assert_status(404);
    let narrowed = app.narrowed("nora@example.com", Role::Operator, &[SHOP], "/").await;
    narrowed.post(&format!("{SITE}/check"), &[]).await.assert_status(404);
    assert!(!app.operator().await.get(SITE).await.body.contains("kept as typed"));
    assert_eq!(app.world.distribution(WORKSHOP).await.id.as_str(), WORKSHOP);
    app.finish().await;
}

#[tokio::test]
async fn an_api_is_set_without_a_script_and_its_key_is_never_shown() {
    let mut world = World::new().await;
    world.keep_secrets(1);
    let app = TestApp::over(world, options()).await;
    let root = app.signed_in("root@example.com", Role::Admin).await;
    let form = root.get(SETTINGS).await.form("#check-settings");
    let url = "https://abc123.execute-api.us-east-1.amazonaws.com/prod/students";
    let filled = form
        .with("headers", "Authorization: Basic gT5key")
        .with("api_1_url", url)
        .with("api_1_method", "GET")
        .with("api_1_headers", "x-api-key: gT5key\r\nAccept: text/csv");
    // What cannot be read comes back at its field, and the history does not repeat it.
    let wrong = root.press(&filled.clone().with("api_1_headers", "x-api-key gT5key")).await;
    wrong.assert_status(422);
    assert!(wrong.text("#api-1-headers-error").contains("Line 1 has no colon"), "{}", wrong.body);
    assert_eq!(root.press(&filled).await.leads_to(), Some(format!("{SITE}?saved=yes")));

    let page = root.get(SETTINGS).await;
    assert!(!page.body.contains("gT5key"), "{}", page.body);
    let form = page.form("#check-settings");
    assert_eq!((form.value("headers").trim(), form.value("api_1_url")), ("Authorization:", url));
    assert_eq!(form.value("api_1_headers").trim(), "Accept: text/csv\nx-api-key:");
    assert_eq!((page.count("fieldset.api"), form.value("api_2_url")), (2, ""));
    page.assert_says("Stored now: x-api-key");
    // Saved as it stands, it keeps the key.
    root.press(&form).await.assert_status(303);
    root.get(SETTINGS).await.assert_says("Stored now: x-api-key");
    let facts = root.get(SITE).await.text("#checks dl");
    assert!(facts.contains(&format!("API GET {url} with Accept, x-api-key")), "{facts}");
    let history = format!("{:?}", app.world.history().await);
    assert!(history.contains("x-api-key") && !history.contains("gT5key"), "{history}");
    root.press(&form.with("api_1_url", "")).await.assert_status(303);
    assert_eq!(root.get(SETTINGS).await.count("fieldset.api"), 1);
    app.finish().await;
}

#[tokio::test]
async fn edge_locations_are_places_or_named_as_not_counted() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    let edge_locations = ["FRA50-C1", "NRT20-P2", "XXX99-X9"].map(|name| EdgeLocation::parse(name).unwrap());
    set_checks(world, &CheckSettings { edge_locations: edge_locations.to_vec(), ..CheckSettings::default() })
        .await;
    for path in ["news.html", "other.html"] {
        publish(world, path, "old");
        cached(world, &format!("/{path}")).await;
    }
    let silent = EdgeRule::new("/other.html", EdgeAnswer::Close).host("d12345678.nrt20-p2.cloudfront.net");
    world.sandbox.set_edge_rules(vec![silent]);
    let id = invalidate_and_check(world, "/news.html\n/other.html", || {
        publish(world, "news.html", "new");
        publish(world, "other.html", "new");
    })
    .await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked all 2 fresh");
    page.assert_says("fresh in 3 of 3 places").assert_says("fresh in 2 of 2 places");
    let first = page.texts("#checks .places:not(.silent) li").drain(..3).collect::<Vec<_>>();
    assert!(first[0].starts_with("this server SBX50-P1 Fresh"), "{first:?}");
    assert!(first[1].starts_with("FRA50-C1 Fresh") && first[2].starts_with("NRT20-P2 Fresh"), "{first:?}");
    let silent = page.texts("#checks .silent li");
    assert_eq!(
        silent,
        [
            "XXX99-X9 is not counted: SBX50-P1 answered in its place",
            "NRT20-P2 gave no answer of its own at one URL: connection reset, or no HTTP",
        ]
    );
    app.finish().await;
}

#[tokio::test]
async fn the_api_behind_the_site_stands_below_its_urls() {
    let app = TestApp::new().await;
    let (world, ada) = (&app.world, app.operator().await);
    publish(world, "news.html", "text");
    cached(world, "/news.html").await;
    let url = "https://api.example.com/students".to_owned();
    let api = ApiCheck { url, method: ApiMethod::Get, headers: LookHeaders::default() };
    set_checks(world, &CheckSettings { apis: vec![api], ..CheckSettings::default() }).await;
    let rule = EdgeRule::new("/students", EdgeAnswer::Origin).header("access-control-allow-origin", "*");
    let mut workshop = world.sandbox.distributions().remove(0);
    workshop.id = "E9APIPLAYEDHERE".to_owned();
    workshop.domain = "d9apiplayed.cloudfront.net".to_owned();
    workshop.origin_domain = Some("api.example.com".to_owned());
    workshop.aliases.clear();
    world.sandbox.add_distribution(workshop).unwrap();
    world.sandbox.set_edge_rules(vec![rule.clone().host("api.example.com").body("[]")]);
    let id = invalidate_and_check(world, "/news.html", || {}).await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked unchanged; API answers");
    assert_eq!(page.text("#checks tbody.apis th"), "API behind the site");
    assert_eq!(verdicts(&page), ["unchanged", "answers"]);
    assert_eq!(page.text("#checks tbody.apis .verdict"), "Answers");

    world.sandbox.set_edge_rules(vec![rule.host("api.example.com").status(500)]);
    let id = invalidate_and_check(world, "/news.html", || {}).await;
    let page = show(&ada, &id).await;
    assert_eq!(last_step(&page), "Checked unchanged; API: broken");
    assert_eq!(verdicts(&page), ["unchanged", "broken"]);
    let verdict = page.text("#checks tbody.apis .verdict");
    assert!(verdict.starts_with("Broken The API answered with an error of its own."), "{verdict}");
    app.finish().await;
}

#[tokio::test]
async fn where_unstale_makes_no_looks_nobody_is_offered_one() {
    let options = HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, options).await;
    let ada = app.operator().await;
    let page = ada.get(SITE).await;
    page.assert_says("off (UNSTALE_CHECKS=off)");
    assert!(!page.has("form[action$='/check']"));
    let refused = ada.post(&format!("{SITE}/check"), &[]).await;
    refused.assert_status(409).assert_says("UNSTALE_CHECKS=off");
    assert_eq!(app.world.database.raw().await.number("SELECT count(*) FROM check_run").await, 0);
    let id = app.world.request("/news.html").await;
    assert_eq!(last_step(&show(&ada, &id).await), "Checked off (UNSTALE_CHECKS=off)");
    app.finish().await;
}
