//! The URLs of an invalidation are fetched once when it has completed, where the request asks for it.

use std::time::{Duration, Instant};

use cloudfront_sandbox::{EdgeAnswer, EdgeRule, FaultKind};
use unstale::{
    commands::{self, Requested},
    domain::{
        audit::{Action, Event, Outcome},
        checks::{CheckSettings, Warming, WarmingEnd, WarmingState},
        id::InvalidationId,
    },
    store::checks::warming,
};

use super::checks::configure;
use crate::support::{
    WORKSHOP, World, acting,
    checked::{publish, set_checks},
    no_override,
};

/// Asks for these lines and for warming.
async fn ask(world: &World, typed: &str) -> InvalidationId {
    let mut new = world.new_invalidation(WORKSHOP, typed).await;
    new.warm = true;
    let requested = commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap();
    assert_eq!(requested, Requested::New(new.id.clone(), world.now()));
    new.id
}

/// Lets CloudFront complete what was asked for.
async fn complete(world: &World) {
    world.submit().await;
    world.advance(Duration::from_secs(25));
    world.poll().await;
}

async fn of(world: &World, id: &InvalidationId) -> Warming {
    world.database.get(async |conn| warming::find(conn, id).await).await.unwrap()
}

/// Asks for it, and lets it be completed and warmed.
async fn warmed(world: &World, typed: &str) -> Warming {
    let id = ask(world, typed).await;
    complete(world).await;
    world.warm().await;
    of(world, &id).await
}

/// Paths that were asked for at the edge, with the query strings, in order.
fn asked(world: &World) -> Vec<String> {
    let mut all: Vec<String> = world.sandbox.views().into_iter().map(|view| view.target).collect();
    all.sort();
    all
}

async fn told(world: &World) -> Vec<Event> {
    let history = world.history().await.into_iter().map(|chained| chained.event);
    history.filter(|event| event.action == Action::WarmingFinished).collect()
}

/// What a browser gets of a page.
async fn x_cache(world: &World, path: &str) -> String {
    let host = world.distribution(WORKSHOP).await.domain_name;
    let address = format!("{}{path}", world.sandbox.edge_url());
    let request = reqwest::Client::new().get(address).header("host", host);
    let answer = request.header("accept-encoding", "gzip, deflate, br").send().await.unwrap();
    answer.headers()["x-cache"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn after_warming_the_next_viewer_gets_it_from_the_edge() {
    let world = World::new().await;
    // Large enough to be compressed, which makes another object of it.
    configure(&world, |workshop| workshop.encodings = vec!["gzip".to_owned()]).await;
    publish(&world, "news.html", &"news ".repeat(400));
    x_cache(&world, "/news.html").await;
    let id = world.request("/news.html").await;
    complete(&world).await;
    world.warm().await;
    assert_eq!(x_cache(&world, "/news.html").await, "Miss from cloudfront", "nobody asked for warming");
    assert_eq!(world.database.get(async |conn| warming::find(conn, &id).await).await, None);

    let done = warmed(&world, "/news.html").await;
    assert_eq!(x_cache(&world, "/news.html").await, "Hit from cloudfront");
    assert_eq!((done.state, done.ended), (WarmingState::Done, Some(WarmingEnd::Finished)));
    assert_eq!((done.planned, done.fetched, done.failed, done.left_out), (1, 1, 0, 0));
    assert_eq!(done.finished_at, Some(world.now()));
    let told = told(&world).await;
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].note.as_str(), told[0].outcome), ("1 of 1 URL fetched.", Outcome::Done));
    assert_eq!(told[0].invalidation, Some(done.invalidation));
    world.finish().await;
}

#[tokio::test]
async fn nothing_is_fetched_before_cloudfront_has_completed_it() {
    let world = World::new().await;
    let id = ask(&world, "/news.html").await;
    world.warm().await;
    world.submit().await;
    world.warm().await;
    assert_eq!((asked(&world), of(&world, &id).await.state), (Vec::new(), WarmingState::Waiting));
    world.advance(Duration::from_secs(25));
    world.poll().await;
    world.warm().await;
    world.warm().await;
    assert_eq!(asked(&world), ["/news.html"]);
    world.finish().await;
}

#[tokio::test]
async fn each_url_is_fetched_once_as_it_is_spelled_and_what_fails_is_counted() {
    let world = World::new().await;
    for name in ["a~b.html", "b.html", "c.html"] {
        publish(&world, name, "x");
    }
    let begun = Instant::now();
    let done = warmed(&world, "/a%7Eb.html\n/b.html\n/c.html\n/missing-1\n/missing-2").await;
    assert!(begun.elapsed() >= Duration::from_secs(1), "three pairs have two pauses of half a second");
    assert_eq!(asked(&world), ["/a%7Eb.html", "/b.html", "/c.html", "/missing-1", "/missing-2"]);
    assert_eq!(done.describe(), "3 of 5 URLs fetched, 2 failed (403).");
    assert_eq!(told(&world).await[0].note, done.describe());
    let view = world.sandbox.views().remove(0);
    assert_eq!((view.method.as_str(), view.headers["accept-encoding"].as_str()), ("GET", "gzip, br"));
    world.finish().await;
}

#[tokio::test]
async fn what_is_cancelled_is_not_fetched_and_that_is_said() {
    let world = World::new().await;
    let id = ask(&world, "/news.html").await;
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    world.warm().await;
    let done = of(&world, &id).await;
    assert_eq!((done.state, done.ended), (WarmingState::Done, Some(WarmingEnd::Cancelled)));
    let told = told(&world).await;
    assert_eq!(told[0].note, "Not done: the invalidation was cancelled.");
    assert_eq!(told[0].outcome, Outcome::Failed);
    assert!(asked(&world).is_empty());
    world.finish().await;
}

#[tokio::test]
async fn what_was_refused_and_is_tried_again_is_fetched_then() {
    let world = World::new().await;
    publish(&world, "news.html", "x");
    let id = ask(&world, "/news.html").await;
    world.next_create(FaultKind::AccessDenied);
    world.submit().await;
    assert_eq!(world.state(&id).await, "failed");
    world.warm().await;
    assert_eq!(of(&world, &id).await.ended, Some(WarmingEnd::Refused));
    commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await.unwrap();
    let again = of(&world, &id).await;
    assert_eq!((again.state, again.ended, again.due_at), (WarmingState::Waiting, None, None));
    complete(&world).await;
    world.warm().await;
    assert_eq!(of(&world, &id).await.fetched, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_process_that_is_ended_fetches_nothing_twice_when_it_begins_anew() {
    let mut world = World::new().await;
    let names: Vec<String> = (0..6).map(|number| format!("page-{number}.html")).collect();
    for name in &names {
        publish(&world, name, "x");
    }
    let id = ask(&world, &names.join("\n")).await;
    complete(&world).await;
    world.begin_to_warm().await;
    while of(&world, &id).await.fetched < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // It rests after the first pair.
    world.restart().await;
    let half = of(&world, &id).await;
    assert_eq!((half.state, half.planned, half.fetched), (WarmingState::Running, 6, 2));
    world.warm().await;
    assert_eq!(of(&world, &id).await.fetched, 6);
    let mut wanted: Vec<String> = names.iter().map(|name| format!("/{name}")).collect();
    wanted.sort();
    assert_eq!(asked(&world), wanted);
    world.finish().await;
}

#[tokio::test]
async fn a_site_that_hangs_ends_it_with_the_reason() {
    let world = World::new().await;
    world.sandbox.set_edge_rules(vec![EdgeRule::new("*", EdgeAnswer::Hang)]);
    let done = warmed(&world, "/a\n/b\n/c\n/d").await;
    assert_eq!((done.ended, done.failed, done.planned), (Some(WarmingEnd::SiteHangs), 2, 4));
    let told = told(&world).await;
    assert!(told[0].note.starts_with("Stopped: the site did not answer in time."), "{}", told[0].note);
    assert_eq!(told[0].outcome, Outcome::Failed);
    world.finish().await;
}

#[tokio::test]
async fn of_a_wildcard_the_urls_of_the_sitemap_are_fetched() {
    let world = World::new().await;
    let host = world.distribution(WORKSHOP).await;
    let host = host.aliases.first().unwrap_or(&host.domain_name).clone();
    std::fs::create_dir_all(world.sandbox.origin_of(WORKSHOP).unwrap().join("news")).unwrap();
    for name in ["news/1.html", "news/2.html", "news/set.html", "shop.html"] {
        publish(&world, name, "x");
    }
    let url = |path: &str| format!("<url><loc>https://{host}{path}</loc></url>");
    let index = format!(
        "<sitemapindex><sitemap><loc>https://{host}/map-1.xml</loc></sitemap>\
         <sitemap><loc>https://elsewhere.example.org/map-2.xml</loc></sitemap></sitemapindex>"
    );
    publish(&world, "sitemap.xml", &index);
    let named = [url("/news/1.html"), url("/news/2.html"), url("/shop.html")].concat();
    publish(&world, "map-1.xml", &format!("<?xml version=\"1.0\"?><urlset>{named}</urlset>"));
    let settings = CheckSettings { urls: vec!["/news/set.html".to_owned()], ..CheckSettings::default() };
    set_checks(&world, &settings).await;
    let done = warmed(&world, "/news/*").await;
    assert_eq!(
        asked(&world),
        ["/map-1.xml", "/news/1.html", "/news/2.html", "/news/set.html", "/sitemap.xml"]
    );
    assert_eq!((done.planned, done.fetched), (3, 3));
    // The file at another host was not read.
    assert!(done.describe().contains("The sitemap is larger than what is read of it"), "{}", done.describe());
    world.finish().await;
}

#[tokio::test]
async fn where_nothing_is_known_of_what_is_covered_that_is_said() {
    let world = World::new().await;
    let none = warmed(&world, "/news/*").await;
    assert_eq!(none.ended, Some(WarmingEnd::NothingKnown));
    assert!(none.describe().contains("There is no sitemap at /sitemap.xml"), "{}", none.describe());
    let off = CheckSettings { enabled: false, ..CheckSettings::default() };
    set_checks(&world, &off).await;
    assert_eq!(warmed(&world, "/a").await.ended, Some(WarmingEnd::NotAsked));
    assert_eq!(asked(&world), ["/sitemap.xml"]);
    world.finish().await;
}

#[tokio::test]
async fn the_same_key_with_warming_is_another_request() {
    let world = World::new().await;
    let first = world.new_invalidation(WORKSHOP, "/a").await;
    commands::request_invalidation(&world.command_context, &acting(), &first).await.unwrap();
    let mut second = world.new_invalidation(WORKSHOP, "/a").await;
    second.request_key = first.request_key.clone();
    second.warm = true;
    let requested = commands::request_invalidation(&world.command_context, &acting(), &second).await.unwrap();
    assert_eq!(requested, Requested::KeyUsedForAnother);
    world.finish().await;
}
