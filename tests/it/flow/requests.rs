//! What a person can do with a request: press twice, cancel, retry.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    commands::{self, CommandError, Requested},
    domain::{
        access::Role,
        actor::{Acting, Actor},
        id::{DistributionId, InvalidationId},
        invalidations::idempotency::IdempotentAnswer,
    },
    store::sign_in::people,
};

use crate::support::{SHOP, WORKSHOP, World, acting, lines, no_override, person, seconds, uuid};

#[tokio::test]
async fn pressing_twice_is_one_request() {
    let world = World::new().await;
    let new = world.new_invalidation(WORKSHOP, "/b\n/a").await;
    let mut again = world.new_invalidation(WORKSHOP, "/a\n/b").await;
    again.request_key = new.request_key.clone();
    let press =
        async |new| commands::request_invalidation(&world.command_context, &acting(), new).await.unwrap();
    assert_eq!(press(&new).await, Requested::New(new.id.clone(), world.now()));
    let before = Requested::Before(IdempotentAnswer::Accepted(new.id.clone()), world.now());
    assert_eq!(press(&new).await, before);
    assert_eq!(press(&again).await, before, "the order of the lines is no difference");
    world.live(25).await;
    assert_eq!(press(&again).await, before, "also when it is long done");
    assert_eq!(world.creates().len(), 1);
    assert_eq!(world.recent().await.len(), 1);
    assert_eq!(world.events(&new.id).await[0..2], ["invalidation.requested", "batch.accepted"]);
    world.finish().await;
}

#[tokio::test]
async fn a_key_that_was_used_for_something_else_adds_nothing() {
    let world = World::new().await;
    let first = world.new_invalidation(WORKSHOP, "/a").await;
    commands::request_invalidation(&world.command_context, &acting(), &first).await.unwrap();
    let used = Requested::KeyUsedForAnother;
    let with_key = async |mut new: unstale::domain::invalidations::invalidation::NewInvalidation,
                          acting: Acting| {
        new.request_key = first.request_key.clone();
        commands::request_invalidation(&world.command_context, &acting, &new).await.unwrap()
    };
    assert_eq!(with_key(world.new_invalidation(WORKSHOP, "/b").await, acting()).await, used);
    assert_eq!(with_key(world.new_invalidation(SHOP, "/a").await, acting()).await, used);
    let mut other = acting();
    let eve = person("eve@example.com", Role::Operator);
    world.database.write(async |tx| people::insert(tx, &eve, "no password").await).await;
    other.actor = Actor::person(&eve.id, &eve.email);
    assert_eq!(with_key(world.new_invalidation(WORKSHOP, "/a").await, other).await, used);
    world.submit().await;
    assert_eq!(world.creates().len(), 1);
    assert_eq!(world.recent().await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn what_is_queued_can_be_cancelled() {
    let world = World::new().await;
    let id = world.request("/a").await;
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    assert_eq!(world.state(&id).await, "cancelled");
    world.live(5).await;
    assert_eq!(world.creates().len(), 0);
    assert_eq!(world.events(&id).await, ["invalidation.requested", "invalidation.cancelled"]);
    let again = commands::cancel_invalidation(&world.command_context, &acting(), &id).await;
    assert!(matches!(again, Err(CommandError::TooLate)), "{again:?}");
    world.finish().await;
}

#[tokio::test]
async fn what_was_accepted_cannot_be_cancelled() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.submit().await;
    let before = world.head().await;
    let late = commands::cancel_invalidation(&world.command_context, &acting(), &id).await;
    assert!(matches!(late, Err(CommandError::TooLate)), "{late:?}");
    assert_eq!(world.state(&id).await, "in_progress");
    assert_eq!(world.head().await, before, "what did not happen is not in the history");
    world.finish().await;
}

#[tokio::test]
async fn what_may_be_at_cloudfront_cannot_be_cancelled() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "submitting");
    let late = commands::cancel_invalidation(&world.command_context, &acting(), &id).await;
    assert!(matches!(late, Err(CommandError::TooLate)), "{late:?}");
    world.live(5).await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    world.finish().await;
}

#[tokio::test]
async fn of_a_large_request_only_the_rest_is_cancelled() {
    let world = World::new().await;
    let lines = lines(7_000, |n| format!("/page{n}"));
    let id = world.request(&lines).await;
    world.submit().await;
    let states = async || {
        let batches = world.batches(&id).await;
        batches.iter().map(|batch| batch.state.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(states().await, ["in_progress", "queued", "queued"]);
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    assert_eq!(states().await, ["in_progress", "cancelled", "cancelled"]);
    assert_eq!(world.state(&id).await, "in_progress");
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn what_was_refused_is_sent_again_with_the_same_reference() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::AccessDenied);
    world.submit().await;
    assert_eq!(world.state(&id).await, "failed");
    world.advance(seconds(3_600));
    world.submit().await;
    assert_eq!(world.creates().len(), 1, "it is not tried again by itself");

    commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await.unwrap();
    assert_eq!(world.state(&id).await, "queued");
    world.submit().await;
    assert_eq!(world.state(&id).await, "in_progress");
    let creates = world.creates();
    assert_eq!(creates.len(), 2);
    assert_eq!(creates[0].caller_reference, creates[1].caller_reference);
    let batch = world.batch(&id).await;
    assert_eq!(batch.problem, None, "it is mended");
    let again = commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await;
    assert!(matches!(again, Err(CommandError::TooLate)), "{again:?}");
    let expected = ["invalidation.requested", "batch.failed", "invalidation.retried", "batch.accepted"];
    assert_eq!(world.events(&id).await, expected);
    world.finish().await;
}

#[tokio::test]
async fn of_a_large_request_only_what_was_refused_is_sent_again() {
    let world = World::new().await;
    let lines = lines(20, |n| format!("/dir{n}/*"));
    let id = world.request(&lines).await;
    world.submit_once().await;
    world.fault(Fault::new("CreateInvalidation", FaultKind::AccessDenied).times(1));
    world.live(30).await;
    assert_eq!(world.state(&id).await, "failed");
    commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await.unwrap();
    world.live(30).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.creates().len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_cancelled_or_retried() {
    let world = World::new().await;
    let nothing = InvalidationId::from_trusted(uuid());
    let cancelled = commands::cancel_invalidation(&world.command_context, &acting(), &nothing).await;
    assert!(matches!(cancelled, Err(CommandError::NotFound)), "{cancelled:?}");
    let retried =
        commands::retry_invalidation(&world.command_context, &acting(), &nothing, no_override()).await;
    assert!(matches!(retried, Err(CommandError::NotFound)), "{retried:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_refused_act_is_in_the_history() {
    let world = World::new().await;
    let before = world.head().await;
    let distribution = DistributionId::from_trusted(WORKSHOP);
    let target = unstale::domain::audit::Target::Distribution(DistributionId::from_trusted(WORKSHOP));
    commands::refuse(
        &world.command_context,
        &acting(),
        &target,
        Some(&distribution),
        "a viewer may not invalidate",
    )
    .await
    .unwrap();
    assert_eq!(world.events_after(before).await, ["act.refused"]);
    world.finish().await;
}
