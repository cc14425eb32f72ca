//! Where people want it, the compressed copies of URLs are looked at too, which are objects of their own at the edge.

use cloudfront_sandbox::{EdgeAnswer, EdgeRule, View};
use unstale::domain::checks::{CheckSettings, CompressedAnswer, Look};

use super::checks::{configure, verdict};
use crate::support::{
    World,
    checked::{cached, check_run as run, invalidate_and_check as invalidate, publish, set_checks as set},
};

/// A world whose site compresses, and whose compressed copies are looked at.
async fn world(compressed: bool) -> World {
    let world = World::copied(crate::support::Setup::default()).await;
    set(&world, &CheckSettings { compressed, ..CheckSettings::default() }).await;
    configure(&world, |workshop| workshop.encodings = vec!["gzip".to_owned()]).await;
    publish(&world, "news.html", &"old ".repeat(400));
    cached(&world, "/news.html").await;
    world
}

/// The verdict of a new version, and what came of the request for a compressed copy.
async fn checked(world: &World) -> (String, Option<CompressedAnswer>) {
    let id = invalidate(world, "/news.html", || publish(world, "news.html", &"new ".repeat(400))).await;
    let check = run(world, &id).await.urls.remove(0);
    let compressed = check.after.as_ref().and_then(Look::answer).unwrap().compressed.as_deref().cloned();
    (verdict(world, &id).await, compressed)
}

/// What those get that accept compressed answers.
fn for_browsers(rule: EdgeRule) -> EdgeRule {
    rule.request_header("accept-encoding: gzip, br")
}

#[tokio::test]
async fn a_compressed_copy_that_is_new_too_is_fresh() {
    let world = world(true).await;
    let (judged, compressed) = checked(&world).await;
    assert_eq!(judged, "fresh ");
    let compressed = compressed.unwrap();
    assert_eq!((compressed.status, compressed.encoding.as_deref()), (200, Some("gzip")));
    world.finish().await;
}

#[tokio::test]
async fn an_old_compressed_copy_is_stale_beside_a_new_plain_one() {
    let world = world(true).await;
    let old = EdgeRule::new("/news.html", EdgeAnswer::Fixed)
        .status(200)
        .header("Age", "5000")
        .header("Content-Encoding", "br")
        .header("X-Cache", "Hit from cloudfront");
    world.sandbox.set_edge_rules(vec![for_browsers(old)]);
    let (judged, compressed) = checked(&world).await;
    assert_eq!(judged, "stale compressed_copy_old");
    let compressed = compressed.unwrap();
    assert_eq!((compressed.encoding.as_deref(), compressed.age), (Some("br"), Some(5000)));
    world.finish().await;
}

#[tokio::test]
async fn an_error_for_browsers_alone_is_broken() {
    let world = world(true).await;
    world.sandbox.set_edge_rules(vec![for_browsers(EdgeRule::new("/news.html", EdgeAnswer::LambdaError))]);
    let (judged, _) = checked(&world).await;
    assert!(judged.starts_with("broken "), "{judged}");
    world.finish().await;
}

#[tokio::test]
async fn nobody_asks_for_a_compressed_copy_unless_that_is_wanted() {
    let world = world(false).await;
    let before = world.sandbox.views().len();
    let (judged, compressed) = checked(&world).await;
    assert_eq!((judged.as_str(), compressed), ("fresh ", None));
    let views = world.sandbox.views().split_off(before);
    let asked = |view: &View| view.headers.get("accept-encoding").is_some_and(|value| value.contains("gzip"));
    assert!(!views.iter().any(asked), "{views:?}");
    world.finish().await;
}
