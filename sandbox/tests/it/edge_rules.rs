//! Rules of the edge: which viewers meet which answer.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use cloudfront_sandbox::{EdgeAnswer, EdgeRule};
use serde_json::{Value, json};

use crate::support::{Answer, SHOP, WORKSHOP, World, send};

async fn meet(world: &World, rule: Value) -> Answer {
    world.rules(rule).await;
    world.view(WORKSHOP, "/x").await
}

#[tokio::test]
async fn cloudfronts_own_refusals_have_its_words_and_never_an_age() {
    let world = World::new().await;
    let rows = [
        ("waf_block", 403, "Error", "text/html", "Request blocked."),
        ("geo_block", 403, "Error", "text/html", "configured to block access from your country"),
        ("bad_request", 403, "Error", "text/html", "Bad request."),
        ("missing_key", 403, "Error", "text/xml", "<Code>MissingKey</Code><Message>Missing Key-Pair-Id"),
        ("invalid_key", 403, "Error", "text/xml", "<Code>InvalidKey</Code>"),
        (
            "signature_refused",
            403,
            "Error",
            "text/xml",
            "<Code>AccessDenied</Code><Message>Access denied</Message>",
        ),
        ("method_refused", 403, "Error", "text/html", "not configured to allow the HTTP request method"),
        ("redirect_to_https", 301, "Redirect", "text/html", "301 Moved Permanently"),
        ("limit_exceeded", 503, "LimitExceeded", "text/html", "503 ERROR"),
        ("unavailable", 503, "Error", "text/html", "503 ERROR"),
        ("function_error", 503, "FunctionExecutionError", "text/html", "CloudFront function associated"),
        ("lambda_error", 503, "LambdaExecutionError", "text/html", "Lambda function associated"),
        ("lambda_invalid", 502, "LambdaValidationError", "text/html", "result failed validation"),
        ("lambda_limit", 503, "LambdaLimitExceeded", "text/html", "was throttled"),
    ];
    for (answer, status, source, kind, words) in rows {
        for _ in 0..2 {
            let seen = meet(&world, json!({ "answer": answer })).await;
            assert_eq!(seen.kind(), (status, source.into(), "CloudFront", kind), "{answer}");
            assert!(seen.body.contains(words), "{answer}: {}", seen.body);
            assert_eq!((seen.header("age"), seen.text("HostId")), ("", ""), "{answer}");
            assert!(seen.header("x-cache").ends_with(" from cloudfront"), "{answer}");
            assert!(!seen.header("x-amz-cf-id").is_empty() && !seen.header("date").is_empty(), "{answer}");
        }
    }
    assert_eq!(meet(&world, json!({"answer": "bad_request", "status": 400})).await.status, 400);
}

#[tokio::test]
async fn a_failing_origin_is_an_error_page_that_is_kept_for_ten_seconds() {
    let world = World::new().await;
    for (answer, status, words) in [
        ("origin_unreachable", 502, "CloudFront wasn't able to connect to the origin."),
        ("origin_unresolved", 502, "CloudFront wasn't able to resolve the origin domain name."),
        ("origin_closed", 502, "but either the attempt failed or the origin closed the connection."),
        ("origin_timeout", 504, "but either the attempt failed or the origin closed the connection."),
    ] {
        let seen = meet(&world, json!({ "answer": answer })).await;
        assert_eq!(seen.kind(), (status, "Error".into(), "CloudFront", "text/html"), "{answer}");
        assert!(seen.body.contains(words), "{answer}: {}", seen.body);
        assert!(seen.body.contains(&format!("Request ID: {}\n", seen.header("x-amz-cf-id"))), "{answer}");
        world.advance(Duration::from_secs(9));
        let kept = world.view(WORKSHOP, "/x").await;
        assert_ne!(kept.header("x-amz-cf-id"), seen.header("x-amz-cf-id"));
        assert_eq!((kept.status, kept.header("age")), (status, "9"));
        world.advance(Duration::from_secs(1));
    }
    let unavailable =
        meet(&world, json!({"answer": "origin", "status": 503, "headers": {"server": "awselb/2.0"}})).await;
    assert_eq!((unavailable.status, unavailable.header("server")), (503, "awselb/2.0"));
}

#[tokio::test]
async fn while_the_origin_fails_the_expired_copy_is_served_as_refreshed() {
    let world = World::new().await;
    world.write(WORKSHOP, "_headers.json", r#"{"*": {"cache-control": "max-age=60"}}"#);
    let old = world.view(WORKSHOP, "/styles.css").await;
    world.write(WORKSHOP, "styles.css", "changed");
    world.rules(json!({"answer": "origin", "status": 500})).await;
    world.advance(Duration::from_mins(1));
    for _ in 0..2 {
        let stale = world.view(WORKSHOP, "/styles.css").await;
        assert_eq!((stale.status, stale.source().as_str(), &stale.body), (200, "RefreshHit", &old.body));
    }
    world.invalidate(WORKSHOP, &["/styles.css"]).await;
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.status, 500, "nothing is left to serve");
}

#[tokio::test]
async fn the_origins_answer_is_cached_and_the_edges_is_not() {
    let world = World::new().await;
    let api = json!({"answer": "origin", "status": 403, "body": "{\"message\":\"Forbidden\"}",
        "headers": {"content-type": "application/json", "x-amzn-errortype": "ForbiddenException"}});
    let refused = meet(&world, api).await;
    assert_eq!(refused.kind(), (403, "Error".into(), "", "application/json"));
    assert_eq!(refused.header("x-amzn-errortype"), "ForbiddenException");
    let old = json!({"answer": "origin", "body": "old", "headers": {"etag": "\"1\"", "age": "100"}});
    let first = meet(&world, old).await;
    assert_eq!((first.body.as_str(), first.source().as_str(), first.header("age")), ("old", "Miss", "100"));
    world.rules(json!([])).await;
    world.advance(Duration::from_secs(3));
    let hit = world.view(WORKSHOP, "/x").await;
    assert_eq!((hit.body.as_str(), hit.source().as_str(), hit.header("age")), ("old", "Hit", "103"));
    let fixed = json!({"answer": "fixed", "body": "edge", "headers": {"x-cache": "Frob from cloudfront"}});
    let fixed = meet(&world, fixed).await;
    assert_eq!((fixed.body.as_str(), fixed.source().as_str()), ("edge", "Frob"));
    world.rules(json!([])).await;
    assert_eq!(world.view(WORKSHOP, "/x").await.body, "old");
}

#[tokio::test]
async fn s3_refuses_at_one_path() {
    let world = World::new().await;
    for (answer, status, code) in
        [("s3_access_denied", 403, "AccessDenied"), ("s3_no_such_key", 404, "NoSuchKey")]
    {
        let seen = meet(&world, json!({ "answer": answer })).await;
        assert_eq!(seen.kind(), (status, "Error".into(), "AmazonS3", "application/xml"));
        assert_eq!((seen.text("Code"), seen.text("RequestId").len()), (code, 16));
        world.advance(Duration::from_secs(10));
    }
}

#[tokio::test]
async fn redirects_come_from_functions_and_origins_and_may_go_round() {
    let world = World::new().await;
    world
        .rules(json!([
            {"path": "/a", "answer": "function_response", "status": 302, "headers": {"location": "/b"}},
            {"path": "/b", "answer": "origin", "status": 301, "headers": {"location": "/a"}},
            {"path": "/c", "answer": "lambda_response", "status": 401, "headers": {"www-authenticate": "Basic"}}]))
        .await;
    let seen = |answer: &Answer| (answer.status, answer.source(), answer.header("location").to_owned());
    let a = world.view(WORKSHOP, "/a").await;
    assert_eq!(seen(&a), (302, "FunctionGeneratedResponse".into(), "/b".into()));
    assert_eq!(seen(&world.view(WORKSHOP, "/b").await), (301, "Miss".into(), "/a".into()));
    assert_eq!(seen(&world.view(WORKSHOP, "/b").await), (301, "Hit".into(), "/a".into()));
    let c = world.view(WORKSHOP, "/c").await;
    assert_eq!((c.kind().1.as_str(), c.header("www-authenticate")), ("LambdaGeneratedResponse", "Basic"));
}

#[tokio::test]
async fn an_edge_may_go_on_serving_old_bytes_after_an_invalidation() {
    let world = World::new().await;
    let old = world.view(WORKSHOP, "/styles.css").await;
    world.view(WORKSHOP, "/scripts.js").await;
    world.rules(json!({"distribution": WORKSHOP, "path": "*.css", "ignores_invalidations": true})).await;
    world.write(WORKSHOP, "styles.css", "changed");
    world.invalidate(WORKSHOP, &["/*"]).await;
    let stale = world.view(WORKSHOP, "/styles.css").await;
    assert_eq!((stale.source().as_str(), &stale.body, stale.header("age")), ("Hit", &old.body, "5"));
    assert_eq!(world.view(WORKSHOP, "/scripts.js").await.source(), "Miss");
    world.rules(json!([])).await;
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Hit", "it has missed its invalidation");
    world.invalidate(WORKSHOP, &["/*"]).await;
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.body, "changed");
}

#[tokio::test]
async fn headers_may_be_wrong_missing_or_kept() {
    let world = World::new().await;
    world.view(WORKSHOP, "/").await;
    world.advance(Duration::from_secs(40));
    let headers = |answer: &Answer| {
        ["date", "age", "x-cache"].map(|name| answer.headers.get(name).cloned().unwrap_or("none".into()))
    };
    let date = "Mon, 23 Nov 2026 10:00:00 GMT";
    for (rule, seen) in [
        (json!({"headers": {"age": null}}), [date, "none", "Hit from cloudfront"]),
        (json!({"headers": {"Age": "7"}}), [date, "7", "Hit from cloudfront"]),
        (json!({"headers": {"date": null}}), ["none", "40", "Hit from cloudfront"]),
        (json!({"date_offset": -30}), ["Mon, 23 Nov 2026 09:59:30 GMT", "40", "Hit from cloudfront"]),
        (json!({"date_offset": 90}), ["Mon, 23 Nov 2026 10:01:30 GMT", "40", "Hit from cloudfront"]),
        (
            json!({"headers": {"x-cache": "OriginShieldHit from cloudfront"}}),
            [date, "40", "OriginShieldHit from cloudfront"],
        ),
    ] {
        world.rules(rule.clone()).await;
        assert_eq!(headers(&world.view(WORKSHOP, "/").await), seen, "{rule}");
    }
}

#[tokio::test]
async fn connections_hang_break_and_end_early() {
    let world = World::new().await;
    let host = world.sandbox.edge_url_of(WORKSHOP).unwrap().replace("http://", "");
    let url = world.sandbox.edge_url();
    let view = async || send(&url, "GET", "/", &[("host", host.as_str())], "").await;
    world.sandbox.set_edge_rules(vec![EdgeRule::new("/", EdgeAnswer::Hang)]);
    assert!(tokio::time::timeout(Duration::from_millis(50), view()).await.is_err());
    world.sandbox.set_edge_rules(vec![EdgeRule::new("/", EdgeAnswer::Reset)]);
    assert_eq!(view().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    world.sandbox.set_edge_rules(vec![EdgeRule::new("/", EdgeAnswer::Close)]);
    assert_eq!(view().await.unwrap_err().to_string(), "no answer");
    world.sandbox.set_edge_rules(vec![EdgeRule::new("/", EdgeAnswer::Truncate)]);
    assert_eq!(view().await.unwrap_err().to_string(), "an answer that is cut short");
    world.rules(json!({"delay_ms": 30})).await;
    let begin = Instant::now();
    assert_eq!(view().await.unwrap().status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(30));
}

#[tokio::test]
async fn a_rule_names_distribution_path_host_method_number_and_time() {
    let world = World::new().await;
    let status =
        async |id: &str, method: &str, path: &str| world.view_with(id, method, path, &[]).await.status;
    let waf = |more: Value| {
        let mut rule = json!({"answer": "waf_block"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    world.rules(waf(json!({"distribution": SHOP}))).await;
    assert_eq!((status(SHOP, "GET", "/").await, status(WORKSHOP, "GET", "/").await), (403, 200));
    world.rules(waf(json!({"path": "/*.html"}))).await;
    assert_eq!((status(SHOP, "GET", "/index.html?a").await, status(SHOP, "GET", "/").await), (403, 200));
    world.rules(waf(json!({"path": "/?a=*"}))).await;
    assert_eq!((status(SHOP, "GET", "/?a=1").await, status(SHOP, "GET", "/?b=1").await), (403, 200));
    world.rules(waf(json!({"method": "HEAD"}))).await;
    assert_eq!((status(SHOP, "HEAD", "/").await, status(SHOP, "GET", "/").await), (403, 200));
    world.rules(waf(json!({"host": "shop.example.com"}))).await;
    let alias =
        send(&world.sandbox.edge_url(), "GET", "/", &[("host", "SHOP.example.com")], "").await.unwrap();
    assert_eq!((alias.status, status(SHOP, "GET", "/").await), (403, 200));
    world.rules(waf(json!({"request_header": "X-Api-Key: good"}))).await;
    let mut keys = Vec::new();
    for key in ["good", "Good"] {
        let headers = [("host", "shop.example.com"), ("x-api-key", key)];
        keys.push(send(&world.sandbox.edge_url(), "GET", "/", &headers, "").await.unwrap().status);
    }
    assert_eq!((keys, status(SHOP, "GET", "/").await), (vec![403, 200], 200));
    world
        .rules(json!([waf(json!({"times": 1})), waf(json!({"status": 418, "times": 1, "answer": "fixed"}))]))
        .await;
    let three =
        [status(SHOP, "GET", "/").await, status(SHOP, "GET", "/").await, status(SHOP, "GET", "/").await];
    assert_eq!(three, [403, 418, 200]);
    world.rules(waf(json!({"for_ms": 1000}))).await;
    assert_eq!(status(SHOP, "GET", "/").await, 403);
    world.advance(Duration::from_secs(1));
    assert_eq!(status(SHOP, "GET", "/").await, 200);
}

#[tokio::test]
async fn rules_are_set_shown_and_cleared() {
    let world = World::new().await;
    let one = json!({"path": "/a", "answer": "waf_block", "times": 3});
    for body in [one.clone(), json!([one]), json!({"rules": [one]})] {
        let (status, set) = world.control("POST", "/_sandbox/edge", &body.to_string()).await;
        assert_eq!((status, &set), (200, &json!([one])));
        assert_eq!(world.control("GET", "/_sandbox/edge", "").await.1, set);
    }
    world.view(WORKSHOP, "/a").await;
    assert_eq!(world.sandbox.edge_rules()[0].times, Some(2));
    for wrong in [
        json!({"answer": "frob"}),
        json!({"frob": 1}),
        json!([1]),
        json!({"status": 600}),
        json!({"headers": {"a b": "c"}}),
        json!({"headers": {"a": "b\nc"}}),
    ] {
        assert_eq!(world.control("POST", "/_sandbox/edge", &wrong.to_string()).await.0, 400, "{wrong}");
    }
    assert_eq!(world.control("DELETE", "/_sandbox/edge", "").await.1, json!([]));
    assert!(world.sandbox.edge_rules().is_empty());
}
