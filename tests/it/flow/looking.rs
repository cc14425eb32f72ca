//! Where CloudFront will not say whether it has a batch, the batch is looked for by its caller reference.

use cloudfront_sandbox::{Fault, FaultKind, SameReference};
use unstale::{
    commands::{self, CommandError},
    domain::{
        id::{CloudFrontInvalidationId, DistributionId, InvalidationId},
        invalidations::problem::ProblemKind,
    },
};

use crate::support::{WORKSHOP, World, acting, no_override, seconds};

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

/// Whatever lies further back than what was taken before the request was made cannot be it, however much that is.
#[tokio::test]
async fn a_look_goes_back_to_what_was_taken_before_the_request_and_no_further() {
    let mut world = World::new().await;
    let distribution = DistributionId::from_trusted(WORKSHOP);
    for number in 0..250 {
        world.console(&distribution, &format!("console-{number}"), &["/elsewhere"]).await;
    }
    world.advance(seconds(300));
    let before = world.request("/before").await;
    world.submit().await;
    assert_eq!(world.batch_state(&before).await, "in_progress");
    world.advance(seconds(90));
    // A clock that is put back changes nothing of what came before what.
    world.clock.put_back(seconds(3_000));
    let id = world.request("/a").await;
    world.next_create(FaultKind::ServerError);
    world.submit().await;
    world.restart().await;
    world.advance(seconds(60));
    world.sandbox.clear_calls();
    for _ in 0..100 {
        world.submit().await;
        world.advance(seconds(1));
    }
    assert_eq!(world.events(&id).await, ["invalidation.requested", "batch.unknown", "batch.accepted"]);
    assert_eq!(world.at_cloudfront(WORKSHOP), 252);
    let calls: Vec<String> = world.sandbox.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["ListInvalidations", "CreateInvalidation"]);
    world.finish().await;
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

/// CloudFront has our reference in use, so long ago that the search does not reach back to it.
async fn in_use_but_not_to_be_found(world: &World) -> InvalidationId {
    world.sandbox.change_settings(|settings| settings.same_reference = SameReference::AlreadyExists);
    let new = world.new_invalidation(WORKSHOP, "/a").await;
    let reference = &new.batches[0].caller_reference;
    world
        .worker_context
        .cloudfront
        .create_invalidation(&new.distribution, reference, &new.items())
        .await
        .unwrap();
    world.advance(seconds(25 * 3_600));
    commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap();
    for _ in 0..100 {
        world.submit().await;
        world.advance(seconds(1));
    }
    new.id
}

#[tokio::test]
async fn a_reference_that_is_in_use_but_not_to_be_found_needs_a_look() {
    let world = World::new().await;
    let id = in_use_but_not_to_be_found(&world).await;
    let batch = world.batch(&id).await;
    assert_eq!((batch.state.as_str(), batch.attempts), ("needs_a_look", 5));
    assert_eq!(batch.problem.unwrap().kind, ProblemKind::ReferenceInUse);
    assert_eq!(world.state(&id).await, "needs_a_look");
    let events = ["invalidation.requested", "batch.unknown", "batch.needs_a_look"];
    assert_eq!(world.events(&id).await, events);
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_person_who_found_it_says_so_and_it_goes_on() {
    let world = World::new().await;
    let id = in_use_but_not_to_be_found(&world).await;
    let batch = world.batch(&id).await.id;
    let taken = CloudFrontInvalidationId::from_trusted(&world.sandbox.invalidations(WORKSHOP)[0].id);
    commands::resolve_found(&world.command_context, &acting(), &batch, &taken).await.unwrap();
    assert_eq!(world.state(&id).await, "in_progress");
    let again = commands::resolve_found(&world.command_context, &acting(), &batch, &taken).await;
    assert!(matches!(again, Err(CommandError::TooLate)), "{again:?}");
    world.live(3).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.events(&id).await[3..], ["batch.resolved", "batch.completed"]);
    world.finish().await;
}

#[tokio::test]
async fn a_person_who_did_not_find_it_has_it_sent_anew() {
    let world = World::new().await;
    let id = in_use_but_not_to_be_found(&world).await;
    let batch = world.batch(&id).await;
    commands::resolve_not_there(&world.command_context, &acting(), &batch.id, no_override()).await.unwrap();
    let again =
        commands::resolve_not_there(&world.command_context, &acting(), &batch.id, no_override()).await;
    assert!(matches!(again, Err(CommandError::TooLate)), "{again:?}");
    world.live(25).await;
    let batches = world.batches(&id).await;
    let states: Vec<_> = batches.iter().map(|batch| batch.state.as_str()).collect();
    assert_eq!(states, ["cancelled", "completed"]);
    assert_ne!(batches[0].caller_reference, batches[1].caller_reference);
    assert_eq!(batches[0].items, batches[1].items);
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn it_is_found_among_many_others() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    let distribution = world.batch(&id).await.distribution;
    for number in 0..130 {
        world.console(&distribution, &format!("deploy-{number}"), &["/x"]).await;
    }
    world.sandbox.change_settings(|settings| settings.forget_references_after_ms = Some(0));
    world.advance(seconds(5));
    world.restart().await;
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    assert_eq!(world.creates().iter().filter(|call| call.created).count(), 131);
    world.finish().await;
}
