//! Redirects are followed to see whether they come to an end.

use cloudfront_sandbox::{EdgeAnswer, EdgeRule};

use super::checks::verdict;
use crate::support::{
    World,
    checked::{cached, invalidate_and_check as invalidate, publish},
};

fn to(path: &str, location: &str) -> EdgeRule {
    EdgeRule::new(path, EdgeAnswer::Origin).status(302).header("Location", location)
}

/// The verdict of `/a`, where these rules hold.
async fn checked(rules: Vec<EdgeRule>) -> (String, Vec<String>) {
    let world = World::new().await;
    publish(&world, "news.html", "a page");
    cached(&world, "/news.html").await;
    world.sandbox.set_edge_rules(rules);
    let id = invalidate(&world, "/a", || {}).await;
    let asked = world.sandbox.views().into_iter().map(|view| view.host).collect();
    let judged = verdict(&world, &id).await;
    world.finish().await;
    (judged, asked)
}

#[tokio::test]
async fn redirects_in_a_circle_are_broken() {
    for rules in [vec![to("/a", "/a#top")], vec![to("/a", "/b"), to("/b", "/c"), to("/c", "/b")]] {
        let (judged, _) = checked(rules.clone()).await;
        assert_eq!(judged, "broken redirect_loop", "{rules:?}");
    }
}

#[tokio::test]
async fn redirects_that_come_to_an_end_or_lead_elsewhere_are_no_circle() {
    for rules in [
        vec![to("/a", "/news.html")],
        vec![to("/a", "https://elsewhere.example.org/a")],
        // With its cookie, a browser gets the page.
        vec![to("/a", "/a").header("Set-Cookie", "seen=1")],
    ] {
        let (judged, asked) = checked(rules.clone()).await;
        assert!(!judged.starts_with("broken"), "{judged} {rules:?}");
        assert!(asked.iter().all(|host| !host.contains("elsewhere")), "{asked:?}");
    }
}
