//! The check-up of a distribution: what the sync read, what the looks saw, and what the history says of it.

use std::time::{Duration, Instant};

use cloudfront_sandbox::{EdgeAnswer, EdgeRule, ErrorPage, OriginAccess, ViewerProtocolPolicy};
use unstale::{
    commands::{self, CommandError},
    domain::{
        audit::Action,
        checks::{CheckUp, Finding, FindingName, FindingState, check_up::KeyKind},
        id::DistributionId,
    },
    store::checks::check_up,
};

use super::checks::configure;
use crate::support::{
    WORKSHOP, World, acting,
    checked::{publish, unpublish},
};

const KEY: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";

fn workshop() -> DistributionId {
    DistributionId::parse(WORKSHOP).unwrap()
}

async fn ask(world: &World) -> Result<(), CommandError> {
    commands::ask_for_check_up(&world.command_context, &acting(), &workshop()).await
}

async fn last(world: &World) -> CheckUp {
    world.database.get(async |conn| check_up::find(conn, &workshop()).await).await.unwrap()
}

/// Asks for looks, makes them, and returns them.
async fn looked(world: &World) -> CheckUp {
    ask(world).await.unwrap();
    world.check().await;
    let last = last(world).await;
    assert!(!last.is_open, "{last:?}");
    last
}

async fn finding(world: &World, name: FindingName) -> Finding {
    let distribution = world.distribution(WORKSHOP).await;
    let last = world.database.get(async |conn| check_up::find(conn, &workshop()).await).await;
    let all = unstale::domain::checks::check_up(&distribution, last.as_ref().and_then(CheckUp::looks));
    all.into_iter().find(|finding| finding.name == name).unwrap()
}

async fn state(world: &World, name: FindingName) -> FindingState {
    finding(world, name).await.state
}

#[tokio::test]
async fn what_the_sync_read_is_found_without_a_look() {
    let world = World::new().await;
    configure(&world, |workshop| {
        workshop.origin_access = OriginAccess::Oai;
        workshop.viewer_protocol_policy = Some(ViewerProtocolPolicy::AllowAll);
        workshop.log_bucket = "logs.s3.amazonaws.com".to_owned();
        workshop.min_ttl = 7_200;
        workshop.default_root_object = String::new();
        workshop.error_pages = vec![ErrorPage {
            error_code: 403,
            response_code: Some(200),
            response_page_path: Some("/index.html".to_owned()),
            error_caching_min_ttl: 10,
        }];
    })
    .await;
    for (name, expected) in [
        (FindingName::Deployed, FindingState::Good),
        (FindingName::OriginAccess, FindingState::Advice),
        (FindingName::HttpsOnly, FindingState::Problem),
        (FindingName::StandardLogs, FindingState::Good),
        (FindingName::MinTtl, FindingState::Advice),
        (FindingName::DefaultRootObject, FindingState::Problem),
        (FindingName::ErrorPages, FindingState::Advice),
        (FindingName::BucketPastCloudFront, FindingState::Unknown),
        (FindingName::KeyInScript, FindingState::Unknown),
    ] {
        assert_eq!(state(&world, name).await, expected, "{name:?}");
    }
    assert!(finding(&world, FindingName::OriginAccess).await.found.contains("E127EXAMPLE51Z"));
    configure(&world, |workshop| {
        workshop.origin_access = OriginAccess::Oac;
        workshop.viewer_protocol_policy = Some(ViewerProtocolPolicy::HttpsOnly);
        workshop.log_bucket = String::new();
        workshop.min_ttl = 0;
    })
    .await;
    for (name, expected) in [
        (FindingName::OriginAccess, FindingState::Good),
        (FindingName::HttpsOnly, FindingState::Good),
        (FindingName::StandardLogs, FindingState::Unknown),
        (FindingName::MinTtl, FindingState::Good),
        (FindingName::CachePolicy, FindingState::Good),
    ] {
        assert_eq!(state(&world, name).await, expected, "{name:?}");
    }
    assert!(world.sandbox.views().is_empty(), "nothing was asked for");
    world.finish().await;
}

#[tokio::test]
async fn a_key_in_a_script_is_found_as_a_place() {
    let world = World::new().await;
    let page =
        "<!doctype html><script src=/app.js?v=secret></script><script src=lib.js></script><img src=a.png>";
    publish(&world, "index.html", page);
    publish(&world, "app.js", &format!("// App\nfetch(u, {{headers: {{'x-api-key': '{KEY}'}}}})"));
    publish(&world, "lib.js", "var id = 'AKIAIOSFODNN7EXAMPLE'");
    let before = world.head().await;
    let seen = looked(&world).await;
    let scripts = seen.looks().unwrap().scripts.clone().unwrap();
    assert_eq!((scripts.read, scripts.not_read, scripts.cut), (2, 0, 0));
    let places: Vec<_> = scripts.places.iter().map(|place| (place.line, place.kind)).collect();
    assert_eq!(places, [(2, KeyKind::ApiKey), (1, KeyKind::AccessKey)]);
    assert!(scripts.places[0].url.ends_with("/app.js"), "without its query: {scripts:?}");
    let stored = seen.looks().unwrap().to_json();
    assert!(!stored.contains(KEY) && !stored.contains("AKIA") && !stored.contains("v=secret"), "{stored}");
    assert_eq!(state(&world, FindingName::KeyInScript).await, FindingState::Problem);
    assert_eq!(world.events_after(before).await, ["check_up.requested", "check_up.finished"]);
    let mut history = world.history().await.into_iter();
    let told = history.find(|chained| chained.event.action == Action::CheckUpFinished).unwrap();
    assert!(told.event.note.starts_with("1 problem, "), "{}", told.event.note);
    let mut asked: Vec<String> = world.sandbox.views().into_iter().map(|view| view.target).collect();
    asked.sort();
    assert_eq!(asked, ["/", "/", "/app.js?v=secret", "/lib.js"], "no image, and the root by HTTP too");

    // The key was taken out, and one script does not load.
    publish(&world, "app.js", "// App");
    unpublish(&world, "lib.js");
    world.advance(Duration::from_hours(48));
    let scripts = looked(&world).await.looks().unwrap().scripts.clone().unwrap();
    assert_eq!((scripts.read, scripts.not_read, scripts.places.len()), (1, 1, 0));
    assert_eq!(state(&world, FindingName::KeyInScript).await, FindingState::Unknown);
    world.finish().await;
}

#[tokio::test]
async fn a_long_script_is_read_in_bounds() {
    let world = World::new().await;
    publish(&world, "index.html", "<!doctype html><script src=long.js></script>");
    let long = format!("{}\napiKey='{KEY}'", "x".repeat(300 * 1024));
    publish(&world, "long.js", &long);
    let scripts = looked(&world).await.looks().unwrap().scripts.clone().unwrap();
    assert_eq!((scripts.read, scripts.cut, scripts.places.len()), (1, 1, 0));
    assert_eq!(state(&world, FindingName::KeyInScript).await, FindingState::Unknown);
    // Beyond what other looks keep, and within what this one reads.
    publish(&world, "long.js", &long[100 * 1024..]);
    world.advance(Duration::from_hours(48));
    let scripts = looked(&world).await.looks().unwrap().scripts.clone().unwrap();
    assert_eq!((scripts.read, scripts.cut, scripts.places.len()), (1, 0, 1));
    world.finish().await;
}

#[tokio::test]
async fn the_root_is_asked_by_http_too_and_no_bucket_where_dns_is_replaced() {
    let world = World::new().await;
    publish(&world, "index.html", "<!doctype html>hello");
    configure(&world, |workshop| {
        workshop.viewer_protocol_policy = Some(ViewerProtocolPolicy::RedirectToHttps);
    })
    .await;
    let seen = looked(&world).await;
    let looks = seen.looks().unwrap();
    assert_eq!(looks.page.as_ref().unwrap().answer().unwrap().status, 200);
    assert_eq!(looks.plain_http.as_ref().unwrap().answer().unwrap().status, 301);
    assert!(looks.is_dns_replaced && looks.buckets.is_empty());
    assert!(finding(&world, FindingName::HttpsOnly).await.found.contains("leads from HTTP to HTTPS"));
    assert_eq!(state(&world, FindingName::BucketPastCloudFront).await, FindingState::Unknown);
    let hosts: Vec<String> = world.sandbox.views().into_iter().map(|view| view.host).collect();
    assert!(!hosts.iter().any(|host| host.contains("s3")), "{hosts:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_site_that_hangs_costs_little_and_holds_no_other_check() {
    let world = World::new().await;
    let tags: String = (0..30).map(|number| format!("<script src=/slow/{number}.js></script>")).collect();
    publish(&world, "index.html", &format!("<!doctype html>{tags}"));
    world.sandbox.set_edge_rules(vec![EdgeRule::new("/slow/*", EdgeAnswer::Hang)]);
    let begun = Instant::now();
    let scripts = looked(&world).await.looks().unwrap().scripts.clone().unwrap();
    // A look of this world has two seconds.
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!((scripts.read, scripts.not_read), (0, 30));
    world.finish().await;
}

#[tokio::test]
async fn looks_are_not_piled_up_and_not_made_for_what_serves_nobody() {
    let world = World::new().await;
    ask(&world).await.unwrap();
    assert!(matches!(ask(&world).await, Err(CommandError::CheckGoesOn)));
    world.check().await;
    assert!(!last(&world).await.is_open);
    let mut raw = world.database.raw().await;
    raw.run(&format!("UPDATE distribution SET tenant_only = TRUE WHERE id = '{WORKSHOP}'")).await.unwrap();
    assert!(matches!(ask(&world).await, Err(CommandError::TooLate)));
    world.finish().await;
}
