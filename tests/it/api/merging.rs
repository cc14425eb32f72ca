//! Requests that wait at the same time, as programs see them.

use cloudfront_sandbox::FaultKind;
use serde_json::{Value, json};
use unstale::domain::access::Role;

use super::program::{Program, json as read};
use crate::support::{TestApp, WORKSHOP};

const INVALIDATIONS: &str = "/api/v1/invalidations";

/// A request of a program of its own.
async fn ask(app: &TestApp, name: &str, items: &[&str]) -> (Program, String) {
    let program = Program::new(app, name, Role::Operator, &[]).await;
    let accepted = read(&program.request(name, &json!({"distribution": WORKSHOP, "items": items})).await);
    (program, format!("{INVALIDATIONS}/{}", accepted["id"].as_str().unwrap()))
}

async fn three(app: &TestApp, odd: &str) -> Vec<(Program, String)> {
    let mut all = Vec::new();
    for (name, items) in
        [("ada", &["/a", "/styles.css"]), ("bob", &[odd, "/styles.css"]), ("eve", &["/c", "/styles.css"])]
    {
        all.push(ask(app, name, items).await);
    }
    all
}

async fn shown(all: &[(Program, String)]) -> Vec<Value> {
    let mut shown = Vec::new();
    for (program, at) in all {
        shown.push(read(&program.get(at).await));
    }
    shown
}

#[tokio::test]
async fn three_requests_that_wait_are_one_call_and_all_done() {
    let app = TestApp::new().await;
    let all = three(&app, "/b").await;
    app.world.next_create(FaultKind::Throttle);
    app.world.submit().await;
    for one in shown(&all).await {
        let batch = &one["batches"][0];
        assert_eq!((&one["state"], &batch["state"]), (&json!("queued"), &json!("queued")));
        assert_eq!((&one["ahead"], &batch["problem"]["kind"]), (&json!(0), &json!("throttled")));
    }
    app.world.live(40).await;
    let taken = app.world.sandbox.invalidations(WORKSHOP);
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].items, ["/a", "/b", "/c", "/styles.css"]);
    for (one, own) in shown(&all).await.into_iter().zip(["/a", "/b", "/c"]) {
        assert_eq!(one["state"], "completed");
        assert_eq!(one["items"], json!([own, "/styles.css"]), "nobody's but its own");
        let [batch] = &one["batches"].as_array().unwrap()[..] else { panic!("{one}") };
        assert_eq!((&batch["state"], &batch["items"]), (&json!("completed"), &json!(2)));
        assert_eq!(batch["cloudfront_id"], taken[0].id.as_str());
        assert_eq!(batch["merged_into"], taken[0].caller_reference.as_str());
        assert_ne!(batch["caller_reference"], batch["merged_into"]);
        assert!(batch["accepted_at"].is_string() && batch["completed_at"].is_string());
        assert_eq!(one["contradiction"], Value::Null);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_cloudfront_refuses_is_refused_to_whoever_asked_for_it() {
    let app = TestApp::new().await;
    app.world.sandbox.change_settings(|settings| settings.refuse_paths_with = Some("no-such".to_owned()));
    let all = three(&app, "/no-such").await;
    app.world.live(60).await;
    let shown = shown(&all).await;
    assert_eq!(
        shown.iter().map(|one| &one["state"]).collect::<Vec<_>>(),
        ["completed", "failed", "completed"]
    );
    assert_eq!(shown[1]["refused_items"], json!(["/no-such"]));
    for one in [&shown[0], &shown[2]] {
        assert_eq!((&one["refused_items"], &one["refusal"]), (&json!([]), &Value::Null));
        assert_eq!(one["batches"][0]["merged_into"], Value::Null, "it went by itself in the end");
    }
    app.finish().await;
}
