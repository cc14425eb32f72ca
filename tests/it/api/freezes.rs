//! Freeze windows: kept by administrators, told in a plan, and held against requests.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use unstale::domain::{access::Role, distributions::protection::Guard};

use super::{
    command::{folder, run},
    program::{Program, json, pointers, problem},
};
use crate::support::{Browser, DOCS, SHOP, TestApp, WORKSHOP};

const PATH: &str = "/api/v1/invalidations";
const PLAN: &str = "/api/v1/plan";
const FREEZES: &str = "/api/v1/freezes";

async fn send(browser: &Browser, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let headers = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    let response = browser.open(method, path, &headers, body.to_string().into_bytes()).await;
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default())
}

/// A window from now on, for an hour.
async fn freeze(app: &TestApp, root: &Browser, distributions: Value) -> Value {
    let (from, until) = (app.world.now(), app.world.now().plus(Duration::from_hours(1)));
    let body = json!({"name": "Black Friday", "why": "the sale", "from": from.to_string(),
        "until": until.to_string(), "distributions": distributions});
    let (status, answer) = send(root, Method::POST, FREEZES, &body).await;
    assert_eq!(status, 201, "{answer}");
    answer
}

#[tokio::test]
async fn a_plan_tells_the_window_and_a_request_needs_the_override_and_a_reason() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    let window = freeze(&app, &root, Value::Null).await;
    let body = json!({"distribution": SHOP, "items": ["/*"], "reason": "a wrong price"});
    let plan = async |body: Value| json(&program.post(PLAN, &body).await);
    let wide = plan(json!({"distribution": SHOP, "items": ["/*"]})).await;
    assert_eq!(wide["freeze"]["windows"][0]["id"], window["id"], "{wide}");
    let text = wide["freeze"]["text"].as_str().unwrap();
    assert!(text.starts_with("The freeze window Black Friday holds from 2026-11-23 10:00"), "{text}");
    assert!(text.ends_with("(the sale). A wide request needs an override and a reason then."), "{text}");
    assert_eq!(wide["sendable"], true, "{wide}");
    assert_eq!(plan(json!({"distribution": SHOP, "items": ["/a"]})).await["freeze"], Value::Null);
    let later = json!({"distribution": SHOP, "items": ["/*"], "not_before": "2026-11-23T11:00:00Z"});
    assert_eq!(plan(later).await["freeze"], Value::Null);
    let parts = plan(json!({"items": ["https://shop.example.com/*", "https://docs.example.com/a"]})).await;
    let met = |site: &str| {
        let part = parts["parts"].as_array().unwrap().iter().find(|part| part["distribution"] == site);
        !part.unwrap()["freeze"].is_null()
    };
    assert!(met(SHOP) && !met(DOCS), "{parts}");
    let head = app.world.head().await;
    let refused = problem(&program.request("key", &body).await, 409, "frozen");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("\"override_freeze\": true and a reason"), "{detail}");
    let mut bold = body.clone();
    (bold["override_freeze"], bold["reason"]) = (json!(true), json!(""));
    let refused = problem(&program.post(PATH, &bold).await, 409, "frozen");
    assert!(refused["detail"].as_str().unwrap().contains("overriding it needs a reason"), "{refused}");
    assert_eq!(app.world.events_after(head).await, ["act.refused", "act.refused"]);
    bold["reason"] = body["reason"].clone();
    // It is the same request, so that its key need not be a new one.
    program.request("key", &bold).await.assert_status(202);
    program.request("key", &body).await.assert_status(202);
    assert_eq!(app.world.recent().await.len(), 1);
    let note = app.world.history().await.pop().unwrap().event.note;
    assert_eq!(note, "sent during the freeze window Black Friday, which the request overrode");
    app.finish().await;
}

#[tokio::test]
async fn what_a_later_window_holds_is_sent_during_it_with_a_reason() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    let later = app.world.now().plus(Duration::from_mins(30)).to_string();
    let body = json!({"distribution": SHOP, "items": ["/*"], "not_before": later});
    let id = json(&program.request("key", &body).await)["id"].as_str().unwrap().to_owned();
    let address = format!("{PATH}/{id}/override-freeze");
    let reason = json!({"reason": "WEB-412: a wrong price"});
    problem(&program.post(&address, &reason).await, 409, "too-late");
    freeze(&app, &root, Value::Null).await;
    assert_eq!(pointers(&problem(&program.post(&address, &json!({})).await, 422, "invalid")), ["/reason"]);
    let head = app.world.head().await;
    let answer = program.post(&address, &reason).await;
    assert_eq!((answer.status, json(&answer)["state"].as_str()), (200, Some("queued")), "{answer:?}");
    assert_eq!(app.world.events_after(head).await, ["freeze.overridden"]);
    problem(&program.post(&address, &reason).await, 409, "too-late");
    app.world.advance(Duration::from_mins(30));
    app.world.submit().await;
    let event =
        app.world.history().await.into_iter().rfind(|one| one.event.action.as_str() == "freeze.overridden");
    assert!(format!("{:?}", event.unwrap().event).contains("WEB-412"), "the reason is kept");
    assert_ne!(app.world.recent().await[0].state.as_str(), "queued", "it is sent during the window");
    app.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_second_person_says_that_they_have_to_override_it() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    app.protect(SHOP, |protection| protection.guard = Guard::SecondPerson).await;
    freeze(&app, &root, Value::Null).await;
    let body = json!({"distribution": SHOP, "items": ["/*"]});
    let plan = json(&program.post(PLAN, &body).await);
    assert!(plan["freeze"]["text"].as_str().unwrap().contains("The person who approves this"), "{plan}");
    program.post(PATH, &body).await.assert_status(202);
    app.finish().await;
}

#[tokio::test]
async fn windows_are_listed_for_whom_they_concern_and_removed_once() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let narrowed = Program::new(&app, "narrowed", Role::Operator, &[WORKSHOP]).await;
    freeze(&app, &root, json!([SHOP])).await;
    let both = freeze(&app, &root, json!([SHOP, WORKSHOP])).await;
    let seen = async || json(&narrowed.get(FREEZES).await)["freezes"].as_array().unwrap().clone();
    let list = seen().await;
    assert_eq!(list.len(), 1, "{list:?}");
    assert_eq!((&list[0]["id"], &list[0]["state"]), (&both["id"], &json!("in_force")));
    assert_eq!(list[0]["distributions"], json!([WORKSHOP]), "others are not named");
    assert_eq!(list[0]["waiting"], json!([]));
    let body = json!({"distribution": WORKSHOP, "items": ["/*"]});
    let plan = json(&narrowed.post(PLAN, &body).await);
    assert_eq!(plan["freeze"]["windows"][0]["distributions"], json!([WORKSHOP]), "{plan}");
    let path = format!("{FREEZES}/{}", both["id"].as_str().unwrap());
    let head = app.world.head().await;
    assert_eq!(send(&root, Method::DELETE, &path, &Value::Null).await.0, 204);
    assert_eq!(send(&root, Method::DELETE, &path, &Value::Null).await.0, 404);
    assert_eq!(app.world.events_after(head).await, ["freeze.removed", "act.refused"]);
    freeze(&app, &root, Value::Null).await;
    app.world.advance(Duration::from_hours(2));
    assert_eq!(seen().await[0]["state"], "ended");
    app.world.advance(Duration::from_hours(30 * 24));
    assert_eq!(seen().await.len(), 0);
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_window_is_told_at_its_fields() {
    let app = TestApp::new().await;
    let root = app.admin().await;
    let good = json!({"name": "Sale", "why": "the sale", "from": "2026-11-27T00:00:00Z",
        "until": "2026-11-30T00:00:00Z"});
    for (field, value, places) in [
        ("name", json!(""), vec!["/name"]),
        ("why", json!("a\nb"), vec!["/why"]),
        ("why", json!("a\u{0}b"), vec!["/why"]),
        ("from", json!("tomorrow"), vec!["/from"]),
        ("until", json!("2026-11-26T00:00:00Z"), vec!["/until"]),
        ("until", json!(null), vec!["/until"]),
        ("until", json!("2036-11-26T00:00:00Z"), vec!["/until"]),
        ("distributions", json!(["E0"]), vec!["/distributions"]),
        ("distributions", json!("E0"), vec!["/distributions"]),
        ("color", json!("red"), vec!["/color"]),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let head = app.world.head().await;
        let (status, answer) = send(&root, Method::POST, FREEZES, &body).await;
        assert_eq!((status, pointers(&answer)), (422, places), "{body}: {answer}");
        assert_eq!(app.world.events_after(head).await, ["act.refused"], "{body}");
    }
    app.finish().await;
}

#[tokio::test]
async fn the_command_tells_the_window_and_overrides_it() {
    let app = TestApp::new().await;
    let (root, program) = (app.admin().await, Program::operator(&app).await);
    freeze(&app, &root, Value::Null).await;
    let folder = folder(&[]);
    let told = "! The freeze window Black Friday holds from";
    let ran = run(&app, &program.secret, folder.path(), &["--dry-run", "/*"], "").await;
    assert!(ran.code == 0 && ran.out.contains(told), "{} {}", ran.out, ran.complaint);
    let ran = run(&app, &program.secret, folder.path(), &["/*"], "").await;
    assert_eq!(ran.code, 3, "{}", ran.complaint);
    assert!(ran.complaint.contains("A freeze window is in force. It was refused"), "{}", ran.complaint);
    let ran = run(&app, &program.secret, folder.path(), &["--override-freeze", "/*"], "").await;
    assert!(ran.code == 3 && ran.complaint.contains("needs a reason"), "{}", ran.complaint);
    let bold = ["--override-freeze", "--reason", "a wrong price", "/*"];
    let ran = run(&app, &program.secret, folder.path(), &bold, "").await;
    assert!(ran.code == 0 && ran.out.contains(told), "{} {}", ran.out, ran.complaint);
    let later = ["--dry-run", "--not-before", "2026-11-23T12:00:00Z", "/*"];
    let ran = run(&app, &program.secret, folder.path(), &later, "").await;
    assert!(ran.code == 0 && !ran.out.contains(told), "{}", ran.out);
    app.finish().await;
}
