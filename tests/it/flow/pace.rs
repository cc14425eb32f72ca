//! The account's pace of `CreateInvalidation`.

use crate::support::{DOCS, SHOP, WORKSHOP, World, seconds};

#[tokio::test]
async fn never_more_than_the_burst_and_the_rate() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..24 {
        let distribution = [WORKSHOP, SHOP, DOCS][number % 3];
        ids.push(world.request_at(distribution, &format!("/a{number}")).await);
    }
    world.send_each_alone().await;
    for second in 0..40 {
        world.submit().await;
        let creates = world.creates().len();
        assert!(creates <= 5 + second / 2, "{creates} calls after {second} s");
        world.advance(seconds(1));
    }
    assert_eq!(world.creates().len(), 24, "and not less: 5 at once, 19 in 38 s");
    for id in &ids {
        assert_eq!(world.batch_state(id).await, "in_progress");
    }
    world.finish().await;
}

#[tokio::test]
async fn a_rest_brings_back_no_more_than_one_burst() {
    let world = World::new().await;
    world.advance(seconds(86_400));
    for number in 0..10 {
        world.request(&format!("/a{number}")).await;
    }
    world.send_each_alone().await;
    world.submit().await;
    assert_eq!(world.creates().len(), 5);
    world.finish().await;
}

#[tokio::test]
async fn attempts_that_fail_count_too() {
    let world = World::new().await;
    for number in 0..10 {
        world.request(&format!("/a{number}")).await;
    }
    world.send_each_alone().await;
    let throttle = cloudfront_sandbox::FaultKind::Throttle;
    world.fault(cloudfront_sandbox::Fault::new("CreateInvalidation", throttle));
    for second in 0..60 {
        world.submit().await;
        let creates = world.creates().len();
        assert!(creates <= 5 + second / 2, "{creates} calls after {second} s");
        world.advance(seconds(1));
    }
    world.finish().await;
}
