//! Bad weather at CloudFront: many lost answers, and ten minutes of throttling.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::domain::id::InvalidationId;

use crate::support::{DOCS, SHOP, WORKSHOP, World, seconds};

async fn waiting(world: &World, ids: &[InvalidationId]) -> usize {
    let mut waiting = 0;
    for id in ids {
        waiting += usize::from(world.batch(id).await.accepted_at.is_none());
    }
    waiting
}

#[tokio::test]
async fn a_third_of_the_answers_is_lost_and_nothing_is_doubled() {
    let world = World::new().await;
    let mut lost = Fault::new("CreateInvalidation", FaultKind::Lost);
    lost.probability = Some(0.3);
    world.fault(lost);
    let mut ids = Vec::new();
    for number in 0..45 {
        let distribution = [WORKSHOP, SHOP, DOCS][number % 3];
        ids.push(world.request_at(distribution, &format!("/n/{number}")).await);
    }
    world.send_each_alone().await;
    world.live(240).await;
    for id in &ids {
        assert_eq!(world.state(id).await, "completed");
    }
    let taken: usize =
        [WORKSHOP, SHOP, DOCS].into_iter().map(|distribution| world.at_cloudfront(distribution)).sum();
    assert_eq!(taken, ids.len());
    assert!(world.creates().iter().filter(|call| call.fault.is_some()).count() > 5, "none was lost");
    world.finish().await;
}

#[tokio::test]
async fn ten_minutes_of_throttling_are_made_good_within_twice_the_ideal() {
    const REQUESTS: u64 = 60;
    let world = World::new().await;
    world.fault(Fault::new("CreateInvalidation", FaultKind::Throttle).distribution(WORKSHOP));
    let mut ids = Vec::new();
    for number in 0..REQUESTS {
        ids.push(world.request(&format!("/n/{number}")).await);
    }
    world.live(300).await;
    // Others are not delayed by it.
    let other = world.request_at(SHOP, "/a").await;
    world.live(10).await;
    assert!(world.batch(&other).await.accepted_at.is_some(), "another distribution was held up");
    world.live(290).await;
    assert_eq!(waiting(&world, &ids).await, ids.len());
    world.sandbox.set_faults(Vec::new());
    // At one call in two seconds.
    let ideal = REQUESTS * 2;
    let mut took = 0;
    while waiting(&world, &ids).await > 0 {
        assert!(took < 2 * ideal, "{} wait still after {took} s", waiting(&world, &ids).await);
        world.live(10).await;
        took += 10;
    }
    world.advance(seconds(60));
    world.live(30).await;
    assert_eq!(world.items_taken_once(), ids.len() + 1, "and one of another distribution");
    world.finish().await;
}
