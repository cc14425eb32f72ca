//! The audit worker: checks what is new and once a day everything, signs at most hourly, and tells of it in a file.

use std::path::Path;

use unstale::{
    domain::audit::{
        head::{HeadKey, PublicKey, SignedHead},
        search::{AuditQuery, What},
    },
    store::audit::{self, CheckState},
    workers::{AuditSettings, AuditWorker, Indexer, Next, open_key},
};

use super::given::key;
use crate::support::{World, seconds};

fn audit_worker(world: &World, heads: Option<&Path>) -> AuditWorker {
    let audit_settings = AuditSettings { heads: heads.map(Path::to_owned), ..AuditSettings::with(key()) };
    AuditWorker::new(world.database.db.clone(), world.clock.clone(), audit_settings)
}

/// Ticks until there is nothing more to do now.
async fn rest(world: &World, audit_worker: &AuditWorker) {
    for _ in 0..1_000 {
        if audit_worker.tick().await.unwrap() == Next::Idle {
            return;
        }
        world.advance(std::time::Duration::from_millis(20));
    }
    panic!("the audit worker never comes to rest");
}

async fn heads(world: &World) -> Vec<SignedHead> {
    world.database.get(async |conn| audit::signed_heads(conn, 0, 99).await).await
}

async fn checked(world: &World) -> CheckState {
    world.database.get(async |conn| audit::check_state(conn).await).await
}

#[tokio::test]
async fn a_head_is_signed_at_most_hourly_and_only_when_something_happened() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    let audit_worker = audit_worker(&world, Some(&file));
    world.request("/a").await;
    rest(&world, &audit_worker).await;
    let first = heads(&world).await;
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].head.sequence, world.head().await);
    assert_eq!(first[0].check(&[key().public()]), Ok(()));
    world.request("/b").await;
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), 1, "within the hour");
    world.advance(seconds(3_600));
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), 2);
    world.advance(seconds(7_200));
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), 2, "nothing happened");
    let lines = std::fs::read_to_string(&file).unwrap();
    let told: Vec<_> = lines.lines().map(|line| SignedHead::parse(line).unwrap()).collect();
    assert_eq!(told, heads(&world).await);
    world.finish().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_written_gets_everything_later() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("later").join("heads.jsonl");
    let audit_worker = audit_worker(&world, Some(&file));
    world.request("/a").await;
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), 1, "it is signed all the same");
    assert!(!checked(&world).await.file_problem.is_empty(), "the page can say so");
    std::fs::create_dir(folder.path().join("later")).unwrap();
    world.advance(seconds(61));
    rest(&world, &audit_worker).await;
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    assert_eq!(checked(&world).await.file_problem, "");
    world.finish().await;
}

#[tokio::test]
async fn what_is_new_and_the_whole_chain_are_checked_and_it_is_noted() {
    let world = World::new().await;
    let audit_worker = audit_worker(&world, None);
    for n in 0..1_200 {
        world.request(&format!("/{n}")).await;
    }
    rest(&world, &audit_worker).await;
    let first = checked(&world).await;
    assert_eq!((first.sequence, first.broken_at), (world.head().await, None));
    assert!(first.whole_at.is_some());
    world.request("/new").await;
    world.advance(seconds(120));
    rest(&world, &audit_worker).await;
    let second = checked(&world).await;
    assert_eq!(second.sequence, world.head().await);
    assert_eq!(second.whole_at, first.whole_at, "the whole is checked once a day");
    world.advance(seconds(86_400));
    rest(&world, &audit_worker).await;
    assert!(checked(&world).await.whole_at > first.whole_at);
    world.finish().await;
}

#[tokio::test]
async fn a_broken_chain_is_told_and_gets_no_signature() {
    let world = World::new().await;
    let audit_worker = audit_worker(&world, None);
    world.request("/a").await;
    rest(&world, &audit_worker).await;
    let mut raw = world.database.raw().await;
    raw.let_events_change().await;
    let old = raw.forge(2, "\"note\":\"", "\"note\":\"forged").await;
    world.request("/b").await;
    world.advance(seconds(86_401));
    rest(&world, &audit_worker).await;
    let found = checked(&world).await;
    assert_eq!(found.broken_at, Some(2));
    assert!(found.problem.contains("it was changed"), "{}", found.problem);
    let signed = heads(&world).await.len();
    world.request("/c").await;
    world.advance(seconds(7_200));
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), signed, "a broken chain is not signed");
    // Put right, it is found intact by the next check of the whole.
    raw.set_form(2, &old).await;
    world.advance(seconds(86_401));
    rest(&world, &audit_worker).await;
    assert_eq!(checked(&world).await.broken_at, None);
    world.finish().await;
}

#[tokio::test]
async fn after_a_restart_it_begins_behind_its_own_signature() {
    let world = World::new().await;
    world.request("/a").await;
    rest(&world, &audit_worker(&world, None)).await;
    let mut raw = world.database.raw().await;
    raw.let_events_change().await;
    world.request("/b").await;
    let head = world.head().await;
    let old = raw.forge(head, "\"reason\":\"", "\"reason\":\"forged").await;
    rest(&world, &audit_worker(&world, None)).await;
    assert_eq!(checked(&world).await.broken_at, Some(head), "without waiting for the whole check");
    raw.set_form(head, &old).await;
    world.finish().await;
}

#[tokio::test]
async fn a_database_that_could_not_be_asked_ends_no_check() {
    let world = World::new().await;
    let audit_worker = audit_worker(&world, None);
    world.request("/a").await;
    rest(&world, &audit_worker).await;
    let mut raw = world.database.raw().await;
    raw.run("ALTER TABLE audit_event RENAME TO away").await.unwrap();
    world.advance(seconds(86_400));
    assert!(audit_worker.tick().await.is_err());
    raw.run("ALTER TABLE away RENAME TO audit_event").await.unwrap();
    world.request("/b").await;
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), 2, "what is new is checked and signed");
    let checked = checked(&world).await;
    assert_eq!((checked.sequence, checked.whole_at), (world.head().await, Some(world.now())));
    world.finish().await;
}

#[tokio::test]
async fn a_note_of_a_check_that_nobody_made_puts_none_off() {
    let world = World::new().await;
    world.request("/a").await;
    rest(&world, &audit_worker(&world, None)).await;
    let mut raw = world.database.raw().await;
    let later = world.now().plus(seconds(999 * 86_400)).as_micros();
    raw.run(&format!("UPDATE audit_check SET whole_at = {later}, at = {later}")).await.unwrap();
    raw.let_events_change().await;
    let old = raw.forge(2, "\"note\":\"", "\"note\":\"forged").await;
    rest(&world, &audit_worker(&world, None)).await;
    assert_eq!(checked(&world).await.broken_at, Some(2));
    raw.set_form(2, &old).await;
    world.finish().await;
}

#[tokio::test]
async fn a_clock_that_was_put_back_puts_no_check_off() {
    let world = World::new().await;
    world.advance(seconds(9 * 86_400));
    let audit_worker = audit_worker(&world, None);
    world.request("/a").await;
    rest(&world, &audit_worker).await;
    world.clock.put_back(seconds(8 * 86_400));
    world.request("/b").await;
    rest(&world, &audit_worker).await;
    assert_eq!(heads(&world).await.len(), 2, "a head is signed");
    assert_eq!(checked(&world).await.sequence, world.head().await, "and it is noted");
    world.finish().await;
}

#[tokio::test]
async fn a_search_from_which_an_event_was_taken_away_is_made_anew() {
    let world = World::new().await;
    let indexer = Indexer::new(world.database.db.clone(), world.clock.clone());
    for n in 0..20 {
        world.request(&format!("/needle{n}")).await;
    }
    let indexed = async || {
        while indexer.tick().await.unwrap() != Next::Idle {
            world.advance(seconds(1));
        }
    };
    indexed().await;
    rest(&world, &audit_worker(&world, None)).await;
    assert!(!world.events_after(0).await.contains(&"history.index_mended"), "a false alarm");
    let mut raw = world.database.raw().await;
    let hits = async || {
        let about = |typed| AuditQuery { what: What::read(typed), ..AuditQuery::default() };
        let mut hits = Vec::new();
        for typed in ["/needle7", "needle7"] {
            let search = about(typed);
            let found = world.database.get(async |conn| audit::search(conn, &search, 9).await).await;
            hits.push(found.events.len());
        }
        hits
    };
    let whole = hits().await;
    let event = raw.number("SELECT sequence FROM audit_event WHERE form LIKE '%[\"/needle7\"]%'").await;
    for taken in [
        format!("DELETE FROM audit_item WHERE sequence = {event}"),
        format!("DELETE FROM audit_words WHERE rowid = {event}"),
    ] {
        raw.run(&taken).await.unwrap();
        assert_ne!(hits().await, whole, "{taken}");
        rest(&world, &audit_worker(&world, None)).await;
        indexed().await;
        assert_eq!(hits().await, whole, "{taken}");
    }
    let told = world.events_after(0).await;
    assert_eq!(told.iter().filter(|action| **action == "history.index_mended").count(), 2);
    world.finish().await;
}

/// Cuts the history off behind an event, as whoever owns the database can, and leaves a chain that fits.
async fn cut_off(world: &World, left: i64) {
    let mut raw = world.database.raw().await;
    for trigger in ["audit_event_is_not_deleted", "audit_signed_head_is_not_deleted"] {
        raw.run(&format!("DROP TRIGGER {trigger}")).await.unwrap();
    }
    raw.run(&format!(
        "DELETE FROM audit_event WHERE sequence > {left}; DELETE FROM audit_signed_head;
         UPDATE audit_head SET sequence = {left},
             hash = (SELECT hash FROM audit_event WHERE sequence = {left})"
    ))
    .await
    .unwrap();
}

#[tokio::test]
async fn the_chain_is_held_to_the_file_of_heads() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    world.request("/a").await;
    world.request("/b").await;
    let head = world.head().await;
    rest(&world, &audit_worker(&world, Some(&file))).await;
    cut_off(&world, head - 1).await;
    rest(&world, &audit_worker(&world, None)).await;
    assert_eq!(checked(&world).await.broken_at, Some(head - 1), "the table still has what was requested");
    let cut = "NOT IN (SELECT invalidation_id FROM audit_event WHERE invalidation_id IS NOT NULL)";
    let forget =
        format!("DELETE FROM batch WHERE invalidation_id {cut}; DELETE FROM invalidation WHERE id {cut}");
    world.database.raw().await.run(&forget).await.unwrap();
    rest(&world, &audit_worker(&world, None)).await;
    assert_eq!(checked(&world).await.broken_at, None, "by itself it looks sound");
    rest(&world, &audit_worker(&world, Some(&file))).await;
    let found = checked(&world).await;
    assert_eq!(found.broken_at, Some(head), "{}", found.problem);
    // The world's own look at the history would find what was done to it.
    std::mem::forget(world);
}

#[tokio::test]
async fn what_somebody_else_signed_is_not_told() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    world.request("/a").await;
    let head = world.database.get(async |conn| audit::head_link(conn).await).await;
    let other = HeadKey::from_random([1; 32]).sign(head.unwrap(), world.now());
    world.database.write(async |tx| audit::insert_signed_head(tx, &other).await).await;
    world.request("/b").await;
    world.advance(seconds(7_200));
    rest(&world, &audit_worker(&world, Some(&file))).await;
    let lines = std::fs::read_to_string(&file).unwrap();
    let told: Vec<_> = lines.lines().map(|line| SignedHead::parse(line).unwrap()).collect();
    assert_eq!((told.len(), told[0].check(&[key().public()])), (1, Ok(())), "{lines}");
    world.finish().await;
}

#[tokio::test]
async fn what_does_not_fit_its_heads_is_signed_by_nobody_after_a_restart() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("heads.jsonl");
    world.request("/a").await;
    rest(&world, &audit_worker(&world, Some(&file))).await;
    let mut raw = world.database.raw().await;
    raw.run("DROP TRIGGER audit_signed_head_is_not_updated").await.unwrap();
    let old = raw.texts("SELECT signature FROM audit_signed_head").await.remove(0);
    raw.run(&format!("UPDATE audit_signed_head SET signature = '{}'", "0".repeat(128))).await.unwrap();
    world.request("/b").await;
    world.advance(seconds(7_200));
    rest(&world, &audit_worker(&world, Some(&file))).await;
    assert_eq!(heads(&world).await.len(), 1);
    assert!(checked(&world).await.broken_at.is_some());
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 1);
    raw.run(&format!("UPDATE audit_signed_head SET signature = '{old}'")).await.unwrap();
    world.finish().await;
}

#[tokio::test]
async fn each_line_of_the_file_is_whole_whatever_was_left_there() {
    for (left, kept) in [("{\"at\":\"2026-11-", ""), ("{\"a", ""), ("somebody's note", "somebody's note\n")] {
        let world = World::new().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("heads.jsonl");
        std::fs::write(&file, format!("a line\n{left}")).unwrap();
        world.request("/a").await;
        rest(&world, &audit_worker(&world, Some(&file))).await;
        let lines = std::fs::read_to_string(&file).unwrap();
        let told = lines.strip_prefix(&format!("a line\n{kept}")).unwrap();
        assert!(SignedHead::parse(told).is_ok() && told.ends_with('\n'), "{left}: {lines}");
        world.finish().await;
    }
}

#[test]
fn the_key_is_made_once_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit-key");
    let (made, new) = open_key(&file).unwrap();
    assert!(new);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (read, new) = open_key(&file).unwrap();
    assert!(!new);
    assert_eq!(read.public(), made.public());
    assert!(PublicKey::parse(made.public().as_str()).is_ok());
    std::fs::write(&file, "not a key").unwrap();
    let refused = open_key(&file).unwrap_err().to_string();
    assert!(refused.contains("UNSTALE_AUDIT_KEY"), "{refused}");
    let refused = open_key(&folder.path().join("no/such/folder/key")).unwrap_err().to_string();
    assert!(refused.contains("UNSTALE_AUDIT_KEY"), "{refused}");
}
