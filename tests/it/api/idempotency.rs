//! The same request again, and many at once: each is there once.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::json;
use unstale::domain::{access::Role, audit::Action};

use super::program::{Program, json, problem};
use crate::support::{SHOP, Site, WORKSHOP};

#[tokio::test]
async fn five_hundred_posts_with_one_key_are_one_invalidation() {
    let site = Site::new().await;
    let program = Program::operator(&site).await;
    program.get("/api/v1/distributions").await.assert_status(200);
    let body = json!({"distribution": WORKSHOP, "items": ["/a"], "reason": "once"});
    let answers = join_all((0..500).map(|_| program.request("one", &body))).await;
    let different: BTreeSet<(u16, String)> =
        answers.into_iter().map(|answer| (answer.status, answer.body)).collect();
    assert_eq!(different.len(), 1, "{different:?}");
    assert_eq!(different.first().unwrap().0, 202);
    assert_eq!(site.world.recent().await.len(), 1);
    site.world.live(40).await;
    assert_eq!(site.world.at_cloudfront(WORKSHOP), 1);
    let later = program.request("one", &body).await;
    assert_eq!(&(later.status, later.body), different.first().unwrap());
    site.finish().await;
}

#[tokio::test]
async fn a_key_with_another_body_is_refused_and_other_tokens_have_their_own() {
    let site = Site::new().await;
    let program = Program::operator(&site).await;
    let other = Program::new(&site, "other", Role::Operator, &[]).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a"], "reason": "once"});
    let first = json(&program.request("k", &body).await);
    for another in [
        json!({"distribution": WORKSHOP, "items": ["/b"], "reason": "once"}),
        json!({"distribution": WORKSHOP, "items": ["/a"], "reason": "twice"}),
        json!({"distribution": SHOP, "items": ["/a"], "reason": "once"}),
    ] {
        problem(&program.request("k", &another).await, 422, "key-used-for-another");
    }
    assert_ne!(json(&other.request("k", &body).await)["id"], first["id"]);
    assert_eq!(site.world.recent().await.len(), 2);
    site.finish().await;
}

#[tokio::test]
async fn a_thousand_requests_of_fifty_tokens_are_all_there_and_none_twice() {
    let site = Site::new().await;
    let mut programs = Vec::new();
    for number in 0..50 {
        programs.push(Program::new(&site, &format!("t{number}"), Role::Operator, &[]).await);
    }
    let posts = programs.iter().enumerate().map(|(number, program)| async move {
        let mut ids = Vec::new();
        for turn in 0..20 {
            let body = json!({"distribution": WORKSHOP, "items": [format!("/{number}/{turn}")]});
            let answer = program.request(&format!("{turn}"), &body).await;
            answer.assert_status(202);
            ids.push(json(&answer)["id"].as_str().unwrap().to_owned());
        }
        ids
    });
    let ids: BTreeSet<String> = join_all(posts).await.into_iter().flatten().collect();
    assert_eq!(ids.len(), 1_000);
    let recent = site.world.recent().await;
    assert_eq!(recent.len(), 1_000);
    // Fair: whoever asks is taken in turn. Of the first half that was accepted each has its fiftieth, or nearly.
    let history = site.world.history().await;
    let accepted = history.iter().filter(|one| one.event.action == Action::InvalidationRequested);
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for one in accepted.take(500) {
        *first.entry(one.event.acting.actor.name.as_str()).or_default() += 1;
    }
    assert_eq!(first.len(), 50, "{first:?}");
    assert!(first.values().all(|share| (7..=13).contains(share)), "{first:?}");
    site.finish().await;
}
