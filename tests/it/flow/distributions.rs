//! Distributions come, change and go.

use cloudfront_sandbox::Distribution;
use unstale::domain::distributions::distribution::DistributionReadiness;

use crate::support::{SHOP, World, at, no_override, seconds};

fn shop(world: &World) -> Distribution {
    world.sandbox.distributions().into_iter().find(|one| one.id == SHOP).unwrap()
}

#[tokio::test]
async fn one_that_is_gone_is_told_and_may_come_back() {
    let world = World::new().await;
    let before = world.head().await;
    let distribution = shop(&world);
    world.sandbox.remove_distribution(SHOP);
    world.advance(seconds(300));
    world.survey().await;
    assert_eq!(world.distribution(SHOP).await.gone_at, Some(at(300)));
    assert_eq!(world.distribution(SHOP).await.readiness(), DistributionReadiness::Gone);
    assert_eq!(world.events_after(before).await, ["distribution.gone"]);
    world.advance(seconds(300));
    world.survey().await;
    assert_eq!(world.distribution(SHOP).await.gone_at, Some(at(300)));
    assert_eq!(world.events_after(before).await, ["distribution.gone"], "it goes once");

    let id = world.request_at(SHOP, "/a").await;
    world.submit().await;
    assert_eq!(world.state(&id).await, "failed");

    world.sandbox.add_distribution(distribution).unwrap();
    world.advance(seconds(300));
    world.survey().await;
    assert_eq!(world.distribution(SHOP).await.gone_at, None);
    unstale::commands::retry_invalidation(
        &world.command_context,
        &crate::support::acting(),
        &id,
        no_override(),
    )
    .await
    .unwrap();
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn a_change_of_readiness_is_told() {
    let world = World::new().await;
    let before = world.head().await;
    for (enabled, status, readiness) in [
        (true, "InProgress", DistributionReadiness::Deploying),
        (false, "InProgress", DistributionReadiness::Disabled),
        (true, "Deployed", DistributionReadiness::Ready),
        (true, "Deployed", DistributionReadiness::Ready),
    ] {
        world
            .sandbox
            .add_distribution(Distribution { enabled, status: status.to_owned(), ..shop(&world) })
            .unwrap();
        world.advance(seconds(300));
        world.survey().await;
        assert_eq!(world.distribution(SHOP).await.readiness(), readiness);
    }
    assert_eq!(world.events_after(before).await, ["distribution.changed"; 3]);
    let last = world.history().await.pop().unwrap().event;
    assert_eq!((last.old.as_str(), last.new.as_str()), ("Disabled", "Enabled, deployed"));
    world.finish().await;
}

#[tokio::test]
async fn a_new_one_can_be_invalidated_once_it_was_seen() {
    let world = World::new().await;
    let distribution = Distribution::new("E1NEW", "d1new.cloudfront.net");
    world.sandbox.add_distribution(distribution).unwrap();
    world.advance(seconds(300));
    world.survey().await;
    let id = world.request_at("E1NEW", "/*").await;
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}
