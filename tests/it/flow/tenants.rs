//! A multi-tenant distribution is in the catalogue, and nothing is asked of it.

use cloudfront_sandbox::FaultKind;
use unstale::{
    commands::{self, CommandError},
    domain::distributions::distribution::DistributionReadiness,
};

use crate::support::{WORKSHOP, World, acting, no_override, seconds};

/// Makes the workshop's distribution one that serves through its tenants only.
async fn convert(world: &World) {
    let mut distribution = world.sandbox.distributions().into_iter().find(|one| one.id == WORKSHOP).unwrap();
    "tenant-only".clone_into(&mut distribution.connection_mode);
    distribution.last_modified = "2026-11-23T10:04:00Z".parse().unwrap();
    world.sandbox.add_distribution(distribution).unwrap();
    world.advance(seconds(300));
    world.survey().await;
}

#[tokio::test]
async fn it_is_marked_and_takes_no_request() {
    let world = World::new().await;
    // What was planned before it became one is refused all the same.
    let new = world.new_invalidation(WORKSHOP, "/a").await;
    convert(&world).await;
    let distribution = world.distribution(WORKSHOP).await;
    assert_eq!(distribution.readiness(), DistributionReadiness::TenantOnly);
    let head = world.head().await;
    let refused = commands::request_invalidation(&world.command_context, &acting(), &new).await;
    let Err(CommandError::NotAllowed(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("tenants"), "{why}");
    assert_eq!(world.events_after(head).await, ["act.refused"]);
    world.live(10).await;
    assert!(world.creates().is_empty());
    world.finish().await;
}

#[tokio::test]
async fn what_failed_there_before_is_not_tried_again() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::AccessDenied);
    world.submit().await;
    convert(&world).await;
    let refused = commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await;
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "{refused:?}");
    assert_eq!(world.state(&id).await, "failed");
    world.finish().await;
}

#[tokio::test]
async fn it_is_never_asked_for_invalidations_or_tags() {
    let world = World::new().await;
    convert(&world).await;
    world.sandbox.clear_calls();
    for _ in 0..130 {
        world.survey().await;
        world.advance(seconds(60));
    }
    let about =
        world.sandbox.calls().into_iter().filter(|call| call.distribution.as_deref() == Some(WORKSHOP));
    let about: Vec<_> = about.map(|call| call.operation).collect();
    assert!(about.is_empty(), "{about:?}");
    let tags =
        world.sandbox.calls().into_iter().filter(|call| call.operation == "ListTagsForResource").count();
    assert_eq!(tags, 2 * (world.sandbox.distributions().len() - 1), "those of the others are read hourly");
    world.finish().await;
}
