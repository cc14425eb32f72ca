//! A page is judged by the files that it needs as well.

use std::{
    fmt::Write,
    time::{Duration, Instant},
};

use cloudfront_sandbox::{EdgeAnswer, EdgeRule, ErrorPage, View};
use unstale::domain::checks::Freshness;

use super::checks::{configure, verdict};
use crate::support::{
    World,
    checked::{cached, check_run as run, invalidate_and_check as invalidate, publish, unpublish},
};

/// A page with these tags, and one that differs from it.
fn pages(tags: &str) -> (String, String) {
    let page =
        |version: &str| format!("<!doctype html><html><head>{tags}</head><body>{version}</body></html>");
    (page("build 6"), page("build 7"))
}

/// What the checks asked for besides pages.
fn asked(world: &World) -> Vec<View> {
    let views = world.sandbox.views().into_iter();
    views.filter(|view| !view.target.contains(".html")).collect()
}

#[tokio::test]
async fn a_page_without_its_style_sheet_is_broken_until_it_is_there() {
    let world = World::new().await;
    let (old, new) =
        pages("<link rel=stylesheet href=site.css><script src=site.js></script><img src=site.png>");
    publish(&world, "news.html", &old);
    publish(&world, "site.js", "");
    publish(&world, "site.png", "");
    cached(&world, "/news.html").await;
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", &new)).await;
    assert_eq!(verdict(&world, &id).await, "broken reference_missing");
    let check = run(&world, &id).await.urls.remove(0);
    assert!(
        check.step.starts_with("The file /site.css answers with status 403. Check that"),
        "{}",
        check.step
    );
    let asked: Vec<String> = asked(&world).into_iter().map(|view| view.target).collect();
    assert_eq!(asked, ["/site.css", "/site.js", "/site.png"]);

    publish(&world, "site.css", "body {}");
    world.advance(Duration::from_mins(1));
    world.check().await;
    assert_eq!(verdict(&world, &id).await, "fresh ");
    world.finish().await;
}

#[tokio::test]
async fn what_two_pages_share_is_asked_once_and_as_a_browser_asks() {
    let world = World::new().await;
    let (old, new) =
        pages("<link rel=stylesheet href='/site.css?v=1'><link rel=preload as=style href='/site.css?v=1'>");
    for page in ["a.html", "b.html"] {
        publish(&world, page, &old);
        cached(&world, &format!("/{page}")).await;
    }
    publish(&world, "site.css", "body {}");
    let id = invalidate(&world, "/a.html\n/b.html", || {
        // The looks before the invalidation ask for pages alone.
        assert_eq!(asked(&world), []);
        publish(&world, "a.html", &new);
        publish(&world, "b.html", &new);
    })
    .await;
    assert_eq!(run(&world, &id).await.freshness, Freshness::Fresh);
    let asked = asked(&world);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].headers["referer"].ends_with("/a.html"), "{asked:?}");
    world.finish().await;
}

#[tokio::test]
async fn at_most_30_references_of_a_run_are_asked() {
    let world = World::new().await;
    let mut sides = Vec::new();
    for side in ["a", "b"] {
        let mut tags = String::new();
        for number in 0..20 {
            publish(&world, &format!("{side}{number}.png"), "");
            write!(tags, "<img src={side}{number}.png>").unwrap();
        }
        let (old, new) = pages(&tags);
        publish(&world, &format!("{side}.html"), &old);
        cached(&world, &format!("/{side}.html")).await;
        sides.push(new);
    }
    // What is not asked proves nothing.
    unpublish(&world, "b19.png");
    let id = invalidate(&world, "/a.html\n/b.html", || {
        publish(&world, "a.html", &sides[0]);
        publish(&world, "b.html", &sides[1]);
    })
    .await;
    assert_eq!(run(&world, &id).await.freshness, Freshness::Fresh);
    assert_eq!(asked(&world).len(), 30);
    world.finish().await;
}

#[tokio::test]
async fn an_error_page_in_place_of_a_script_is_not_the_script() {
    let world = World::new().await;
    world.check().await;
    configure(&world, |workshop| {
        workshop.error_pages = vec![ErrorPage {
            error_code: 403,
            response_code: Some(200),
            response_page_path: Some("/index.html".to_owned()),
            error_caching_min_ttl: 10,
        }];
    })
    .await;
    let (old, new) = pages("<script type=module src=/assets/app.5f2.js></script>");
    publish(&world, "news.html", &old);
    cached(&world, "/news.html").await;
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", &new)).await;
    assert_eq!(verdict(&world, &id).await, "broken reference_missing");
    let step = run(&world, &id).await.urls.remove(0).step;
    assert!(step.starts_with("The file /assets/app.5f2.js answers with another page"), "{step}");
    world.finish().await;
}

#[tokio::test]
async fn references_that_hang_do_not_hold_their_run() {
    let world = World::new().await;
    let tags: String = (0..10).map(|number| format!("<img src=/slow/{number}.png>")).collect();
    let (old, new) = pages(&tags);
    publish(&world, "news.html", &old);
    cached(&world, "/news.html").await;
    world.sandbox.set_edge_rules(vec![EdgeRule::new("/slow/*", EdgeAnswer::Hang)]);
    let begun = Instant::now();
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", &new)).await;
    // A look of this world has two seconds.
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(asked(&world).len(), 2);
    assert_eq!(verdict(&world, &id).await, "broken reference_missing");
    let step = run(&world, &id).await.urls.remove(0).step;
    assert!(step.starts_with("The file /slow/0.png gives no answer. 1 other file"), "{step}");
    world.finish().await;
}

#[tokio::test]
async fn a_script_by_http_is_broken_and_an_image_is_not() {
    let world = World::new().await;
    let (old, image) = pages("<img src=http://cdn.example/a.png>");
    publish(&world, "news.html", &old);
    cached(&world, "/news.html").await;
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", &image)).await;
    assert_eq!(verdict(&world, &id).await, "fresh ");
    let (new, _) = pages("<img src=http://cdn.example/a.png><script src=http://cdn.example/a.js></script>");
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", &new)).await;
    assert_eq!(verdict(&world, &id).await, "broken mixed_content");
    let step = run(&world, &id).await.urls.remove(0).step;
    assert!(step.contains("for http://cdn.example/a.js: in a page by https"), "{step}");
    world.finish().await;
}

#[tokio::test]
async fn a_page_that_is_stale_stays_so_and_its_references_are_not_asked() {
    let world = World::new().await;
    let (old, new) = pages("<link rel=stylesheet href=/missing.css>");
    publish(&world, "news.html", &old);
    cached(&world, "/news.html").await;
    let keeps = EdgeRule { ignores_invalidations: true, ..EdgeRule::new("/news.html", EdgeAnswer::Usual) };
    world.sandbox.set_edge_rules(vec![keeps]);
    let id = invalidate(&world, "/news.html", || publish(&world, "news.html", &new)).await;
    assert_eq!(verdict(&world, &id).await, "stale old_at_edge");
    assert_eq!(asked(&world), []);
    world.finish().await;
}
