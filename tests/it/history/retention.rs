//! Retention: what is dropped was exported first, and what is left still verifies.

use std::time::Duration;

use unstale::{
    clock::Clock,
    domain::audit::verify::Walk,
    store::audit,
    workers::{
        AuditSettings, AuditWorker, Check, Indexer, InsightsCounter, Next, Retention, TrustedHeads,
        VerificationStep,
    },
};

use super::given::{fill, key};
use crate::support::{Database, Engine, TestApp, World, at, seconds};

const DAY: u64 = 86_400;

fn audit_worker(world: &World, folder: &std::path::Path, days: u32) -> AuditWorker {
    let retention = Some(Retention { days, folder: folder.to_owned() });
    let audit_settings = AuditSettings { retention, ..AuditSettings::with(key()) };
    AuditWorker::new(world.database.db.clone(), world.clock.clone(), audit_settings)
}

async fn rest(world: &World, audit_worker: &AuditWorker) {
    for _ in 0..1_000 {
        if audit_worker.tick().await.unwrap() == Next::Idle {
            return;
        }
        world.advance(Duration::from_millis(20));
    }
    panic!("the audit worker never comes to rest");
}

async fn first(world: &World) -> i64 {
    world.database.get(async |conn| audit::first_sequence(conn).await).await
}

#[tokio::test]
async fn old_events_are_exported_then_dropped_and_the_rest_verifies() {
    let app = TestApp::new().await;
    let world = &app.world;
    let folder = tempfile::tempdir().unwrap();
    for n in 0..1_100 {
        world.request(&format!("/{n}")).await;
    }
    let audit_worker = audit_worker(world, folder.path(), 400);
    rest(world, &audit_worker).await;
    let end = world.head().await;
    world.advance(seconds(399 * DAY));
    world.request("/later").await;
    rest(world, &audit_worker).await;
    assert_eq!(first(world).await, 1, "nothing is 400 days old yet");
    world.advance(seconds(2 * DAY));
    let indexer = Indexer::new(world.database.db.clone(), world.clock.clone());
    while indexer.tick().await.unwrap() == Next::Again {}
    rest(world, &audit_worker).await;
    assert_eq!(first(world).await, 1, "they are not in the sums of the insights yet");
    let counter = InsightsCounter::new(world.database.db.clone(), world.clock.clone());
    while counter.tick().await.unwrap() == Next::Again {}
    // A check of the command line is in the middle of the old events.
    let known = TrustedHeads { keys: vec![key().public()], ..TrustedHeads::default() };
    let mut beside = Check::begin(&world.database.db, &known).await.unwrap();
    assert_eq!(beside.step(&world.database.db, 100).await.unwrap(), VerificationStep::More);
    rest(world, &audit_worker).await;
    assert_eq!(first(world).await, end + 1);
    while beside.step(&world.database.db, 100).await.unwrap() == VerificationStep::More {}
    assert_eq!(beside.walk().last().sequence, world.head().await);
    let mut raw = world.database.raw().await;
    for index in ["SELECT min(sequence) FROM audit_item", "SELECT min(rowid) FROM audit_words"] {
        assert_eq!(raw.number(index).await, end + 1, "{index}");
    }
    assert_eq!(world.events_after(end).await.last(), Some(&"history.segment_dropped"));

    let file = std::fs::read_to_string(folder.path().join(format!("unstale-history-1-{end}.jsonl"))).unwrap();
    let mut walk = Walk::default();
    for line in file.split_terminator('\n') {
        walk.take_line(line).unwrap();
    }
    assert_eq!(walk.last().sequence, end);
    let db = &world.database.db;
    let mut check = Check::begin(db, &TrustedHeads { keys: vec![key().public()], ..TrustedHeads::default() })
        .await
        .unwrap();
    while check.step(db, 100).await.unwrap() == VerificationStep::More {}
    assert_eq!(check.walk().last().sequence, world.head().await);

    let ada = app.operator().await;
    ada.get("/history").await.assert_status(200);
    ada.get("/history?q=%2F7").await.assert_status(200);
    ada.get("/history/1").await.assert_status(404);
    let oldest = ada.get(&format!("/history/{}", end + 1)).await;
    assert!(!oldest.has(&format!("a[href='/history/{end}']")), "no link to what is gone");
    // The world's own look at the whole chain begins at the first event, which is gone on purpose.
    std::mem::forget(app);
}

#[tokio::test]
async fn what_was_changed_since_the_last_check_is_not_dropped() {
    let database = Database::new(Engine::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    fill(&database.db, 4_500).await;
    let clock = Clock::manual(at(500 * DAY));
    let retention = Some(Retention { days: 400, folder: folder.path().to_owned() });
    let audit_worker = AuditWorker::new(
        database.db.clone(),
        clock.clone(),
        AuditSettings { retention, ..AuditSettings::with(key()) },
    );
    let mut next = audit_worker.tick().await.unwrap();
    while std::fs::read_dir(folder.path()).unwrap().count() == 0 {
        assert_ne!(next, Next::Idle, "it begins to export");
        next = audit_worker.tick().await.unwrap();
    }
    let mut raw = database.raw().await;
    raw.let_events_change().await;
    raw.forge(4_400, "\"note\":\"", "\"note\":\"forged").await;
    while next != Next::Idle {
        next = audit_worker.tick().await.unwrap();
        clock.advance(Duration::from_millis(20));
    }
    let (first, kept, checked) = database
        .get(async |conn| {
            let (first, kept) = (audit::first_sequence(conn).await?, audit::segments(conn).await?);
            Ok((first, kept.len(), audit::check_state(conn).await?))
        })
        .await;
    assert_eq!((first, kept, checked.broken_at), (1, 0, Some(4_400)));
    database.remove().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_drops_nothing() {
    let world = World::new().await;
    for n in 0..1_100 {
        world.request(&format!("/{n}")).await;
    }
    let audit_worker = audit_worker(&world, std::path::Path::new("/proc/no-such-folder"), 400);
    rest(&world, &audit_worker).await;
    world.advance(seconds(500 * DAY));
    rest(&world, &audit_worker).await;
    assert_eq!(first(&world).await, 1);
    world.finish().await;
}

#[tokio::test]
async fn fewer_than_400_days_are_400() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    for n in 0..1_100 {
        world.request(&format!("/{n}")).await;
    }
    let audit_worker = audit_worker(&world, folder.path(), 1);
    rest(&world, &audit_worker).await;
    world.advance(seconds(398 * DAY));
    rest(&world, &audit_worker).await;
    assert_eq!(first(&world).await, 1);
    world.finish().await;
}
