//! A small request is not stuck behind a giant one, and a giant one is not passed for ever.

use crate::support::{SHOP, World, lines, seconds};

fn giant() -> String {
    lines(10_000, |n| format!("/page{n}.html"))
}

#[tokio::test]
async fn a_small_request_is_not_stuck_behind_a_giant_ones_later_batches() {
    let world = World::new().await;
    let giant = world.request(&giant()).await;
    world.submit().await;
    world.advance(seconds(5));
    let small = world.request("/small").await;
    world.live(18).await;
    assert_eq!(world.batch_state(&small).await, "in_progress");
    assert_eq!(world.batches(&giant).await[1].state.as_str(), "queued");
    world.live(130).await;
    assert_eq!(world.state(&small).await, "completed");
    assert_eq!(world.state(&giant).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn a_request_of_another_distribution_goes_at_once() {
    let world = World::new().await;
    world.request(&giant()).await;
    world.submit().await;
    let other = world.request_at(SHOP, "/small").await;
    world.submit().await;
    assert_eq!(world.batch_state(&other).await, "in_progress");
    world.finish().await;
}

#[tokio::test]
async fn many_of_one_distribution_let_another_have_its_turn() {
    let world = World::new().await;
    for number in 0..30 {
        world.request(&format!("/many{number}")).await;
    }
    world.send_each_alone().await;
    world.submit().await;
    world.advance(seconds(1));
    let other = world.request_at(SHOP, "/one").await;
    world.live(3).await;
    assert_eq!(world.batch_state(&other).await, "in_progress", "the pace is shared, the turn is its own");
    world.finish().await;
}

#[tokio::test]
async fn small_requests_do_not_pass_a_giant_one_for_ever() {
    let world = World::new().await;
    let giant = world.request(&giant()).await;
    for number in 0..48 {
        world.request(&format!("/small{number}")).await;
        world.live(5).await;
    }
    assert_eq!(world.state(&giant).await, "completed");
    world.finish().await;
}
