//! Where people want the origin asked too, its own content tells an old origin from an old copy.

use cloudfront_sandbox::{BucketPolicy, Distribution, EdgeAnswer, EdgeRule, OriginKind};
use unstale::domain::checks::{AtOrigin, CheckSettings, Look};

use super::checks::{configure, verdict};
use crate::support::{
    World,
    checked::{
        cached, check_run as run, invalidate_and_check as invalidate, publish, set_checks as set, unpublish,
    },
};

/// A world whose site is set up so, and whose origin is asked too.
async fn world(change: impl FnOnce(&mut Distribution)) -> World {
    let world = World::copied(crate::support::Setup::default()).await;
    set(&world, &CheckSettings { ask_origin: true, ..CheckSettings::default() }).await;
    configure(&world, change).await;
    publish(&world, "news.txt", "old");
    cached(&world, "/news.txt").await;
    world
}

/// What the origin had beside what viewers got, at the first URL of the run.
async fn at_origin(world: &World, id: &unstale::domain::id::InvalidationId) -> Option<AtOrigin> {
    let check = run(world, id).await.urls.remove(0);
    let answer = check.after.as_ref().and_then(Look::answer).unwrap().clone();
    answer.origin.as_ref().map(|origin| origin.against(&answer))
}

#[tokio::test]
async fn an_origin_that_has_nothing_new_is_named() {
    for kind in [OriginKind::S3, OriginKind::Custom] {
        let world = world(|workshop| workshop.origin_kind = kind).await;
        let id = invalidate(&world, "/news.txt", || {}).await;
        assert_eq!(verdict(&world, &id).await, "unchanged same_as_origin", "{kind:?}");
        assert_eq!(at_origin(&world, &id).await, Some(AtOrigin::Same));
        world.finish().await;
    }
}

#[tokio::test]
async fn a_new_version_at_the_origin_leaves_the_blame_with_the_edge() {
    let world = world(|_| {}).await;
    let keeps = EdgeRule { ignores_invalidations: true, ..EdgeRule::new("/news.txt", EdgeAnswer::Usual) };
    world.sandbox.set_edge_rules(vec![keeps]);
    let id = invalidate(&world, "/news.txt", || publish(&world, "news.txt", "new")).await;
    assert_eq!(verdict(&world, &id).await, "stale old_at_edge");
    assert_eq!(at_origin(&world, &id).await, Some(AtOrigin::Other));
    world.sandbox.set_edge_rules(Vec::new());
    world.finish().await;
}

#[tokio::test]
async fn a_bucket_tells_a_missing_file_from_a_refused_one() {
    for (policy, is_there, cause) in [
        (BucketPolicy::Read, false, "broken object_missing"),
        (BucketPolicy::Deny, true, "broken bucket_denied"),
    ] {
        let world = world(|workshop| workshop.bucket_policy = policy).await;
        let id = invalidate(&world, "/news.txt", || {
            if !is_there {
                unpublish(&world, "news.txt");
            }
        })
        .await;
        assert_eq!(verdict(&world, &id).await, cause, "{policy:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn nobody_asks_an_origin_that_is_not_to_be_asked() {
    let world = world(|workshop| workshop.origin_kind = OriginKind::Custom).await;
    set(&world, &CheckSettings::default()).await;
    let before = world.sandbox.views().len();
    let id = invalidate(&world, "/news.txt", || {}).await;
    assert_eq!(verdict(&world, &id).await, "unchanged origin_unchanged");
    assert_eq!(at_origin(&world, &id).await, None);
    let views = world.sandbox.views().split_off(before);
    assert!(views.iter().all(|view| !view.host.contains("origin.example.com")), "{views:?}");
    world.finish().await;
}
