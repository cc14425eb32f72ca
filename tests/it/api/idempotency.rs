//! The same request again, and many at once: each is there once.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use cloudfront_sandbox::{Fault, FaultKind};
use futures_util::future::join_all;
use serde_json::{Value, json};
use unstale::{
    api::{FIRST_REQUEST, REPLAYED},
    commands::{self, CommandError},
    domain::{
        access::Role,
        actor::{Acting, Origin},
        audit::Action,
        distributions::protection::Guard,
        id::InvalidationId,
        invalidations::{idempotency::IdempotencyKey, quotas::Quotas},
    },
    store::{invalidations::idempotency, tokens},
};

use super::program::{Program, json, problem};
use crate::support::{SHOP, TestApp, WORKSHOP, shell};

#[tokio::test]
async fn five_hundred_posts_with_one_key_are_one_invalidation() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    program.get("/api/v1/distributions").await.assert_status(200);
    let body = json!({"distribution": WORKSHOP, "items": ["/a"], "reason": "once"});
    let answers = join_all((0..500).map(|_| program.request("one", &body))).await;
    let different: BTreeSet<(u16, String)> =
        answers.into_iter().map(|answer| (answer.status, answer.body)).collect();
    assert_eq!(different.len(), 1, "{different:?}");
    assert_eq!(different.first().unwrap().0, 202);
    assert_eq!(app.world.recent().await.len(), 1);
    app.world.live(40).await;
    assert_eq!(app.world.at_cloudfront(WORKSHOP), 1);
    let later = program.request("one", &body).await;
    assert_eq!(&(later.status, later.body), different.first().unwrap());
    app.finish().await;
}

#[tokio::test]
async fn an_answer_from_before_says_so_and_since_when() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let body = json!({"distribution": WORKSHOP, "items": ["/a"]});
    let first = program.request("one", &body).await;
    assert_eq!((first.header(REPLAYED), first.header(FIRST_REQUEST)), (None, None));
    let at = app.world.now().to_string();
    app.world.live(40).await;
    let again = program.request("one", &body).await;
    assert_eq!((again.status, &again.body), (202, &first.body));
    assert_eq!((again.header(REPLAYED), again.header(FIRST_REQUEST)), (Some("true"), Some(at.as_str())));
    assert_eq!(app.world.creates().len(), 1);
    let other = program.request("two", &body).await;
    assert_eq!((other.status, other.header(REPLAYED)), (202, None), "another attempt is another request");
    app.world.live(40).await;
    assert_eq!(app.world.creates().len(), 2);

    // What was held back, and what waits for a second person, comes back in the same way.
    app.protect(WORKSHOP, |protection| protection.cool_down = Duration::from_mins(10)).await;
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    let wide = json!({"distribution": SHOP, "items": ["/*"]});
    for (key, body, status) in [("three", &body, 200), ("four", &wide, 202)] {
        let first = program.request(key, body).await;
        assert_eq!((first.status, first.header(REPLAYED)), (status, None), "{key}");
        let again = program.request(key, body).await;
        assert_eq!((again.status, again.header(REPLAYED)), (status, Some("true")), "{key}");
        assert_eq!(json(&again)["id"], json(&first)["id"]);
    }
    app.finish().await;
}

/// A request of which CloudFront refused every batch.
async fn refused(app: &TestApp, program: &Program, key: &str) -> (Value, String) {
    let body = json!({"distribution": WORKSHOP, "items": ["/a", "/b"]});
    app.world.next_create(FaultKind::AccessDenied);
    let id = json(&program.request(key, &body).await)["id"].as_str().unwrap().to_owned();
    app.world.submit().await;
    (body, id)
}

#[tokio::test]
async fn what_cloudfront_refused_is_tried_again_under_its_key_once() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let (body, id) = refused(&app, &program, "one").await;
    let invalidation = InvalidationId::parse(&id).unwrap();
    assert_eq!(app.world.state(&invalidation).await, "failed");
    let at = app.world.invalidation(&invalidation).await.requested_at.to_string();
    let reference = app.world.batch(&invalidation).await.caller_reference;
    let answers = join_all((0..50).map(|_| program.request("one", &body))).await;
    let retried: Vec<_> = answers.iter().filter(|answer| answer.header(REPLAYED).is_none()).collect();
    assert_eq!(retried.len(), 1, "of many at once one is the retry");
    assert_eq!((retried[0].status, retried[0].header(FIRST_REQUEST)), (202, Some(at.as_str())));
    assert!(answers.iter().all(|answer| answer.status == 202 && json(answer)["id"] == id.as_str()));
    app.world.live(40).await;
    assert_eq!(app.world.state(&invalidation).await, "completed");
    assert_eq!(app.world.batch(&invalidation).await.caller_reference, reference);
    let events = app.world.events(&invalidation).await;
    assert_eq!(events.iter().filter(|event| **event == "invalidation.retried").count(), 1, "{events:?}");
    let after = program.request("one", &body).await;
    assert_eq!(after.header(REPLAYED), Some("true"), "what was completed is not tried again");
    assert_eq!(app.world.at_cloudfront(WORKSHOP), 1);
    problem(
        &program.request("one", &json!({"distribution": WORKSHOP, "items": ["/c"]})).await,
        422,
        "key-used-for-another",
    );
    app.finish().await;
}

#[tokio::test]
async fn a_retry_asks_for_rights_and_bounds_anew() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let (body, id) = refused(&app, &program, "one").await;
    let invalidation = InvalidationId::parse(&id).unwrap();
    let other = Program::new(&app, "other", Role::Operator, &[]).await;
    assert_ne!(json(&other.request("one", &body).await)["id"], id.as_str(), "keys are each actor's own");
    app.world.submit().await;
    // Tried again two days later it counts as much as a new one.
    let bounded = app.world.command_context.clone().with_quotas(Quotas { daily_items: Some(1) });
    app.world.advance(Duration::from_hours(48));
    let token = app.world.database.get(async |conn| tokens::find(conn, &program.id).await).await.unwrap();
    let kept = app.world.new_invalidation(WORKSHOP, "/a\n/b").await;
    let acting = Acting { actor: token.actor(), origin: Origin::default() };
    let key = IdempotencyKey::parse("one").unwrap().request_key(&token.actor());
    let found = app.world.database.get(async |conn| idempotency::find(conn, &key).await).await.unwrap();
    let mut again = kept.clone();
    (again.request_key, again.fingerprint) = (key, Some(found.fingerprint));
    let refused = commands::request_invalidation(&bounded, &acting, &again).await;
    assert!(matches!(refused, Err(CommandError::NotAllowed(_))), "{refused:?}");
    assert_eq!(app.world.state(&invalidation).await, "failed");
    commands::revoke_token(&app.world.command_context, &shell(), &program.id).await.unwrap();
    assert_eq!(program.request("one", &body).await.status, 401);
    let refused = commands::request_invalidation(&app.world.command_context, &acting, &again).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(app.world.state(&invalidation).await, "failed");
    app.finish().await;
}

#[tokio::test]
async fn what_was_accepted_in_part_is_not_tried_again_by_its_key() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    // Two batches: more wildcards than one may have.
    let items: Vec<String> = (0..20).map(|number| format!("/{number}/*")).collect();
    let body = json!({"distribution": WORKSHOP, "items": items});
    let id = json(&program.request("one", &body).await)["id"].as_str().unwrap().to_owned();
    let invalidation = InvalidationId::parse(&id).unwrap();
    app.world.submit_once().await;
    app.world.fault(Fault::new("CreateInvalidation", FaultKind::AccessDenied).times(1));
    app.world.live(90).await;
    assert_eq!(app.world.state(&invalidation).await, "failed");
    let again = program.request("one", &body).await;
    assert_eq!((again.status, again.header(REPLAYED)), (202, Some("true")));
    assert_eq!(app.world.state(&invalidation).await, "failed", "a person presses Retry");
    app.finish().await;
}

#[tokio::test]
async fn a_key_with_another_body_is_refused_and_other_tokens_have_their_own() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let other = Program::new(&app, "other", Role::Operator, &[]).await;
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
    assert_eq!(app.world.recent().await.len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn a_thousand_requests_of_fifty_tokens_are_all_there_and_none_twice() {
    let app = TestApp::new().await;
    let mut programs = Vec::new();
    for number in 0..50 {
        programs.push(Program::new(&app, &format!("t{number}"), Role::Operator, &[]).await);
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
    let recent = app.world.recent().await;
    assert_eq!(recent.len(), 1_000);
    // Fair: whoever asks is taken in turn. Of the first half that was accepted each has its fiftieth, or nearly.
    let history = app.world.history().await;
    let accepted = history.iter().filter(|one| one.event.action == Action::InvalidationRequested);
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for one in accepted.take(500) {
        *first.entry(one.event.acting.actor.name()).or_default() += 1;
    }
    assert_eq!(first.len(), 50, "{first:?}");
    assert!(first.values().all(|share| (7..=13).contains(share)), "{first:?}");
    app.finish().await;
}
