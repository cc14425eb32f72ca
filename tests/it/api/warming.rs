//! Warming by the API and by the command.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    command::{folder, run},
    program::{Program, json as read, pointers, problem},
};
use crate::support::{TestApp, WORKSHOP, World, checked::publish, options};

const INVALIDATIONS: &str = "/api/v1/invalidations";

fn body(more: &Value) -> Value {
    let mut body = json!({"distribution": WORKSHOP, "items": ["/news.html", "/missing"]});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_request_asks_for_warming_and_is_told_what_became_of_it() {
    let app = TestApp::new().await;
    publish(&app.world, "news.html", "new");
    let program = Program::operator(&app).await;
    let accepted = program.request("k", &body(&json!({"warm": true}))).await;
    accepted.assert_status(202);
    let accepted = read(&accepted);
    let waiting = json!({
        "state": "waiting", "planned": 0, "fetched": 0, "failed": 0, "left_out": 0, "ended": null, "finished_at": null,
        "description": "The URLs are fetched when CloudFront has completed the invalidation.",
    });
    assert_eq!(accepted["warming"], waiting);
    app.world.submit().await;
    app.world.advance(Duration::from_secs(25));
    app.world.poll().await;
    app.world.warm().await;
    let done = json!({
        "state": "done", "planned": 2, "fetched": 1, "failed": 1, "left_out": 0, "ended": "finished",
        "finished_at": app.world.now().to_string(), "description": "1 of 2 URLs fetched, 1 failed (403).",
    });
    let one = format!("{INVALIDATIONS}/{}", accepted["id"].as_str().unwrap());
    assert_eq!(read(&program.get(&one).await)["warming"], done);
    assert_eq!(read(&program.get(INVALIDATIONS).await)["items"][0]["warming"], done);
    assert_eq!(read(&program.request("k", &body(&json!({"warm": true}))).await), accepted);
    // Under the same key it is another request without.
    program.request("k", &body(&json!({}))).await.assert_status(422);
    let without = read(&program.request("l", &body(&json!({"warm": false}))).await);
    assert_eq!(without["warming"], json!(null));
    app.finish().await;
}

#[tokio::test]
async fn what_does_not_go_together_with_warming_is_said_at_the_field() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    for (more, words) in [
        (json!({"warm": true, "expected": "gone"}), "together with gone"),
        (json!({"warm": "yes"}), "true or false"),
    ] {
        let answer = program.post(INVALIDATIONS, &body(&more)).await;
        let problem = problem(&answer, 422, "invalid");
        assert_eq!(pointers(&problem), ["/warm"]);
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(words), "{problem}");
    }
    assert!(app.world.recent().await.is_empty());
    app.finish().await;

    let off = unstale::http::HttpOptions { are_checks_on: false, ..options() };
    let app = TestApp::over(World::new().await, off).await;
    let program = Program::operator(&app).await;
    let answer = program.post(INVALIDATIONS, &body(&json!({"warm": true}))).await;
    let problem = problem(&answer, 422, "invalid");
    assert_eq!(pointers(&problem), ["/warm"]);
    assert!(problem["errors"][0]["detail"].as_str().unwrap().contains("UNSTALE_CHECKS=off"), "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn the_command_asks_for_warming() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let folder = folder(&[]);
    let both = run(&app, &program.secret, folder.path(), &["--warm", "--expect-gone", "/a"], "").await;
    assert_eq!(both.code, 2, "{}{}", both.out, both.complaint);
    let warm = run(&app, &program.secret, folder.path(), &["--warm", "/a"], "").await;
    assert_eq!(warm.code, 0, "{}{}", warm.out, warm.complaint);
    assert!(app.world.recent().await[0].warm);
    app.finish().await;
}
