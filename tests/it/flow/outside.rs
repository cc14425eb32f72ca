//! Invalidations that were made with the console or another tool.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::domain::actor::ActorKind;

use crate::support::{SHOP, WORKSHOP, World, at, seconds};

#[tokio::test]
async fn one_made_outside_appears_once_and_is_watched_to_its_end() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    world.advance(seconds(119));
    world.console(&distribution, "deploy-1", &["/b", "/a*"]).await;
    world.live(30).await;
    let all = world.recent().await;
    assert_eq!(all.len(), 1);
    let seen = &all[0];
    assert_eq!(seen.requested_by.kind(), ActorKind::Outside);
    assert_eq!((seen.requested_at, seen.item_count), (at(119), 2));
    assert_eq!(seen.state.as_str(), "completed");
    assert_eq!(world.events(&seen.id).await, ["invalidation.seen", "batch.completed"]);
    world.live(300).await;
    assert_eq!(world.recent().await.len(), 1, "it is not seen again");
    world.finish().await;
}

#[tokio::test]
async fn one_that_is_over_already_is_kept_as_such() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "deploy-1", &["/a"]).await;
    world.advance(seconds(130));
    world.survey().await;
    let seen = world.recent().await.remove(0);
    assert_eq!(seen.state.as_str(), "completed");
    assert_eq!(world.batch(&seen.id).await.completed_at, None, "nobody saw when");
    assert_eq!(world.events(&seen.id).await, ["invalidation.seen"]);
    world.finish().await;
}

#[tokio::test]
async fn ours_are_not_taken_for_others() {
    let world = World::new().await;
    world.request("/a").await;
    let lost = world.request_at(SHOP, "/b").await;
    world.fault(Fault::new("CreateInvalidation", FaultKind::Lost).distribution(SHOP));
    world.submit().await;
    world.advance(seconds(1));
    assert_eq!(world.batch_state(&lost).await, "submitting");
    // The survey sees it at CloudFront before its answer was noted.
    world.advance(seconds(120));
    world.survey().await;
    assert_eq!(world.recent().await.len(), 2);
    world.sandbox.set_faults(Vec::new());
    world.live(400).await;
    let all = world.recent().await;
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|one| one.requested_by.kind() == ActorKind::Person));
    assert!(all.iter().all(|one| one.state.as_str() == "completed"));
    world.finish().await;
}

#[tokio::test]
async fn many_at_once_are_all_seen() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    for number in 0..70 {
        world.console(&distribution, &format!("deploy-{number}"), &["/a"]).await;
    }
    world.sandbox.clear_calls();
    world.live(240).await;
    assert_eq!(world.recent().await.len(), 70);
    let reads = world.sandbox.calls().iter().filter(|call| call.operation == "GetInvalidation").count();
    assert_eq!(reads, 70, "each is asked for once");
    world.finish().await;
}

#[tokio::test]
async fn one_that_cannot_be_read_is_read_later() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "deploy-1", &["/a"]).await;
    world.fault(Fault::new("GetInvalidation", FaultKind::AccessDenied).times(1));
    world.live(130).await;
    assert_eq!(world.recent().await.len(), 0);
    world.live(130).await;
    assert_eq!(world.recent().await.len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_read_later() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    world.console(&distribution, "deploy-1", &["/a"]).await;
    world.fault(Fault::new("ListInvalidations", FaultKind::AccessDenied).distribution(WORKSHOP).times(1));
    world.live(130).await;
    assert_eq!(world.recent().await.len(), 0);
    world.live(130).await;
    assert_eq!(world.recent().await.len(), 1);
    world.finish().await;
}
