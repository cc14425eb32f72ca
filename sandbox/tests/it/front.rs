//! A second cache in front of CloudFront.

use std::time::Duration;

use serde_json::json;

use crate::support::{WORKSHOP, World};

const CLOUDFRONTS: [&str; 3] = ["x-cache", "x-amz-cf-pop", "x-amz-cf-id"];

#[tokio::test]
async fn varnish_keeps_the_first_answer_with_its_date_and_an_age() {
    let world = World::new().await;
    world.write(WORKSHOP, "_headers.json", "{}");
    world.rules(json!({"distribution": WORKSHOP, "front": "varnish"})).await;
    let first = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!((first.header("age"), first.header("x-varnish")), ("0", "2"));
    assert_eq!(first.header("via"), "1.1 varnish (Varnish/7.1)");
    assert!(CLOUDFRONTS.iter().all(|name| first.header(name).is_empty()), "{first:?}");
    world.write(WORKSHOP, "styles.css", "changed");
    world.invalidate(WORKSHOP, &["/*"]).await;
    let kept = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!((&kept.body, kept.header("age"), kept.header("x-varnish")), (&first.body, "5", "32770 3"));
    assert_eq!((kept.header("date"), kept.header("etag")), (first.header("date"), first.header("etag")));
    world.advance(Duration::from_secs(114));
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.header("age"), "119");
    world.advance(Duration::from_secs(1));
    let fresh = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!((fresh.body.as_str(), fresh.header("age")), ("changed", "0"));
}

#[tokio::test]
async fn varnish_adds_to_the_age_that_cloudfront_had() {
    let world = World::new().await;
    world.view(WORKSHOP, "/").await;
    world.advance(Duration::from_secs(30));
    world.rules(json!({"front": "varnish"})).await;
    assert_eq!(world.view(WORKSHOP, "/").await.header("age"), "30");
    world.advance(Duration::from_secs(12));
    assert_eq!(world.view(WORKSHOP, "/").await.header("age"), "42");
}

#[tokio::test]
async fn nginx_keeps_the_first_answer_with_a_new_date_and_no_age() {
    let world = World::new().await;
    world.write(WORKSHOP, "_headers.json", r#"{"*": {"cache-control": "max-age=60"}}"#);
    world.rules(json!({"front": "nginx"})).await;
    let first = world.view(WORKSHOP, "/styles.css").await;
    world.write(WORKSHOP, "styles.css", "changed");
    world.invalidate(WORKSHOP, &["/*"]).await;
    let kept = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!((&kept.body, kept.header("age"), kept.header("via")), (&first.body, "", ""));
    assert_eq!(kept.header("date"), "Mon, 23 Nov 2026 10:00:05 GMT");
    world.advance(Duration::from_secs(55));
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.body, "changed");
}

#[tokio::test]
async fn errors_and_what_may_not_be_stored_pass_through() {
    let world = World::new().await;
    world.write(WORKSHOP, "_headers.json", r#"{"scripts.js": {"cache-control": "no-store"}}"#);
    world.rules(json!({"front": "varnish"})).await;
    for path in ["/scripts.js", "/nowhere"] {
        for _ in 0..2 {
            assert_eq!(world.view(WORKSHOP, path).await.header("x-varnish"), "2", "{path}");
        }
    }
}
