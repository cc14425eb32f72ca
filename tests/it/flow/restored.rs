//! The disk is lost and the newest backup restored: what was sent since is not sent again, and what was not is sent.

use std::path::{Path, PathBuf};

use cloudfront_sandbox::{Fault, FaultKind};
use tempfile::TempDir;
use unstale::{
    commands,
    domain::id::InvalidationId,
    store::Db,
    workers::{RestoreError, RestoredContent, back_up, restore},
};

use crate::support::{Engine, Place, WORKSHOP, World, acting, seconds, shell};

/// A backup of the world as it is now.
async fn backed_up(world: &World) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    back_up(&world.database.db, &folder.path().join("part"), &file).await.unwrap();
    (folder, file)
}

/// The disk is lost, and the service begins anew on the backup.
async fn begin_again(world: &mut World, backup: &Path) -> RestoredContent {
    let place = Place::new(Engine::Sqlite).await;
    let file = Db::file_of(&place.address()).unwrap().unwrap();
    let restored = restore(backup, &file, false, &shell(), &world.clock).await.unwrap();
    world.move_to(place).await;
    // CloudFront has forgotten the caller references: only a look tells what it has.
    world.sandbox.change_settings(|settings| settings.forget_references_after_ms = Some(0));
    restored.content
}

/// A request that was not sent again after a restore, and one that was cancelled before the backup was made.
pub async fn skipped_and_cancelled() -> (World, [InvalidationId; 2]) {
    let mut world = World::new().await;
    let (skipped, cancelled) = (world.request("/a").await, world.request("/b").await);
    commands::cancel_invalidation(&world.command_context, &acting(), &cancelled).await.unwrap();
    let (_folder, backup) = backed_up(&world).await;
    world.advance(seconds(5));
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "by hand", &["/*"]).await;
    begin_again(&mut world, &backup).await;
    world.live(60).await;
    (world, [skipped, cancelled])
}

async fn states(world: &World, ids: &[InvalidationId]) -> Vec<&'static str> {
    let mut states = Vec::new();
    for id in ids {
        states.push(world.state(id).await);
    }
    states
}

#[tokio::test]
async fn what_was_sent_alone_is_found_by_its_reference() {
    let mut world = World::new().await;
    let (before, waits) = (world.request("/before").await, world.request_at(WORKSHOP, "/a").await);
    let (_folder, backup) = backed_up(&world).await;
    world.send_each_alone().await;
    world.live(25).await;
    let sent = world.batch(&waits).await;
    let creates = world.creates().len();
    let restored = begin_again(&mut world, &backup).await;
    assert_eq!(restored.may_have_been_sent, 2);
    assert_eq!(world.state(&waits).await, "queued", "the backup does not know better");
    world.advance(seconds(3_600));
    world.live(25).await;
    assert_eq!(states(&world, &[before, waits.clone()]).await, ["completed", "completed"]);
    assert_eq!(world.batch(&waits).await.cloudfront_id, sent.cloudfront_id);
    assert_eq!(world.creates().len(), creates, "nothing was sent again");
    world.finish().await;
}

#[tokio::test]
async fn what_was_sent_together_is_not_sent_again() {
    let mut world = World::new().await;
    let ids = [world.request("/a\n/img/logo.svg").await, world.request("/b\n/img/*\n#product").await];
    let (_folder, backup) = backed_up(&world).await;
    world.live(25).await;
    assert_eq!((states(&world, &ids).await, world.creates().len()), (vec!["completed"; 2], 1));
    let restored = begin_again(&mut world, &backup).await;
    assert_eq!(restored.may_have_been_sent, 2);
    world.live(25).await;
    assert_eq!(states(&world, &ids).await, ["cancelled", "cancelled"]);
    assert_eq!(world.creates().len(), 1, "nothing was sent again");
    for id in &ids {
        assert_eq!(world.events(id).await, ["invalidation.requested", "batch.skipped"]);
    }
    world.finish().await;
}

#[tokio::test]
async fn what_was_not_sent_is_sent_once() {
    let mut world = World::new().await;
    let covered = world.request("/a").await;
    let lost = world.request("/b").await;
    let (_folder, backup) = backed_up(&world).await;
    // Somebody refreshes one of the two with the console, and the service sends neither.
    world.advance(seconds(5));
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "by hand", &["/a", "/c"]).await;
    begin_again(&mut world, &backup).await;
    world.live(60).await;
    assert_eq!(states(&world, &[covered, lost]).await, ["cancelled", "completed"]);
    assert_eq!(world.creates().len(), 2, "that of the console, and one of ours");
    assert_eq!(world.taken_items(WORKSHOP)["/b"], 1);
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_looked_for_waits() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    let (_folder, backup) = backed_up(&world).await;
    begin_again(&mut world, &backup).await;
    world.fault(Fault::new("ListInvalidations", FaultKind::AccessDenied));
    world.live(30).await;
    assert_eq!(world.creates().len(), 0, "it may be there, so nothing is sent");
    assert_eq!(world.batch_state(&id).await, "queued", "a person can still cancel it");
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(3_600));
    world.live(60).await;
    assert_eq!((world.state(&id).await, world.creates().len()), ("completed", 1));
    world.finish().await;
}

/// CloudFront says to the first call that it has it already, and cannot be searched then.
#[tokio::test]
async fn what_was_sent_after_the_look_no_longer_waits() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    let (_folder, backup) = backed_up(&world).await;
    begin_again(&mut world, &backup).await;
    let known = "InvalidationBatchAlreadyExists";
    world.sandbox.set_faults(vec![
        Fault::new("ListInvalidations", FaultKind::Slow).times(1),
        Fault::new("ListInvalidations", FaultKind::AccessDenied),
        Fault::refuse("CreateInvalidation", 409, known, "it is there").times(1),
    ]);
    world.submit().await;
    assert_eq!((world.batch_state(&id).await, world.creates().len()), ("submitting", 1));
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(3_600));
    world.live(60).await;
    assert_eq!((world.state(&id).await, world.at_cloudfront(WORKSHOP)), ("completed", 1));
    world.finish().await;
}

/// The same items were refreshed before the time for which this was asked: nothing was sent for it.
#[tokio::test]
async fn what_was_refreshed_before_it_was_due_is_sent() {
    let mut world = World::new().await;
    let id = world.request("/release").await;
    let due = world.now().plus(seconds(600)).as_micros();
    world.is_edited();
    world.database.raw().await.run(&format!("UPDATE batch SET due_at = {due}")).await.unwrap();
    let (_folder, backup) = backed_up(&world).await;
    world.advance(seconds(60));
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "too early", &["/*"]).await;
    world.advance(seconds(600));
    assert_eq!(begin_again(&mut world, &backup).await.may_have_been_sent, 1);
    world.is_edited();
    world.live(60).await;
    assert_eq!((world.state(&id).await, world.creates().len()), ("completed", 2));
    world.finish().await;
}

#[tokio::test]
async fn what_waits_without_credentials_can_be_cancelled() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    let (_folder, backup) = backed_up(&world).await;
    begin_again(&mut world, &backup).await;
    world.fault(Fault::new("ListInvalidations", FaultKind::Expired));
    world.live(10).await;
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    world.sandbox.set_faults(Vec::new());
    world.live(120).await;
    assert_eq!((world.state(&id).await, world.creates().len()), ("cancelled", 0));
    world.finish().await;
}

#[tokio::test]
async fn what_was_due_later_is_left_as_it_was() {
    let mut world = World::new().await;
    let id = world.request("/later").await;
    let later = world.now().plus(seconds(7_200)).as_micros();
    world.is_edited();
    world.database.raw().await.run(&format!("UPDATE batch SET due_at = {later}")).await.unwrap();
    let (_folder, backup) = backed_up(&world).await;
    let restored = begin_again(&mut world, &backup).await;
    assert_eq!(restored.may_have_been_sent, 0);
    world.is_edited();
    world.advance(seconds(7_200));
    world.live(60).await;
    assert_eq!((world.state(&id).await, world.creates().len()), ("completed", 1));
    world.finish().await;
}

#[tokio::test]
async fn a_broken_backup_is_not_restored() {
    let world = World::new().await;
    world.request("/a").await;
    world.live(25).await;
    let mut raw = world.database.raw().await;
    raw.let_events_change().await;
    let first = raw.forge(1, "distribution", "distrubition").await;
    let (_folder, backup) = backed_up(&world).await;
    let place = Place::new(Engine::Sqlite).await;
    let file = Db::file_of(&place.address()).unwrap().unwrap();
    let refused = restore(&backup, &file, false, &shell(), &world.clock).await;
    assert!(matches!(refused, Err(RestoreError::Broken(_))), "{refused:?}");
    assert!(!file.exists(), "there was no database, and there is none");
    raw.set_form(1, &first).await;
    world.finish().await;
}
