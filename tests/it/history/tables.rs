//! What pages present as history stands in tables too: a change there is found, named, and shown for nothing else.

use std::time::Duration;

use unstale::{
    clock::Clock,
    domain::{
        audit::head::HeadKey,
        distributions::protection::{Guard, Protection},
        id::InvalidationId,
        invalidations::item::Item,
    },
    store::{audit, distributions::protections},
    workers::{AuditSettings, AuditWorker, CheckError, Facts, Indexer, Next, VerificationStep},
};

use crate::support::{Database, Engine, Place, TestApp, WORKSHOP, World, lines, page_of};

/// Holds the tables against the events; gives the first bad event and what is said of it.
async fn compare(database: &Database) -> Result<u64, (i64, String)> {
    let last = database.get(async |conn| audit::head(conn).await).await;
    let mut facts = Facts::begin(&database.db, last).await.unwrap();
    loop {
        match facts.step(&database.db, 7, crate::support::START).await {
            Ok(VerificationStep::More) => {}
            Ok(VerificationStep::End) => return Ok(facts.compared()),
            Err(CheckError::Broken(broken)) => return Err((broken.sequence, broken.flaw.to_string())),
            Err(other) => panic!("{other}"),
        }
    }
}

/// A long request that has completed, one of the console, one that was cancelled, and two for approval.
async fn lived() -> (TestApp, InvalidationId) {
    let app = TestApp::new().await;
    let world = &app.world;
    let long = world.request(&lines(150, |n| format!("/long/{n:03}"))).await;
    world.live(60).await;
    assert_eq!(world.state(&long).await, "completed");
    world.console(&world.distribution(WORKSHOP).await.id, "from-the-console", &["/b", "/a"]).await;
    world.live(180).await;
    let late = world.request("/late").await;
    unstale::commands::cancel_invalidation(&world.command_context, &crate::support::acting(), &late)
        .await
        .unwrap();
    let protection = Protection {
        guard: Guard::SecondPerson,
        wide_above: Some(1),
        ..Protection::none(world.distribution(WORKSHOP).await.id)
    };
    world.database.write(async |tx| protections::set(tx, &protection).await).await;
    for path in ["/one/*\n/one", "/two/*\n/two"] {
        let new = world.new_invalidation(WORKSHOP, path).await;
        unstale::commands::request_invalidation(&world.command_context, &crate::support::acting(), &new)
            .await
            .unwrap();
    }
    (app, long)
}

/// The content of an SQLite database that nobody writes.
async fn content(world: &World) -> Vec<u8> {
    let Place::Sqlite(_) = &world.database.place else { panic!("not a file") };
    let file = world.database.place.address().trim_start_matches("sqlite://").to_owned();
    world.database.raw().await.run("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    std::fs::read(file).unwrap()
}

#[tokio::test]
async fn each_change_of_what_pages_present_as_history_is_found_and_named() {
    let (app, _) = lived().await;
    assert!(compare(&app.world.database).await.unwrap() >= 5);
    let bytes = content(&app.world).await;
    app.finish().await;
    let own = "invalidation_id = (SELECT id FROM invalidation WHERE item_count = 150)";
    for (harm, says) in [
        (format!("UPDATE batch SET items = '[\"/harmless\"]' WHERE {own}"), "the items of the invalidation"),
        (format!("UPDATE batch SET items = json_remove(items, '$[149]') WHERE {own}"), "the items"),
        (format!("DELETE FROM batch WHERE {own}"), "the items of the invalidation"),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM batch; DELETE FROM invalidation".to_owned(),
            "the invalidation that it states is not in the database",
        ),
        ("UPDATE invalidation SET reason = 'none' WHERE item_count = 150".to_owned(), "the reason"),
        ("UPDATE invalidation SET actor_name = 'eve' WHERE item_count = 150".to_owned(), "the person or token"),
        ("UPDATE invalidation SET requested_at = requested_at - 1".to_owned(), "the time"),
        ("UPDATE invalidation SET item_count = 3 WHERE item_count = 150".to_owned(), "the number of items"),
        ("UPDATE invalidation SET state = 'failed' WHERE item_count = 150".to_owned(), "the state"),
        ("UPDATE invalidation SET ended_at = ended_at + 1 WHERE item_count = 150".to_owned(), "to have ended"),
        (format!("UPDATE batch SET cloudfront_id = 'I0' WHERE {own}"), "CloudFront's ID of batch 1"),
        (format!("UPDATE batch SET accepted_at = accepted_at + 1 WHERE {own}"), "was accepted"),
        (format!("UPDATE batch SET completed_at = completed_at + 1 WHERE {own}"), "batch 1 completed"),
        (format!("UPDATE batch SET cut_into = 7 WHERE {own}"), "batch 1 was cut in two"),
        (
            format!("UPDATE batch SET state = 'merged', merged_into = id WHERE {own}"),
            "whether batch 1 was sent together with others",
        ),
        (format!("UPDATE batch SET caller_reference = 'other' WHERE {own}"), "the caller reference"),
        (format!("UPDATE batch SET state = 'in_progress', completed_at = NULL WHERE {own}"), "completed"),
        (
            "UPDATE batch SET state = 'lost' WHERE state = 'cancelled'".to_owned(),
            "no event states that batch 1 is lost",
        ),
        (
            "UPDATE batch SET items = '[\"/a\"]' WHERE caller_reference = 'from-the-console'".to_owned(),
            "the items",
        ),
        (
            "INSERT INTO invalidation (id, distribution_id, actor_kind, actor_id, actor_name, reason, requested_at,
                 item_count, first_item, items_sha256, state)
             SELECT 'false', distribution_id, actor_kind, actor_id, 'bob', reason, requested_at, item_count,
                 first_item, items_sha256, state FROM invalidation WHERE item_count = 150"
                .to_owned(),
            "the invalidation false is in the database",
        ),
        ("UPDATE proposal SET items = '[\"/x\"]'".to_owned(), "the list of items of the request for approval"),
        ("UPDATE proposal SET reason = 'x'".to_owned(), "the reason of the request for approval"),
 (format!("UPDATE batch SET items = 'xx' WHERE {own}"), "the items of the invalidation"),
        ("UPDATE proposal SET items = 'xx'".to_owned(), "cannot be read in the database any more"),
        (
            "UPDATE invalidation SET actor_kind = 'x' WHERE item_count = 150".to_owned(),
            "cannot be read in the database any more",
        ),
        ("UPDATE invalidation SET ended_at = NULL WHERE item_count = 150".to_owned(), "when it ended"),
        (
            format!(
                "UPDATE batch SET distribution_id = (SELECT max(id) FROM distribution WHERE id NOT IN (SELECT \
                 distribution_id FROM batch)) WHERE {own}"
            ),
            "the distribution of batch 1",
        ),
        (
            "INSERT INTO proposal (id, request_key, distribution_id, actor_kind, actor_id, actor_name, behind, reason,
                 items, items_sha256, first_item, asked_at, expires_at, state)
             SELECT 'false', 'false', distribution_id, actor_kind, actor_id, actor_name, behind, reason, items,
                 items_sha256, first_item, asked_at, expires_at, state FROM proposal LIMIT 1"
                .to_owned(),
            "the request for approval false is in the database",
        ),
        ("DELETE FROM proposal".to_owned(), "the request for approval that it states is not in the database"),
        (
            "UPDATE proposal SET state = 'declined', decided_kind = 'person', decided_id = 'p', decided_name = 'p',
                 decided_at = 1"
                .to_owned(),
            "no event states what was decided",
        ),
    ] {
        let database = Database::copied(&bytes).await;
        database.raw().await.run(&harm).await.unwrap_or_else(|error| panic!("{harm}: {error}"));
        let (sequence, said) = compare(&database).await.expect_err(&harm);
        assert!(said.contains(says) && sequence > 0, "{harm}: event {sequence}: {said}");
        database.remove().await;
    }
}

#[tokio::test]
async fn a_list_that_was_changed_is_not_shown_or_indexed_as_history() {
    let (app, long) = lived().await;
    let (world, ada) = (&app.world, app.operator().await);
    let event = world.database.get(async |conn| audit::of_invalidation(conn, &long, 1).await).await.remove(0);
    ada.get(&page_of(&long)).await.assert_silent_about("iffers from the history");
    let mut raw = world.database.raw().await;
    let kept =
        raw.texts(&format!("SELECT items FROM batch WHERE invalidation_id = '{long}'")).await.remove(0);
    raw.run(&format!("UPDATE batch SET items = '[\"/harmless\"]' WHERE invalidation_id = '{long}'"))
        .await
        .unwrap();

    let page = ada.get(&page_of(&long)).await;
    page.assert_status(200).assert_says("This page differs from the history.");
    assert!(page.has(&format!("[role=alert] a[href='/history/{}']", event.sequence)));
    let page = ada.get(&format!("/history/{}", event.sequence)).await;
    page.assert_says("the list is not in the database any more as it was recorded");
    let listed = world.database.get(async |conn| audit::items_of(conn, &event.event).await).await;
    assert_eq!(listed, [] as [Item; 0]);
    let indexer = Indexer::new(world.database.db.clone(), Clock::manual(world.now()));
    while indexer.tick().await.unwrap() == Next::Again {}
    let keys = format!("SELECT count(*) FROM audit_item WHERE sequence = {}", event.sequence);
    assert_eq!(raw.number(&keys).await, 0, "the index knows nothing false");

    // The service's own check says so too, and signs nothing.
    let clock = Clock::manual(world.now());
    let audit_worker = AuditWorker::new(
        world.database.db.clone(),
        clock.clone(),
        AuditSettings::with(HeadKey::from_random([9; 32])),
    );
    for _ in 0..20 {
        audit_worker.tick().await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let checked = world.database.get(async |conn| audit::check_state(conn).await).await;
    assert_eq!(checked.broken_at, Some(event.sequence));
    assert!(checked.problem.contains("the items of the invalidation"), "{}", checked.problem);
    ada.get("/history").await.assert_says("the items of the invalidation are not those that it states");
    raw.run(&format!("UPDATE batch SET items = '{kept}' WHERE invalidation_id = '{long}'")).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn a_list_that_cannot_be_read_stops_nothing_else_and_the_check_says_so() {
    let (app, long) = lived().await;
    let (world, ada) = (&app.world, app.operator().await);
    let event = world.database.get(async |conn| audit::of_invalidation(conn, &long, 1).await).await.remove(0);
    let mut raw = world.database.raw().await;
    let batches = format!("FROM batch WHERE invalidation_id = '{long}'");
    let kept = raw.texts(&format!("SELECT items {batches}")).await.remove(0);
    raw.run(&format!("UPDATE batch SET items = 'xx' WHERE invalidation_id = '{long}'")).await.unwrap();
    ada.get(&page_of(&long)).await.assert_status(200).assert_says("This page differs from the history.");
    ada.get("/").await.assert_status(200);
    ada.get(&format!("/?repeat={long}")).await.assert_says("Its items were not filled in");
    let clock = Clock::manual(world.now());
    let audit_worker = AuditWorker::new(
        world.database.db.clone(),
        clock.clone(),
        AuditSettings::with(HeadKey::from_random([9; 32])),
    );
    for _ in 0..20 {
        audit_worker.tick().await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let checked = world.database.get(async |conn| audit::check_state(conn).await).await;
    assert_eq!(checked.broken_at, Some(event.sequence), "{}", checked.problem);
    raw.run(&format!("UPDATE batch SET items = '{kept}' WHERE invalidation_id = '{long}'")).await.unwrap();
    app.finish().await;
}

#[tokio::test]
async fn without_the_note_of_the_last_event_the_history_is_said_to_be_broken() {
    let (app, _) = lived().await;
    let bytes = content(&app.world).await;
    app.finish().await;
    let database = Database::copied(&bytes).await;
    database.raw().await.run("DELETE FROM audit_head").await.unwrap();
    let now = crate::support::START;
    let audit_worker = AuditWorker::new(
        database.db.clone(),
        Clock::manual(now),
        AuditSettings::with(HeadKey::from_random([9; 32])),
    );
    for _ in 0..20 {
        audit_worker.tick().await.unwrap();
    }
    let checked = database.get(async |conn| audit::check_state(conn).await).await;
    assert!(checked.broken_at.is_some(), "{checked:?}");
    database.remove().await;
}

#[tokio::test]
async fn what_was_changed_is_not_listed_repeated_or_approved() {
    let (app, long) = lived().await;
    let (world, ada, eve) = (&app.world, app.operator().await, app.admin().await);
    for page in ["/", "/approvals", &format!("/distributions/{WORKSHOP}")] {
        eve.get(page).await.assert_silent_about("iffers from the history");
    }
    let mut raw = world.database.raw().await;
    let waiting = raw.texts("SELECT id FROM proposal WHERE first_item = '/one/*'").await.remove(0);
    raw.run(&format!("UPDATE proposal SET items = '[\"/*\"]' WHERE id = '{waiting}'")).await.unwrap();
    raw.run(&format!("UPDATE invalidation SET reason = 'nothing' WHERE id = '{long}'")).await.unwrap();

    ada.get("/").await.assert_says("Differs from the history");
    ada.get(&format!("/?repeat={long}")).await.assert_says("Its items were not filled in");
    let page = eve.get("/approvals").await;
    page.assert_says("It cannot be approved");
    assert!(!page.has(&format!("#proposal-{waiting} [action$='/approve']")));
    let refused = eve.post(&format!("/approvals/{waiting}/approve"), &[("word", "")]).await;
    refused.assert_says("the request is not what the history recorded when it was made");
    assert_eq!(raw.number("SELECT count(*) FROM proposal WHERE state = 'approved'").await, 0);
    world.is_edited();
    app.finish().await;
}

#[tokio::test]
async fn what_was_dropped_after_its_time_is_no_false_alarm() {
    let database = Database::new(Engine::Sqlite).await;
    super::given::fill(&database.db, 30).await;
    assert_eq!(compare(&database).await, Ok(30));
    let mut raw = database.raw().await;
    raw.run("DROP TRIGGER audit_event_is_not_deleted; DELETE FROM audit_event WHERE sequence <= 10")
        .await
        .unwrap();
    assert_eq!(compare(&database).await, Ok(20));
    database.remove().await;
}
