//! JSON with characters that no database takes, or that are none: refused, or nothing is found, on both engines alike.

use reqwest::Method;
use serde_json::json;

use super::program::{Program, json, problem};
use crate::support::{TestApp, WORKSHOP, World, options};

const PATH: &str = "/api/v1/invalidations";

async fn answers(app: TestApp) -> Vec<(String, u16)> {
    let program = Program::operator(&app).await;
    let mut told = Vec::new();
    for odd in ["%00", "a%00", "%FF", "%ED%A0%80"] {
        for path in [
            format!("{PATH}?distribution={odd}"),
            format!("{PATH}?state={odd}"),
            format!("{PATH}?cursor={odd}"),
            format!("{PATH}?cursor=1.{odd}"),
            format!("{PATH}/{odd}"),
            format!("{PATH}/{odd}?wait=1"),
            format!("/api/v1/audit?distribution={odd}"),
            format!("/api/v1/audit?invalidation={odd}"),
            format!("/api/v1/audit?result={odd}&from={odd}&outside={odd}&freshness={odd}"),
            format!("/api/v1/audit?action={odd}&cursor={odd}"),
            format!("/api/v1/distributions?cursor={odd}"),
            format!("/api/v1/events?after={odd}"),
            format!("/api/{odd}"),
        ] {
            let answer = program.get(&path).await;
            assert!((400..500).contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
            told.push((path, answer.status));
        }
        let cancel = format!("{PATH}/{odd}/cancel");
        let answer = program.send(Method::POST, &cancel, &[], None).await;
        answer.assert_status(404);
    }
    for (field, value) in [
        ("distribution", json!("\0")),
        ("distribution", json!(format!("{WORKSHOP}\0"))),
        ("items", json!(["/a\0"])),
        ("reason", json!("\0")),
        ("not_before", json!("\0")),
        ("con\0firm", json!("x")),
    ] {
        for path in [PATH, "/api/v1/plan"] {
            let mut request = json!({"distribution": WORKSHOP, "items": ["/a"]});
            request[field] = value.clone();
            let answer = program.post(path, &request).await;
            if path == "/api/v1/plan" && answer.status == 200 {
                // A plan tells it at the line.
                assert_eq!(json(&answer)["lines"][0]["verdict"], "refused", "{request}: {}", answer.body);
                continue;
            }
            assert!((400..500).contains(&answer.status), "{request}: {} {}", answer.status, answer.body);
            told.push((format!("{path} {request}"), answer.status));
        }
    }
    app.finish().await;
    told
}

#[tokio::test]
async fn nul_finds_nothing_or_is_refused() {
    Box::pin(answers(TestApp::new().await)).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn nul_is_answered_alike_on_postgres() {
    let sqlite = Box::pin(answers(TestApp::new().await)).await;
    let world = World::on_postgres().await;
    assert_eq!(Box::pin(answers(TestApp::over(world, options()).await)).await, sqlite);
}

#[tokio::test]
async fn half_a_character_and_a_key_that_comes_twice_are_no_json() {
    let app = TestApp::new().await;
    let program = Program::operator(&app).await;
    let before = app.kept().await;
    for path in [PATH, "/api/v1/plan"] {
        for (text, words) in [
            (
                r#"{"distribution":"E2QWRUHAPOMQZL","items":["/a"],"distribution":"E1SHOP7K2M4NQX"}"#,
                "the key \"distribution\" appears twice",
            ),
            (
                r#"{"distribution":"E2QWRUHAPOMQZL","items":["/a"],"items":["/*"]}"#,
                "the key \"items\" appears twice",
            ),
            (r#"{"distribution":"E2QWRUHAPOMQZL","items":["\ud800"]}"#, "The body is not JSON"),
            (r#"{"distribution":"\udfff","items":["/a"]}"#, "The body is not JSON"),
        ] {
            let bearer = format!("Bearer {}", program.secret);
            let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
            let answer = app.stranger().send(Method::POST, path, &headers, text.as_bytes().to_vec()).await;
            let problem = problem(&answer, 400, "unreadable");
            assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
        }
    }
    assert_eq!(app.kept().await, before);
    app.finish().await;
}
