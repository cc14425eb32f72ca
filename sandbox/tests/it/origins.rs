//! What each kind of origin answers, seen through the edge.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, DOCS, WORKSHOP, World, send};

const CLOUDFRONTS: [&str; 4] = ["x-cache", "via", "x-amz-cf-pop", "x-amz-cf-id"];

#[tokio::test]
async fn an_object_of_s3_has_the_headers_of_cloudfront_and_of_s3() {
    let world = World::new().await;
    let first = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!(first.kind(), (200, "Miss".into(), "AmazonS3", "text/css"));
    assert!(CLOUDFRONTS.iter().all(|name| !first.header(name).is_empty()), "{first:?}");
    assert!(first.header("via").starts_with("1.1 ") && first.header("x-amz-cf-id").len() == 56);
    assert_eq!(
        (first.header("accept-ranges"), first.header("x-amz-server-side-encryption")),
        ("bytes", "AES256")
    );
    let fetched = "Mon, 23 Nov 2026 10:00:00 GMT";
    assert_eq!((first.header("date"), first.header("age")), (fetched, ""));
    world.advance(Duration::from_secs(90));
    let hit = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!((hit.source().as_str(), hit.header("date"), hit.header("age")), ("Hit", fetched, "90"));
    let version = |answer: &Answer| answer.header("x-amz-version-id").to_owned();
    assert!(version(&hit) == version(&first) && version(&hit).len() == 32);
    world.write(WORKSHOP, "styles.css", "changed");
    world.invalidate(WORKSHOP, &["/styles.css"]).await;
    let after = world.view(WORKSHOP, "/styles.css").await;
    assert_ne!(version(&after), version(&first));
    assert_eq!((after.header("date"), after.header("age")), ("Mon, 23 Nov 2026 10:01:35 GMT", ""));
}

#[tokio::test]
async fn a_missing_object_is_a_403_or_a_404_as_the_bucket_may_be_listed() {
    let world = World::new().await;
    let denied = world.view(WORKSHOP, "/a/new.html").await;
    assert_eq!(denied.kind(), (403, "Error".into(), "AmazonS3", "application/xml"));
    assert_eq!((denied.text("Code"), denied.text("Message")), ("AccessDenied", "Access Denied"));
    assert!(denied.text("RequestId").len() == 16 && denied.text("HostId").len() == 56);
    world.configure(DOCS, json!({"bucket_policy": "read_and_list"})).await;
    let missing = world.view(DOCS, "/a/new%20%26.html").await;
    assert_eq!(missing.kind(), (404, "Error".into(), "AmazonS3", "application/xml"));
    assert_eq!((missing.text("Code"), missing.text("Key")), ("NoSuchKey", "a/new &amp;.html"));
    assert!(missing.text("RequestId").len() == 16 && missing.text("HostId").len() == 56);
}

#[tokio::test]
async fn a_bucket_that_grants_nothing_refuses_every_object() {
    let world = World::new().await;
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.status, 200);
    world.configure(WORKSHOP, json!({"bucket_policy": "deny"})).await;
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Hit", "what is cached is still served");
    for path in ["/", "/scripts.js", "/nowhere"] {
        assert_eq!(world.view(WORKSHOP, path).await.refusal(), (403, "AccessDenied"), "{path}");
    }
}

#[tokio::test]
async fn a_bucket_has_no_folder_index() {
    let world = World::new().await;
    std::fs::create_dir(world.file(WORKSHOP, "course")).unwrap();
    world.write(WORKSHOP, "course/index.html", "the course");
    for path in ["/course", "/course/"] {
        assert_eq!(world.view(WORKSHOP, path).await.refusal(), (403, "AccessDenied"), "{path}");
    }
    assert_eq!(world.view(WORKSHOP, "/course/index.html").await.body, "the course");
}

#[tokio::test]
async fn without_a_root_object_a_bucket_that_may_be_listed_shows_its_listing() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"bucket_policy": "read_and_list", "default_root_object": ""})).await;
    let listing = world.view(WORKSHOP, "/").await;
    assert_eq!(listing.kind(), (200, "Miss".into(), "AmazonS3", "application/xml"));
    assert!(listing.body.contains("<ListBucketResult"));
}

#[tokio::test]
async fn a_website_endpoint_has_folder_indexes_and_errors_in_html() {
    let world = World::new().await;
    world.configure(DOCS, json!({"origin_kind": "website", "bucket_policy": "read_and_list"})).await;
    std::fs::create_dir(world.file(DOCS, "guide")).unwrap();
    world.write(DOCS, "guide/index.html", "the guide");
    assert_eq!(world.view(DOCS, "/guide/").await.body, "the guide");
    let folder = world.view(DOCS, "/guide").await;
    assert_eq!(
        (folder.status, folder.header("location"), folder.source().as_str()),
        (302, "/guide/", "Miss")
    );
    let missing = world.view(DOCS, "/nowhere.html").await;
    assert_eq!(missing.kind(), (404, "Error".into(), "AmazonS3", "text/html; charset=utf-8"));
    assert!(missing.body.contains("<li>Code: NoSuchKey</li>") && missing.body.contains("Key: nowhere.html"));
    world.write(DOCS, "error.html", "our own page");
    let shown = world.view(DOCS, "/elsewhere.html").await;
    assert_eq!((shown.status, shown.body.as_str()), (404, "our own page"));
    world.configure(DOCS, json!({"bucket_policy": "deny"})).await;
    let denied = world.view(DOCS, "/docs.css").await;
    assert!(denied.status == 403 && denied.body.contains("<li>Code: AccessDenied</li>"));
}

#[tokio::test]
async fn a_web_server_answers_as_itself() {
    let world = World::new().await;
    world.configure(DOCS, json!({"origin_kind": "custom"})).await;
    let found = world.view(DOCS, "/docs.css").await;
    assert_eq!((found.kind().2, found.header("x-amz-version-id")), ("nginx/1.26.3", ""));
    let missing = world.view(DOCS, "/nowhere").await;
    assert_eq!(missing.kind(), (404, "Error".into(), "nginx/1.26.3", "text/html"));
}

#[tokio::test]
async fn an_origin_path_is_put_before_the_path_and_shows_in_the_key() {
    let world = World::new().await;
    std::fs::create_dir(world.file(WORKSHOP, "v2")).unwrap();
    world.write(WORKSHOP, "v2/index.html", "second edition");
    world.configure(WORKSHOP, json!({"origin_path": "/v2", "bucket_policy": "read_and_list"})).await;
    assert_eq!(world.view(WORKSHOP, "/").await.body, "second edition");
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.text("Key"), "v2/styles.css");
}

async fn past_cloudfront(world: &World, host: &str, path: &str) -> Answer {
    send(&world.sandbox.edge_url(), "GET", path, &[("host", host)], "").await.unwrap()
}

#[tokio::test]
async fn the_origins_own_host_is_answered_without_cloudfront() {
    let world = World::new().await;
    let bucket = "student-website.s3.us-east-1.amazonaws.com";
    let private = past_cloudfront(&world, bucket, "/styles.css").await;
    assert_eq!(private.refusal(), (403, "AccessDenied"));
    assert!(CLOUDFRONTS.iter().all(|name| private.header(name).is_empty()), "{private:?}");
    assert!(private.header("x-amz-request-id").len() == 16 && !private.header("x-amz-id-2").is_empty());
    world.configure(WORKSHOP, json!({"origin_access": "unsigned"})).await;
    let old = world.view(WORKSHOP, "/styles.css").await;
    world.write(WORKSHOP, "styles.css", "changed");
    let public = past_cloudfront(&world, bucket, "/styles.css").await;
    assert_eq!((public.status, public.body.as_str(), public.header("age")), (200, "changed", ""));
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.body, old.body);
    assert_eq!(past_cloudfront(&world, bucket, "/").await.status, 403, "a bucket has no root object");
    world.rules(json!([{"answer": "waf_block"}, {"host": bucket, "answer": "origin", "status": 503}])).await;
    assert_eq!(past_cloudfront(&world, bucket, "/styles.css").await.status, 503);
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.status, 403);
}

#[tokio::test]
async fn a_distribution_behind_another_one_answers_as_a_distribution() {
    let world = World::new().await;
    let host = "d3k9shopfront1.cloudfront.net";
    world.configure(WORKSHOP, json!({"origin_domain": host, "origin_kind": "custom"})).await;
    let answer = past_cloudfront(&world, host, "/shop.css").await;
    assert_eq!((answer.status, answer.source().as_str()), (200, "Miss"));
}

#[tokio::test]
async fn another_host_may_answer_as_an_api_that_is_not_cloudfronts() {
    let world = World::new().await;
    let host = "abc123.execute-api.us-east-1.amazonaws.com";
    world.configure(DOCS, json!({"origin_domain": host, "origin_kind": "custom"})).await;
    world
        .rules(json!([{"host": host, "path": "/prod/students", "answer": "origin", "status": 429,
        "body": "{\"message\":\"Too Many Requests\"}", "headers": {"content-type": "application/json",
        "x-amzn-errortype": "TooManyRequestsException", "retry-after": "7"}}]))
        .await;
    let answer = past_cloudfront(&world, host, "/prod/students").await;
    assert_eq!(answer.kind(), (429, String::new(), "", "application/json"));
    assert_eq!(answer.header("retry-after"), "7");
    assert!(CLOUDFRONTS.iter().all(|name| answer.header(name).is_empty()), "{answer:?}");
    assert!(!answer.header("date").is_empty());
    world.rules(json!([{"host": host, "answer": "fixed", "status": 502}])).await;
    let fixed = past_cloudfront(&world, host, "/").await;
    assert_eq!((fixed.status, fixed.header("x-cache")), (502, ""));
    world.rules(json!([{"host": host, "answer": "unavailable"}])).await;
    let page = past_cloudfront(&world, host, "/").await;
    assert!(CLOUDFRONTS.iter().all(|name| page.header(name).is_empty()), "{page:?}");
}
