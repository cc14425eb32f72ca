//! The two limits of what may be in progress at one time.

use crate::support::{COMPLETE_AFTER, SHOP, WORKSHOP, World};

fn numbered(count: usize, tail: &str) -> Vec<String> {
    (0..count).map(|n| format!("/{n}{tail}")).collect()
}

async fn create(world: &World, reference: &str, items: &[String]) -> (u16, String) {
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let answer = world.create(WORKSHOP, reference, &items).await;
    (answer.status, answer.text("Message").to_owned())
}

const TOO_MANY: &str =
    "Processing your request will cause you to exceed the maximum number of in-progress invalidations.";
const TOO_MANY_WILD: &str = "Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations.";

#[tokio::test]
async fn three_thousand_items_and_fifteen_wildcards_fit_side_by_side() {
    let world = World::new().await;
    assert_eq!(create(&world, "plain", &numbered(2_999, "")).await.0, 201);
    assert_eq!(create(&world, "wild", &numbered(15, "/*")).await.0, 201);
    assert_eq!(create(&world, "two more", &numbered(2, ".css")).await, (400, TOO_MANY.to_owned()));
    assert_eq!(create(&world, "tag", &["#last".to_owned()]).await.0, 201);
    assert_eq!(create(&world, "one more tag", &["#more".to_owned()]).await, (400, TOO_MANY.to_owned()));
    assert_eq!(create(&world, "one more wild", &["/z*".to_owned()]).await, (400, TOO_MANY_WILD.to_owned()));
    assert_eq!(world.create(SHOP, "elsewhere", &["/a", "/b*"]).await.status, 201);
}

#[tokio::test]
async fn nothing_of_a_refused_batch_counts_and_completion_frees_the_room() {
    let world = World::new().await;
    assert_eq!(create(&world, "wild", &numbered(14, "/*")).await.0, 201);
    let mixed: Vec<String> = [numbered(2_000, ""), numbered(2, ".css*")].concat();
    assert_eq!(create(&world, "mixed", &mixed).await, (400, TOO_MANY_WILD.to_owned()));
    assert_eq!(create(&world, "plain", &numbered(3_000, ".js")).await.0, 201);
    world.advance(COMPLETE_AFTER);
    assert_eq!(create(&world, "mixed", &mixed).await.0, 201);
    assert_eq!(world.sandbox.invalidations(WORKSHOP).len(), 3);
}

#[tokio::test]
async fn a_repeated_reference_is_answered_even_when_the_room_is_full() {
    let world = World::new().await;
    let full = numbered(15, "/*");
    assert_eq!(create(&world, "full", &full).await.0, 201);
    assert_eq!(create(&world, "full", &full).await.0, 201);
    assert_eq!(world.sandbox.invalidations(WORKSHOP).len(), 1);
}

#[tokio::test]
async fn a_batch_that_could_never_fit_is_too_large() {
    let world = World::new().await;
    let items = numbered(3_016, "");
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    assert_eq!(world.create(WORKSHOP, "huge", &items).await.refusal(), (413, "BatchTooLarge"));
    assert_eq!(
        world.create(WORKSHOP, "large", &items[..3_001]).await.refusal(),
        (400, "TooManyInvalidationsInProgress")
    );
    assert_eq!(world.create(WORKSHOP, "fits", &items[..3_000]).await.status, 201);
}
