//! When a plan says that a request would start.

use std::time::Duration;

use serde_json::{Value, json};
use unstale::domain::time::Timestamp;

use super::program::{Program, json};
use crate::support::{SHOP, TestApp, WORKSHOP};

/// The wait that the plan tells.
async fn wait(app: &TestApp, program: &Program, distribution: &str, item: &str) -> Duration {
    let plan =
        json(&program.post("/api/v1/plan", &json!({"distribution": distribution, "items": [item]})).await);
    let starts = plan["starts_at"].as_str().and_then(Timestamp::parse);
    starts.unwrap_or_else(|| panic!("{plan}")).since(app.world.now())
}

#[tokio::test]
async fn a_plan_says_when_it_would_start() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    assert_eq!(wait(&app, &program, SHOP, "/w/*").await, Duration::ZERO);
    let nothing = json(&program.post("/api/v1/plan", &json!({"distribution": SHOP, "items": []})).await);
    assert_eq!(nothing["starts_at"], Value::Null);

    // All wildcard slots of the shop are taken: a further wildcard waits for the first that completes, a path does not.
    let wildcards: Vec<String> = (0..13).map(|n| format!("/{n}/*")).collect();
    program
        .post("/api/v1/invalidations", &json!({"distribution": SHOP, "items": wildcards}))
        .await
        .assert_status(202);
    app.world.submit().await;
    assert_eq!(wait(&app, &program, SHOP, "/w/*").await, Duration::from_secs(25));
    assert_eq!(wait(&app, &program, SHOP, "/page.html").await, Duration::ZERO);
    assert_eq!(wait(&app, &program, WORKSHOP, "/w/*").await, Duration::ZERO);
    let ada = app.operator().await;
    let shown = ada.post("/plan", &[("distribution", SHOP), ("items", "/w/*")]).await;
    shown.assert_says("13 of 15 wildcard slots in use, 1 more with this").assert_says("starts in about 25 s");
    app.finish().await;
}
