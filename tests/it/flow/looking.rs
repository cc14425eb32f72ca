//! Where CloudFront will not say whether it has a batch, the batch is looked for by its caller reference.

use cloudfront_sandbox::{Fault, FaultKind, SameReference};
use unstale::domain::problem::ProblemKind;

use crate::support::{WORKSHOP, World, seconds};

#[tokio::test]
async fn a_reference_that_exists_already_is_found() {
    for mode in [SameReference::AlreadyExists, SameReference::InvalidArgument] {
        let world = World::new().await;
        world.sandbox.change_settings(|settings| settings.same_reference = mode);
        let id = world.request("/a").await;
        world.next_create(FaultKind::Lost);
        world.submit().await;
        world.advance(seconds(2));
        world.submit().await;
        let batch = world.batch(&id).await;
        assert_eq!(batch.state.as_str(), "in_progress");
        assert_eq!(batch.cloudfront_id.unwrap().as_str(), world.sandbox.invalidations(WORKSHOP)[0].id);
        let history = world.history().await;
        let accepted = history.iter().find(|one| one.event.action.as_str() == "batch.accepted").unwrap();
        assert_eq!(accepted.event.note, "found at CloudFront by its caller reference");
        assert_eq!(world.events(&id).await, ["invalidation.requested", "batch.unknown", "batch.accepted"]);
        world.live(25).await;
        assert_eq!(world.state(&id).await, "completed");
        world.finish().await;
    }
}

/// CloudFront has said that it has the reference: a list that cannot be read must not make it look unsent.
#[tokio::test]
async fn one_that_cannot_be_looked_for_is_not_taken_for_unsent() {
    for kind in [FaultKind::Throttle, FaultKind::AccessDenied, FaultKind::Reset, FaultKind::Expired] {
        let world = World::new().await;
        world.sandbox.change_settings(|settings| settings.same_reference = SameReference::AlreadyExists);
        let id = world.request("/a").await;
        world.next_create(FaultKind::Lost);
        world.submit().await;
        world.advance(seconds(2));
        world.fault(Fault::new("ListInvalidations", kind));
        world.submit().await;
        assert_eq!(world.batch_state(&id).await, "submitting", "{kind:?}");
        world.sandbox.set_faults(Vec::new());
        world.advance(seconds(60));
        world.submit().await;
        assert_eq!(world.batch_state(&id).await, "in_progress", "{kind:?}");
        world.finish().await;
    }
}

/// The first answer was lost, then the right to create was taken away: it is there all the same.
#[tokio::test]
async fn a_later_refusal_does_not_hide_what_was_taken() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    world.next_create(FaultKind::AccessDenied);
    world.advance(seconds(2));
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn a_later_refusal_of_what_is_not_there_is_final() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::ServerError);
    world.submit().await;
    world.next_create(FaultKind::AccessDenied);
    world.advance(seconds(2));
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "failed");
    assert_eq!(world.events(&id).await, ["invalidation.requested", "batch.unknown", "batch.failed"]);
    assert_eq!(world.at_cloudfront(WORKSHOP), 0);
    world.finish().await;
}

/// Another invalidation has our reference, which nothing but a broken stand-in brings about: a person has to say.
#[tokio::test]
async fn a_reference_that_is_in_use_but_not_to_be_found_needs_a_look() {
    let world = World::new().await;
    world.sandbox.change_settings(|settings| settings.same_reference = SameReference::AlreadyExists);
    let new = world.new_invalidation(WORKSHOP, "/a").await;
    let reference = &new.batches[0].caller_reference;
    let site = &new.distribution;
    world.bench.cloudfront.create_invalidation(site, reference, &new.items()).await.unwrap();
    // So long ago that the search does not reach back to it.
    world.advance(seconds(3_600));
    let requested = unstale::ops::request_invalidation(&world.desk, &crate::support::acting(), &new).await;
    requested.unwrap();
    for _ in 0..200 {
        world.submit().await;
        world.advance(seconds(1));
    }
    let batch = world.batch(&new.id).await;
    assert_eq!((batch.state.as_str(), batch.attempts), ("needs_a_look", 5));
    assert_eq!(batch.problem.unwrap().kind, ProblemKind::ReferenceInUse);
    assert_eq!(world.state(&new.id).await, "needs_a_look");
    let events = ["invalidation.requested", "batch.unknown", "batch.needs_a_look"];
    assert_eq!(world.events(&new.id).await, events);
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    world.finish().await;
}

#[tokio::test]
async fn it_is_found_among_many_others() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    let site = world.batch(&id).await.distribution;
    for number in 0..130 {
        world.console(&site, &format!("deploy-{number}"), &["/x"]).await;
    }
    world.sandbox.change_settings(|settings| settings.forget_references_after_ms = Some(0));
    world.advance(seconds(5));
    world.restart().await;
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    assert_eq!(world.creates().iter().filter(|call| call.created).count(), 131);
    world.finish().await;
}
