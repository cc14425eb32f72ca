//! What an invalidation lets the edge forget, what it leaves alone, and when.

use std::time::Duration;

use crate::support::{DOCS, SHOP, WORKSHOP, World, invalidations};

const ALL: [&str; 4] = ["/", "/index.html", "/styles.css", "/scripts.js"];

async fn after(world: &World, items: &[&str]) -> Vec<String> {
    world.sources(WORKSHOP, &ALL).await;
    world.invalidate(WORKSHOP, items).await;
    world.sources(WORKSHOP, &ALL).await
}

#[tokio::test]
async fn a_path_evicts_that_object_alone() {
    let world = World::new().await;
    assert_eq!(after(&world, &["/styles.css"]).await, ["Hit", "Hit", "Miss", "Hit"]);
    assert_eq!(after(&world, &["/"]).await, ["Miss", "Hit", "Hit", "Hit"]);
    assert_eq!(after(&world, &["/index.html", "/scripts.js"]).await, ["Hit", "Miss", "Hit", "Miss"]);
    assert_eq!(after(&world, &["/STYLES.css", "/style", "/*.css", "/%73tyles.css"]).await, ["Hit"; 4]);
}

#[tokio::test]
async fn a_wildcard_evicts_whatever_begins_like_it() {
    let world = World::new().await;
    assert_eq!(after(&world, &["/s*"]).await, ["Hit", "Hit", "Miss", "Miss"]);
    assert_eq!(after(&world, &["/*"]).await, ["Miss"; 4]);
    assert_eq!(after(&world, &["/styles.css*"]).await, ["Hit", "Hit", "Miss", "Hit"]);
    assert_eq!(after(&world, &["/nowhere/*"]).await, ["Hit"; 4]);
}

#[tokio::test]
async fn the_new_file_is_served_after_the_eviction_and_not_before() {
    let world = World::new().await;
    let old = world.view(WORKSHOP, "/styles.css").await;
    world.write(WORKSHOP, "styles.css", "body { background: teal }");
    let created = world.create(WORKSHOP, "new style", &["/styles.css"]).await;
    world.advance(Duration::from_micros(4_999_999));
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.body, old.body);
    world.advance(Duration::from_micros(1));
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.body, "body { background: teal }");
    let path = format!("{}/{}", invalidations(WORKSHOP), created.text("Id"));
    assert_eq!(world.call("GET", &path, "").await.text("Status"), "InProgress");
    world.advance(Duration::from_micros(14_999_999));
    assert_eq!(world.call("GET", &path, "").await.text("Status"), "InProgress");
    world.advance(Duration::from_micros(1));
    assert_eq!(world.call("GET", &path, "").await.text("Status"), "Completed");
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Hit", "one invalidation evicts once");
}

#[tokio::test]
async fn the_edge_lets_go_within_five_seconds_however_long_completion_takes() {
    let world = World::new().await;
    for (complete_after_ms, evict_after_ms) in [(600_000, 5_000), (4_000, 1_000), (0, 0)] {
        world.sandbox.change_settings(|now| now.complete_after_ms = complete_after_ms);
        world.view(WORKSHOP, "/").await;
        world.create(WORKSHOP, &evict_after_ms.to_string(), &["/*"]).await;
        if evict_after_ms > 0 {
            world.advance(Duration::from_millis(evict_after_ms - 1));
            assert_eq!(world.view(WORKSHOP, "/").await.source(), "Hit", "{complete_after_ms}");
            world.advance(Duration::from_millis(1));
        }
        assert_eq!(world.view(WORKSHOP, "/").await.source(), "Miss", "{complete_after_ms}");
    }
}

#[tokio::test]
async fn a_query_string_names_one_variant() {
    let world = World::new().await;
    let variants = ["/search.html", "/search.html?q=a", "/search.html?q=b"];
    world.sources(DOCS, &variants).await;
    world.invalidate(DOCS, &["/search.html?q=a"]).await;
    assert_eq!(world.sources(DOCS, &variants).await, ["Hit", "Miss", "Hit"]);
    world.invalidate(DOCS, &["/search.html"]).await;
    assert_eq!(world.sources(DOCS, &variants).await, ["Miss", "Hit", "Hit"]);
    world.invalidate(DOCS, &["/search.html*"]).await;
    assert_eq!(world.sources(DOCS, &variants).await, ["Miss"; 3]);
}

const SHOP_PAGES: [&str; 4] = ["/index.html", "/products/radio.html", "/products/lamp.html", "/shop.css"];

#[tokio::test]
async fn a_tag_evicts_what_carries_it_in_any_case() {
    let world = World::new().await;
    world.sources(SHOP, &SHOP_PAGES).await;
    world.invalidate(SHOP, &["#Brand:ACME"]).await;
    assert_eq!(world.sources(SHOP, &SHOP_PAGES).await, ["Hit", "Miss", "Hit", "Hit"]);
    world.invalidate(SHOP, &["#prices"]).await;
    assert_eq!(world.sources(SHOP, &SHOP_PAGES).await, ["Miss", "Miss", "Miss", "Hit"]);
    world.invalidate(SHOP, &["#price", "#brand", "/radio*", "/shop/*"]).await;
    assert_eq!(world.sources(SHOP, &SHOP_PAGES).await, ["Hit"; 4]);
}

#[tokio::test]
async fn tags_do_nothing_without_their_header_or_under_another_one() {
    let world = World::new().await;
    world.write(WORKSHOP, "_headers.json", r#"{"*": {"x-amz-meta-cache-tag": "all"}}"#);
    assert_eq!(after(&world, &["#all"]).await, ["Hit"; 4]);
    world.sources(SHOP, &SHOP_PAGES).await;
    let mut shop = world.sandbox.distributions().into_iter().find(|known| known.id == SHOP).unwrap();
    shop.cache_tag_header = Some("x-other-tag".to_owned());
    world.sandbox.add_distribution(shop).unwrap();
    world.invalidate(SHOP, &["#prices"]).await;
    assert_eq!(world.sources(SHOP, &SHOP_PAGES).await, ["Hit"; 4]);
}

#[tokio::test]
async fn other_distributions_keep_what_they_have() {
    let world = World::new().await;
    world.sources(SHOP, &SHOP_PAGES).await;
    assert_eq!(after(&world, &["/*"]).await, ["Miss"; 4]);
    assert_eq!(world.sources(SHOP, &SHOP_PAGES).await, ["Hit"; 4]);
}
