//! What changed in a configuration since the last request, told in the plan of the API, of the command and of the page.

use axum::http::Method;
use serde_json::{Value, json};
use unstale::domain::access::Role;

use super::{
    command::{folder, run},
    program::{Program, json},
};
use crate::support::{TestApp, WORKSHOP, seconds};

/// The workshop's configuration changes at the stand-in, over HTTP, and the sync reads it.
async fn change(app: &TestApp, mut change: Value) {
    app.world.advance(seconds(300));
    change["id"] = json!(WORKSHOP);
    let address = format!("{}/_sandbox/distributions", app.world.sandbox.api_url());
    let client = reqwest::Client::new();
    let answer = client.request(Method::POST, address).body(change.to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    app.world.survey().await;
    app.world.live(10).await;
}

#[tokio::test]
async fn the_plan_says_what_changed_since_the_last_request() {
    let app = TestApp::new().await;
    let (ada, program) = (app.operator().await, Program::operator(&app).await);
    change(&app, json!({"cache_tag_header": "Cache-Tag"})).await;
    app.world.request("/styles.css").await;
    app.world.live(60).await;
    let function = "arn:aws:lambda:us-east-1:123456789012:function:auth:3";
    let functions = json!([{"event_type": "viewer-request", "arn": function}]);
    change(&app, json!({"cache_tag_header": "X-Tag", "functions": functions, "web_acl": "acl"})).await;
    let body = json!({"distribution": WORKSHOP, "items": ["#product:4711"]});
    let plan = json(&program.post("/api/v1/plan", &body).await);
    let changes = plan["changes"].as_array().unwrap();
    let codes: Vec<&str> = changes.iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["tag_header", "web_acl", "function"], "{plan}");
    assert_eq!(changes[0]["since"], "2026-11-23T10:05:10.000000Z", "{plan}");
    let tags = "The tag header changed from Cache-Tag to X-Tag since the last request on 2026-11-23 10:05 UTC: objects that are cached with tags under Cache-Tag are not reached by tags until they are fetched again; a path or a wildcard reaches them.";
    assert_eq!(changes[0]["text"], tags);
    let function = changes[2]["text"].as_str().unwrap();
    let begin = "The Lambda function auth:3 now runs at viewer-request for the default behaviour since";
    assert!(function.starts_with(begin), "{function}");
    let page = ada.post("/plan", &[("distribution", WORKSHOP), ("items", "#product:4711")]).await;
    page.assert_says(tags);
    assert_eq!(page.count("[data-change]"), 3);
    let host = app.world.distribution(WORKSHOP).await.domain_name;
    let parts = ada.post("/plan", &[("items", &format!("https://{host}/a"))]).await;
    assert_eq!(parts.count("[data-change]"), 3, "{}", parts.body);
    let narrowed = app.narrowed("nora@example.com", Role::Operator, &[WORKSHOP], "/docs/").await;
    let seen = narrowed.post("/plan", &[("distribution", WORKSHOP), ("items", "/docs/a")]).await;
    assert_eq!(seen.count("[data-change]"), 2, "paths are not named to whom a grant narrows: {}", seen.body);
    let folder = folder(&[]);
    let ran = run(&app, &program.secret, folder.path(), &["--dry-run", "#product:4711"], "").await;
    assert!(ran.code == 0 && ran.out.contains(&format!("! {tags}")), "{} {}", ran.out, ran.complaint);
    app.world.advance(seconds(1));
    program.post("/api/v1/invalidations", &body).await.assert_status(202);
    assert_eq!(json(&program.post("/api/v1/plan", &body).await)["changes"], json!([]));
    app.finish().await;
}
