//! Edge locations that people name are asked from the server too, and count where they answer themselves.

use std::collections::HashSet;

use cloudfront_sandbox::{EdgeAnswer, EdgeRule};
use unstale::domain::{
    audit::Action,
    checks::{CheckRunState, CheckSettings, EdgeLocation, Freshness, LookFailure, UrlCheck, Verdict},
};

use crate::support::{
    WORKSHOP, World,
    checked::{cached, check_run as run, invalidate_and_check as invalidate, publish, set_checks as set},
    seconds,
};

const FRANKFURT: &str = "d12345678.FRA50-C1.cloudfront.net";
const TOKYO: &str = "d12345678.NRT20-P2.cloudfront.net";

fn asking(names: &[&str]) -> CheckSettings {
    let edge_locations = names.iter().map(|name| EdgeLocation::parse(name).unwrap()).collect();
    CheckSettings { edge_locations, ..CheckSettings::default() }
}

/// A world with an old page that viewers here, in Frankfurt and in Tokyo got.
async fn world(names: &[&str]) -> World {
    let world = World::copied(crate::support::Setup::default()).await;
    set(&world, &asking(names)).await;
    publish(&world, "news.html", "old");
    let host = world.distribution(WORKSHOP).await.domain_name;
    for name in [FRANKFURT, TOKYO] {
        let address = format!("{}/news.html", world.sandbox.edge_url());
        let request =
            reqwest::Client::new().get(address).header("host", &host).header("x-resolved-name", name);
        request.send().await.unwrap();
    }
    cached(&world, "/news.html").await;
    world
}

async fn renewed(world: &World) -> unstale::domain::id::InvalidationId {
    invalidate(world, "/news.html", || publish(world, "news.html", "new")).await
}

/// What each edge location proves.
fn elsewhere(check: &UrlCheck) -> Vec<(&str, Verdict)> {
    check.elsewhere.iter().map(|one| (one.vantage.as_str(), one.judgement.unwrap().verdict)).collect()
}

/// The edge locations that do not count, and why.
fn silent(check: &UrlCheck) -> Vec<(&str, String)> {
    check.silent.iter().map(|one| (one.location.as_str(), one.describe())).collect()
}

/// What the history says of the verdicts.
async fn told(world: &World) -> Vec<String> {
    let events = world.history().await.into_iter().map(|one| one.event);
    let finished = events.filter(|event| event.action == Action::CheckFinished);
    finished.map(|event| format!("{} {} {}", event.old, event.new, event.note)).collect()
}

/// Frankfurt keeps on serving its old copy.
fn old_in_frankfurt() -> EdgeRule {
    EdgeRule::new("/news.html", EdgeAnswer::Fixed)
        .host(FRANKFURT)
        .status(200)
        .body("old")
        .header("Age", "5000")
        .header("X-Cache", "Hit from cloudfront")
}

#[tokio::test]
async fn locations_that_answer_count_as_places_of_their_own() {
    let world = world(&["FRA50-C1", "NRT20-P2"]).await;
    let id = renewed(&world).await;
    let run = run(&world, &id).await;
    assert_eq!((run.freshness, run.state), (Freshness::Fresh, CheckRunState::Done), "{run:?}");
    let both = [("FRA50-C1", Verdict::Fresh), ("NRT20-P2", Verdict::Fresh)];
    assert_eq!((elsewhere(&run.urls[0]), silent(&run.urls[0])), (both.to_vec(), Vec::new()));
    let pops = run.urls[0].elsewhere.iter().map(|one| one.after.answer().unwrap().pop.clone().unwrap());
    assert_eq!(pops.collect::<Vec<_>>(), ["FRA50-C1", "NRT20-P2"]);
    assert_eq!(told(&world).await, ["pending fresh 1 fresh"]);
    world.finish().await;
}

#[tokio::test]
async fn one_stale_location_is_named_until_it_is_fresh_too() {
    let world = world(&["NRT20-P2", "FRA50-C1"]).await;
    world.sandbox.set_edge_rules(vec![old_in_frankfurt()]);
    let id = renewed(&world).await;
    let stale = run(&world, &id).await;
    assert_eq!((stale.freshness, stale.state), (Freshness::Stale, CheckRunState::After), "{stale:?}");
    assert_eq!(stale.urls[0].judgement.unwrap().verdict, Verdict::Fresh);
    let places = [("FRA50-C1", Verdict::Stale), ("NRT20-P2", Verdict::Fresh)];
    assert_eq!(elsewhere(&stale.urls[0]), places);
    assert!(!stale.urls[0].elsewhere[0].step.is_empty());

    // It does not answer in the next round: what it served may still be there.
    world.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::Close).host(FRANKFURT)]);
    world.advance(seconds(70));
    world.check().await;
    let silenced = run(&world, &id).await;
    assert_eq!(silenced.freshness, Freshness::Stale);
    assert_eq!(elsewhere(&silenced.urls[0]), places);
    let why = "connection reset, or no HTTP".to_owned();
    assert_eq!(silent(&silenced.urls[0]), [("FRA50-C1", why)]);

    world.sandbox.set_edge_rules(Vec::new());
    world.advance(seconds(330));
    world.check().await;
    let fresh = run(&world, &id).await;
    assert_eq!((fresh.freshness, silent(&fresh.urls[0])), (Freshness::Fresh, Vec::new()), "{fresh:?}");
    let wanted = [
        "pending fresh 1 fresh",
        "fresh stale 1 fresh; FRA50-C1: 1 stale; NRT20-P2: 1 fresh",
        "stale fresh 1 fresh; FRA50-C1: 1 fresh; NRT20-P2: 1 fresh",
    ];
    assert_eq!(told(&world).await, wanted);
    world.finish().await;
}

#[tokio::test]
async fn a_location_that_gives_no_answer_of_its_own_counts_for_nothing() {
    // The first is one that the stand-in does not know; it answers from its own.
    let world = world(&["XXX99-X9", "FRA50-C1", "NRT20-P2"]).await;
    let broken = EdgeRule::new("/news.html", EdgeAnswer::LambdaError).host(FRANKFURT);
    let nameless = EdgeRule::new("/news.html", EdgeAnswer::Usual).host(TOKYO).without("x-amz-cf-pop");
    world.sandbox.set_edge_rules(vec![broken.header("x-amz-cf-pop", "FRA50-C2"), nameless]);
    let id = renewed(&world).await;
    let run = run(&world, &id).await;
    assert_eq!((run.freshness, run.state), (Freshness::Fresh, CheckRunState::Done), "nobody waits for it");
    assert_eq!(elsewhere(&run.urls[0]), []);
    let wanted = [
        ("FRA50-C1", "FRA50-C2 answered in its place".to_owned()),
        ("NRT20-P2", "the answer names no edge location".to_owned()),
        ("XXX99-X9", "SBX50-P1 answered in its place".to_owned()),
    ];
    assert_eq!(silent(&run.urls[0]), wanted);
    assert_eq!(told(&world).await, ["pending fresh 1 fresh"]);
    world.finish().await;
}

#[tokio::test]
async fn a_distribution_without_such_names_is_not_asked() {
    let world = world(&["FRA50-C1"]).await;
    let moved = format!("UPDATE distribution SET domain_name = 'app.example.org' WHERE id = '{WORKSHOP}'");
    world.database.raw().await.run(&moved).await.unwrap();
    let id = renewed(&world).await;
    let run = run(&world, &id).await;
    assert_eq!(silent(&run.urls[0]), [("FRA50-C1", "it was not asked".to_owned())]);
    assert_eq!(run.urls[0].silent[0].look.outcome, Err(LookFailure::NotLooked));
    world.finish().await;
}

#[tokio::test]
async fn nobody_waits_for_a_location_that_hangs() {
    let world = world(&["FRA50-C1"]).await;
    world.check().await;
    let id = world.request("/news.html").await;
    world.check().await;
    publish(&world, "news.html", "new");
    world.submit().await;
    world.advance(seconds(25));
    world.poll().await;
    world.advance(seconds(1));
    world.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::Hang).host(FRANKFURT)]);
    let known = async {
        while run(&world, &id).await.freshness != Freshness::Fresh {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        biased;
        () = known => {}
        _ = world.check() => panic!("the verdict came with the location's end"),
    }
    assert_eq!(silent(&run(&world, &id).await.urls[0]), [], "it still hangs");
    world.check().await;
    let run = run(&world, &id).await;
    assert_eq!((run.freshness, run.state), (Freshness::Fresh, CheckRunState::Done));
    assert_eq!(silent(&run.urls[0]), [("FRA50-C1", "no whole answer in time".to_owned())]);
    world.finish().await;
}

#[tokio::test]
async fn looks_at_locations_are_bounded() {
    let world = world(&["FRA50-C1", "NRT20-P2", "SYD1-C1", "SIN2-P6", "IAD89-C1"]).await;
    let many: Vec<String> = (0..12).map(|number| format!("/{number}.html")).collect();
    let id = invalidate(&world, &many.join("\n"), || {}).await;
    let views = world.sandbox.views();
    let asked = views.iter().filter_map(|view| Some((view.headers.get("x-resolved-name")?, &view.target)));
    // Those of `world` itself are at another page.
    let asked: Vec<_> = asked.filter(|(_, target)| *target != "/news.html").collect();
    let each: HashSet<_> = asked.iter().collect();
    assert_eq!((each.len(), asked.len() <= 100), (50, true), "{each:?}");
    assert!(run(&world, &id).await.urls[..10].iter().all(|check| check.elsewhere.len() == 5));

    set(&world, &CheckSettings::default()).await;
    let before = world.sandbox.views().len();
    renewed(&world).await;
    let views = world.sandbox.views().split_off(before);
    assert!(!views.iter().any(|view| view.headers.contains_key("x-resolved-name")), "{views:?}");
    world.finish().await;
}
