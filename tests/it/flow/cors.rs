//! Where an origin for CORS is set, URLs are also asked as a page of that origin asks.

use std::time::Duration;

use cloudfront_sandbox::{Cors, CorsBy, Distribution, EdgeAnswer, EdgeRule, View};
use unstale::domain::checks::{CheckSettings, CorsLook, Look};

use super::checks::{configure, verdict};
use crate::support::{
    World,
    checked::{cached, check_run as run, invalidate_and_check as invalidate, publish, set_checks as set},
};

const ORIGIN: &str = "https://app.example.com";

/// A world whose site is set up so, with an origin for CORS.
async fn world(change: impl FnOnce(&mut Distribution)) -> World {
    let world = World::copied(crate::support::Setup::default()).await;
    set(&world, &CheckSettings { cors_origin: Some(ORIGIN.to_owned()), ..CheckSettings::default() }).await;
    configure(&world, change).await;
    publish(&world, "news.txt", "old");
    cached(&world, "/news.txt").await;
    world
}

fn cors(origin: &str, by: CorsBy) -> Cors {
    Cors { origins: vec![origin.to_owned()], by }
}

fn methods(distribution: &mut Distribution) {
    distribution.allowed_methods = ["HEAD", "GET", "OPTIONS"].map(str::to_owned).into();
}

/// The verdict, and what the origin got, of a new version of the file.
async fn checked(world: &World) -> (String, Option<CorsLook>) {
    let id = invalidate(world, "/news.txt", || publish(world, "news.txt", "new")).await;
    let check = run(world, &id).await.urls.remove(0);
    let cors = check.after.as_ref().and_then(Look::answer).and_then(|answer| answer.cors.clone());
    (verdict(world, &id).await, cors)
}

fn preflights(world: &World) -> Vec<View> {
    world.sandbox.views().into_iter().filter(|view| view.method == "OPTIONS").collect()
}

#[tokio::test]
async fn a_site_that_lets_the_origin_read_it_is_fresh() {
    for allowed in [ORIGIN, "*"] {
        let world = world(|workshop| {
            methods(workshop);
            workshop.cors = cors(allowed, CorsBy::Policy);
        })
        .await;
        let (verdict, cors) = checked(&world).await;
        assert_eq!(verdict, "fresh ");
        let cors = cors.unwrap();
        assert_eq!(cors.origin, ORIGIN);
        for answer in [cors.get.unwrap(), cors.preflight.unwrap()] {
            assert_eq!((answer.status, answer.allowed_origin.as_deref()), (200, Some(allowed)));
        }
        assert_eq!(preflights(&world).len(), 1);
        world.finish().await;
    }
}

#[tokio::test]
async fn a_site_that_does_not_is_broken_with_its_cause() {
    let by_origin = |workshop: &mut Distribution| {
        methods(workshop);
        workshop.cors = cors(ORIGIN, CorsBy::Origin);
    };
    let world = self::world(methods).await;
    assert_eq!(checked(&world).await.0, "broken cors_missing");
    world.finish().await;

    // The edge kept the copy of a viewer without an origin.
    let world = self::world(by_origin).await;
    assert_eq!(checked(&world).await.0, "broken cors_cached_without_origin");
    // With the header in the key there are two copies.
    configure(&world, |workshop| workshop.key_headers = vec!["origin".to_owned()]).await;
    publish(&world, "news.txt", "older");
    cached(&world, "/news.txt").await;
    assert_eq!(checked(&world).await.0, "fresh ");
    world.finish().await;

    let world = self::world(|workshop| workshop.cors = cors("*", CorsBy::Policy)).await;
    // The behaviour allows GET and HEAD alone, as by default: a plain GET needs no preflight.
    let (verdict, cors) = checked(&world).await;
    assert_eq!(verdict, "fresh ");
    assert!(cors.unwrap().preflight.unwrap().method_refused);
    world.finish().await;
}

#[tokio::test]
async fn what_a_rule_makes_of_the_headers_has_its_cause() {
    let rule = || EdgeRule::new("/news.txt", EdgeAnswer::Usual);
    let any = || rule().header("access-control-allow-origin", "*");
    for (rule, expected) in [
        (rule().header("access-control-allow-origin", "https://b.example"), "broken cors_other_origin"),
        (any().header("access-control-allow-credentials", "true"), "broken cors_credentials_with_any"),
        (EdgeRule { method: Some("GET".to_owned()), ..any() }, "broken cors_preflight_refused"),
    ] {
        let world = self::world(methods).await;
        world.sandbox.set_edge_rules(vec![rule]);
        assert_eq!(checked(&world).await.0, expected);
        world.finish().await;
    }
}

#[tokio::test]
async fn an_error_is_its_own_cause_and_says_what_browsers_call_it() {
    let world = world(|workshop| workshop.cors = cors(ORIGIN, CorsBy::Policy)).await;
    let id = invalidate(&world, "/news.txt", || {
        world.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::MissingKey)]);
    })
    .await;
    assert_eq!(verdict(&world, &id).await, "broken signature_required");
    let step = run(&world, &id).await.urls.remove(0).step;
    assert!(step.contains("Browsers report this error as one of CORS"), "{step}");
    assert!(preflights(&world).is_empty(), "it would tell nothing more");
    world.finish().await;
}

#[tokio::test]
async fn without_an_origin_nobody_asks_more_and_what_is_stale_is_not_asked() {
    let world = world(methods).await;
    let keeps = EdgeRule { ignores_invalidations: true, ..EdgeRule::new("/news.txt", EdgeAnswer::Usual) };
    world.sandbox.set_edge_rules(vec![keeps]);
    assert_eq!(checked(&world).await, ("stale old_at_edge".to_owned(), None));
    world.sandbox.set_edge_rules(Vec::new());
    set(&world, &CheckSettings::default()).await;
    world.advance(Duration::from_mins(1));
    publish(&world, "news.txt", "older");
    cached(&world, "/news.txt").await;
    assert_eq!(checked(&world).await, ("fresh ".to_owned(), None));
    assert!(preflights(&world).is_empty());
    world.finish().await;
}
