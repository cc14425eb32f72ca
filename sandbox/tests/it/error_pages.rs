//! Custom error responses, and how long errors are kept.

use std::time::Duration;

use serde_json::json;

use crate::support::{WORKSHOP, World};

fn page(code: u16, path: &str, shown: u16) -> serde_json::Value {
    json!({"error_code": code, "response_page_path": path, "response_code": shown, "error_caching_min_ttl": 60})
}

#[tokio::test]
async fn a_missing_file_looks_like_the_index_where_an_error_page_hides_it() {
    let world = World::new().await;
    let pages = json!([page(403, "/index.html", 200), page(404, "/index.html", 200)]);
    world.configure(WORKSHOP, json!({ "error_pages": pages })).await;
    let index = world.view(WORKSHOP, "/index.html").await;
    for bucket_policy in ["read", "read_and_list"] {
        world.configure(WORKSHOP, json!({ "bucket_policy": bucket_policy })).await;
        let hidden = world.view(WORKSHOP, &format!("/app.{bucket_policy}.js")).await;
        assert_eq!(hidden.kind(), (200, "Error".into(), "AmazonS3", "text/html"));
        assert_eq!((&hidden.body, hidden.header("etag")), (&index.body, index.header("etag")));
    }
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Miss");
}

#[tokio::test]
async fn an_error_is_kept_as_long_as_its_page_says_and_until_it_is_invalidated() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"error_pages": [page(403, "/index.html", 200)]})).await;
    world.view(WORKSHOP, "/app.js").await;
    world.write(WORKSHOP, "app.js", "here now");
    world.advance(Duration::from_secs(50));
    let kept = world.view(WORKSHOP, "/app.js").await;
    assert_eq!((kept.source().as_str(), kept.header("age")), ("Error", "50"));
    world.invalidate(WORKSHOP, &["/app.js"]).await;
    assert_eq!(world.view(WORKSHOP, "/app.js").await.body, "here now");
}

#[tokio::test]
async fn an_error_page_that_is_missing_leaves_its_own_origins_status() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"error_pages": [page(404, "/gone.html", 200)]})).await;
    world.rules(json!({"path": "/app.js", "answer": "s3_no_such_key"})).await;
    assert_eq!(world.view(WORKSHOP, "/app.js").await.refusal(), (403, "AccessDenied"));
}

#[tokio::test]
async fn refusals_of_the_edge_get_their_page_too_and_edge_code_does_not() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"error_pages": [page(403, "/index.html", 200)]})).await;
    world
        .rules(json!([{"path": "/waf", "answer": "waf_block"},
        {"path": "/code", "answer": "function_response", "status": 403}]))
        .await;
    assert_eq!(world.view(WORKSHOP, "/waf").await.status, 200);
    let code = world.view(WORKSHOP, "/code").await;
    assert_eq!((code.status, code.source().as_str()), (403, "FunctionGeneratedResponse"));
}

#[tokio::test]
async fn errors_are_kept_with_their_age_for_ten_seconds_or_as_the_origin_says() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"bucket_policy": "read_and_list"})).await;
    world
        .rules(json!([
        {"path": "/429", "answer": "origin", "status": 429, "headers": {"retry-after": "7"}},
        {"path": "/500", "answer": "origin", "status": 500, "body": "broken"},
        {"path": "/403", "answer": "origin", "status": 403, "body": "no"},
        {"path": "/max-age", "answer": "origin", "status": 403, "headers": {"cache-control": "max-age=60"}}]))
        .await;
    for path in ["/404", "/429", "/500", "/403", "/max-age"] {
        let first = world.view(WORKSHOP, path).await;
        assert_eq!((first.source().as_str(), first.header("age")), ("Error", ""), "{path}");
    }
    world.advance(Duration::from_secs(9));
    for (path, age) in [("/404", "9"), ("/429", ""), ("/500", "9"), ("/403", ""), ("/max-age", "9")] {
        let again = world.view(WORKSHOP, path).await;
        assert_eq!((again.source().as_str(), again.header("age")), ("Error", age), "{path}");
    }
    world.advance(Duration::from_secs(1));
    assert_eq!(world.view(WORKSHOP, "/404").await.header("age"), "");
    assert_eq!(world.view(WORKSHOP, "/max-age").await.header("age"), "10");
    assert_eq!(world.view(WORKSHOP, "/429").await.header("retry-after"), "7");
}
