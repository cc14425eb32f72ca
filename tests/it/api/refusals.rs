//! What is turned away is in the history, once, with the token's name and never its secret; and who sees it there.

use std::time::Duration;

use serde_json::json;
use tokio_stream::StreamExt;
use unstale::{
    commands::{self, NewToken},
    domain::{access::Role, audit::Chained, distributions::protection::Guard, tokens::token::TokenSecret},
};

use super::program::{Program, json, pointers, problem};
use crate::support::{SHOP, TestApp, WORKSHOP, shell};

const PATH: &str = "/api/v1/invalidations";

async fn after(app: &TestApp, head: i64) -> Vec<Chained> {
    app.world.history().await.into_iter().filter(|event| event.sequence > head).collect()
}

async fn short_lived(app: &TestApp) -> Program {
    let life = Some(Duration::from_hours(24));
    let new = NewToken { name: "short".to_owned(), role: Role::Operator, life, distributions: Vec::new() };
    let (token, secret) = commands::make_token(&app.world.command_context, &shell(), &new).await.unwrap();
    Program::with(app, token.id, secret.reveal())
}

#[tokio::test]
async fn a_token_that_lets_nobody_in_is_told_once_a_minute() {
    let app = TestApp::new().await;
    let (revoked, over) = (Program::operator(&app).await, short_lived(&app).await);
    commands::revoke_token(&app.world.command_context, &shell(), &revoked.id).await.unwrap();
    app.world.advance(Duration::from_hours(25));
    let unknown = TokenSecret::from_random(&[7; 64]).unwrap();
    let made_up = Program::with(&app, revoked.id.clone(), unknown.reveal());
    for (program, name, kind, note) in [
        (&revoked, "deploy", "token", "it was revoked at 2026-11-23T10:"),
        (&over, "short", "token", "it expired at 2026-11-24T10:"),
        (&made_up, "unstale_7777…", "nobody", "there is no such token here"),
    ] {
        let head = app.world.head().await;
        for path in [PATH, "/api/v1/audit", "/api/v1/nothing"] {
            problem(&program.get(path).await, 401, "no-token");
        }
        let told = after(&app, head).await;
        assert_eq!(told.len(), 1, "{told:?}");
        let event = &told[0].event;
        assert_eq!((event.action.as_str(), event.outcome.as_str()), ("token.refused", "refused"));
        assert_eq!((event.acting.actor.name(), event.acting.actor.kind().as_str()), (name, kind));
        assert!(event.note.starts_with(note), "{}", event.note);
        assert_eq!(event.acting.origin.client_address, "127.0.0.1");
        assert!(!told[0].form.contains(&program.secret[12..]), "the secret is in the history");
        app.world.advance(Duration::from_secs(61));
        problem(&program.get(PATH).await, 401, "no-token");
        assert_eq!(app.world.events_after(head).await, ["token.refused"; 2]);
    }
    let head = app.world.head().await;
    for nothing in ["unstale_", "x", &format!("unstale_{}", "a".repeat(46))] {
        let program = Program::with(&app, revoked.id.clone(), nothing);
        problem(&program.get(PATH).await, 401, "no-token");
    }
    assert_eq!(app.world.head().await, head, "that is no token at all");
    app.finish().await;
}

#[tokio::test]
async fn what_was_wrong_stands_in_the_one_event() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    app.protect(SHOP, |protection| protection.guard = Guard::TypedName).await;
    let good = json!({"distribution": WORKSHOP, "items": ["/a"]});
    program.request("used", &good).await.assert_status(202);
    let (other, wide) =
        (json!({"distribution": WORKSHOP, "items": ["/b"]}), json!({"distribution": SHOP, "items": ["/*"]}));
    let bad = json!({"distribution": WORKSHOP, "items": ["/ok", "/b*c", "no\u{7}"]});
    let many = json!({"distribution": WORKSHOP, "items": vec!["/b*c"; 50]});
    for (key, body, status, app_named, note) in [
        ("1", &bad, 422, Some(WORKSHOP), "/items/1 "),
        ("2", &json!({"items": []}), 422, None, "/items is empty"),
        ("3", &json!({"distribution": "no.such.example", "items": ["/a"]}), 404, None, "It is not there"),
        ("used", &other, 422, Some(WORKSHOP), "The idempotency key belongs to another request"),
        ("4", &wide, 409, Some(SHOP), "The distribution is protected"),
        ("5", &json!("text"), 400, None, "The request cannot be read"),
        ("", &good, 422, None, "idempotency-key is not valid"),
        ("6", &many, 422, Some(WORKSHOP), "/items/0 "),
    ] {
        let head = app.world.head().await;
        program.request(key, body).await.assert_status(status);
        let told = after(&app, head).await;
        assert_eq!(told.len(), 1, "{body} {told:?}");
        let event = &told[0].event;
        assert_eq!((event.action.as_str(), event.outcome.as_str()), ("act.refused", "refused"));
        assert_eq!(event.distribution.as_ref().map(ToString::to_string).as_deref(), app_named, "{body}");
        assert!(event.note.starts_with(note) && event.note.len() < 700, "{}", event.note);
    }
    let head = app.world.head().await;
    program.post("/api/v1/plan", &bad).await.assert_status(200);
    assert_eq!(app.world.head().await, head, "a plan is no act");
    let told = problem(&program.request("7", &bad).await, 422, "invalid");
    assert_eq!(pointers(&told), ["/items/1", "/items/2"]);
    app.finish().await;
}

#[tokio::test]
async fn what_was_to_be_refreshed_and_why_stands_in_it() {
    let app = TestApp::new().await;
    let operator = Program::operator(&app).await;
    let viewer = Program::new(&app, "viewer", Role::Viewer, &[]).await;
    let asked = json!({"distribution": WORKSHOP, "items": ["/pricing", "/a*b"], "reason": "WEB-7"});
    for (program, key, status) in [(&operator, "1", 422), (&viewer, "2", 403)] {
        let head = app.world.head().await;
        program.request(key, &asked).await.assert_status(status);
        let event = after(&app, head).await.remove(0).event;
        let shown: Vec<String> = event.items.shown.iter().map(ToString::to_string).collect();
        assert_eq!(
            (shown.as_slice(), event.reason.as_str()),
            (&["/a*b", "/pricing"].map(str::to_owned)[..], "WEB-7")
        );
    }
    app.finish().await;
}

/// The numbers of the events that a stream tells, from an event on and up to another.
async fn streamed(program: &Program, from: i64, to: i64) -> Vec<i64> {
    let response = program.open("/api/v1/events", &[("last-event-id", &from.to_string())]).await;
    let (mut chunks, mut text, mut told) = (response.bytes_stream(), String::new(), Vec::new());
    let read = async {
        while told.last() != Some(&to) {
            text.push_str(std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap());
            told = text
                .lines()
                .filter_map(|line| line.strip_prefix("id: "))
                .map(|id| id.parse().unwrap())
                .collect();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), read).await.expect("the last event does not come");
    told
}

#[tokio::test]
async fn a_narrowed_token_sees_its_own_acts_in_the_list_and_in_the_stream_and_nobody_elses() {
    let app = TestApp::new().await;
    let first = Program::new(&app, "first", Role::Operator, &[WORKSHOP]).await;
    let second = Program::new(&app, "second", Role::Operator, &[WORKSHOP]).await;
    let from = app.world.head().await;
    let nowhere = json!({"distribution": "no.such.example", "items": ["/a"]});
    problem(&first.post(PATH, &nowhere).await, 404, "not-found");
    problem(&second.post(PATH, &nowhere).await, 404, "not-found");
    app.world.request_at(SHOP, "/shop").await;
    app.world.request("/a").await;
    let all = after(&app, from).await;
    let numbers: Vec<i64> = all.iter().map(|event| event.sequence).collect();
    let [own_first, own_second, _, last] = numbers[..] else { panic!("{all:?}") };
    for (program, own) in [(&first, own_first), (&second, own_second)] {
        let list = json(&program.get("/api/v1/audit?limit=100").await);
        let list: Vec<i64> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["sequence"].as_i64().unwrap())
            .collect();
        let list: Vec<i64> = list.into_iter().filter(|number| *number > from).rev().collect();
        assert_eq!(list, [own, last]);
        assert_eq!(streamed(program, from, last).await, [own, last]);
    }
    app.finish().await;
}
