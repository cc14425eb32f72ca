//! Caller references: the key that makes sending twice harmless.

use std::time::Duration;

use cloudfront_sandbox::{ConflictingReference, SameReference};

use crate::support::{Answer, SHOP, WORKSHOP, World};

const USED: &str = "Your request contains a caller reference that was used for a previous invalidation batch for the same distribution.";

async fn twice(world: &World, then: &[&str]) -> (Answer, Answer) {
    let first = world.create(WORKSHOP, "reference", &["/a", "/b*"]).await;
    assert_eq!(first.status, 201);
    (first, world.create(WORKSHOP, "reference", then).await)
}

#[tokio::test]
async fn the_same_batch_again_is_the_earlier_invalidation() {
    let world = World::new().await;
    let (first, again) = twice(&world, &["/b*", "/a"]).await;
    assert_eq!(again.status, 201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));
    let calls = world.sandbox.calls();
    assert_eq!((calls[0].created, calls[1].created), (true, false));
    assert_eq!(calls[0].invalidation, calls[1].invalidation);
    world.advance(Duration::from_secs(20));
    let (_, later) = twice(&world, &["/a", "/b*"]).await;
    assert_eq!((later.text("Id"), later.text("Status")), (first.text("Id"), "Completed"));
}

#[tokio::test]
async fn other_items_under_a_used_reference_are_refused() {
    let world = World::new().await;
    let (_, other) = twice(&world, &["/a"]).await;
    assert_eq!(other.refusal(), (409, "InvalidationBatchAlreadyExists"));
    let settings = ConflictingReference::InvalidArgument;
    world.sandbox.change_settings(|now| now.conflicting_reference = settings);
    let (_, other) = twice(&world, &["/a"]).await;
    assert_eq!((other.refusal(), other.text("Message")), ((400, "InvalidArgument"), USED));
    assert_eq!(world.sandbox.invalidations(WORKSHOP).len(), 1);
}

#[tokio::test]
async fn the_same_batch_can_be_made_to_be_refused_too() {
    let world = World::new().await;
    let (_, again) = {
        let first = world.create(WORKSHOP, "reference", &["/a"]).await;
        world.sandbox.change_settings(|now| now.same_reference = SameReference::AlreadyExists);
        (first, world.create(WORKSHOP, "reference", &["/a"]).await)
    };
    assert_eq!(again.refusal(), (409, "InvalidationBatchAlreadyExists"));
    world.sandbox.change_settings(|now| now.same_reference = SameReference::InvalidArgument);
    let again = world.create(WORKSHOP, "reference", &["/a"]).await;
    assert_eq!((again.refusal(), again.text("Message")), ((400, "InvalidArgument"), USED));
}

#[tokio::test]
async fn references_are_remembered_for_as_long_as_it_is_set() {
    let world = World::new().await;
    world.sandbox.change_settings(|now| now.forget_references_after_ms = Some(60_000));
    let first = world.create(WORKSHOP, "reference", &["/a"]).await;
    world.advance(Duration::from_millis(59_999));
    let again = world.create(WORKSHOP, "reference", &["/a"]).await;
    assert_eq!(again.text("Id"), first.text("Id"));
    world.advance(Duration::from_millis(1));
    let anew = world.create(WORKSHOP, "reference", &["/a"]).await;
    assert_ne!(anew.text("Id"), first.text("Id"));
    assert_eq!(world.sandbox.invalidations(WORKSHOP).len(), 2);
}

#[tokio::test]
async fn each_distribution_has_its_own_references() {
    let world = World::new().await;
    let here = world.create(WORKSHOP, "reference", &["/a"]).await;
    let there = world.create(SHOP, "reference", &["/a"]).await;
    assert_ne!(here.text("Id"), there.text("Id"));
}
