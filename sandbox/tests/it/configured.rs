//! What the edge does because a distribution's configuration says so, and how the API shows that configuration.

use std::time::Duration;

use serde_json::json;

use crate::support::{DOCS, WORKSHOP, World, send};

const HTTPS: [(&str, &str); 1] = [("x-forwarded-proto", "https")];

#[tokio::test]
async fn viewers_by_http_are_sent_to_https_and_those_by_https_are_not() {
    let world = World::new().await;
    let aliases = json!({"aliases": ["www.example.com"], "viewer_protocol_policy": "redirect-to-https"});
    world.configure(WORKSHOP, aliases).await;
    let url = world.sandbox.edge_url();
    let by_http = send(&url, "GET", "/a?b=c", &[("host", "www.example.com")], "").await.unwrap();
    assert_eq!(by_http.kind(), (301, "Redirect".into(), "CloudFront", "text/html"));
    assert_eq!((by_http.header("location"), by_http.body.len()), ("https://www.example.com/a?b=c", 167));
    assert_eq!(by_http.header("age"), "");
    let by_https = [("host", "www.example.com"), HTTPS[0]];
    assert_eq!(send(&url, "GET", "/", &by_https, "").await.unwrap().status, 200);
    world.configure(WORKSHOP, json!({"viewer_protocol_policy": "https-only"})).await;
    let refused = world.view(WORKSHOP, "/").await;
    assert!(refused.status == 403 && refused.body.contains("Bad request."));
    assert_eq!(world.view_with(WORKSHOP, "GET", "/", &HTTPS).await.status, 200);
    world.configure(WORKSHOP, json!({"viewer_protocol_policy": "allow-all"})).await;
    assert_eq!(world.view(WORKSHOP, "/").await.status, 200);
}

#[tokio::test]
async fn a_geographic_restriction_refuses_the_country_of_every_viewer() {
    let world = World::new().await;
    for (restriction, status) in [
        (json!({"blacklist": ["FR", "US"]}), 403),
        (json!({"whitelist": ["FR"]}), 403),
        (json!({"blacklist": ["FR"]}), 200),
        (json!({"whitelist": ["US"]}), 200),
        (json!("none"), 200),
    ] {
        world.configure(WORKSHOP, json!({ "geo_restriction": restriction })).await;
        let answer = world.view(WORKSHOP, "/").await;
        assert_eq!(answer.status, status, "{restriction}");
        assert_eq!(answer.body.contains("configured to block access from your country"), status == 403);
    }
}

#[tokio::test]
async fn signed_urls_and_cookies_let_in_whoever_has_a_known_key_in_time() {
    let world = World::new().await;
    world.configure(DOCS, json!({"trusted_keys": ["K2KEY"]})).await;
    // The test's clock stands at 1795428000.
    for (query, refusal) in [
        ("", (403, "MissingKey")),
        ("?Expires=1795428001&Signature=s&Key-Pair-Id=K9", (403, "InvalidKey")),
        ("?Expires=1795428000&Signature=s&Key-Pair-Id=K2KEY", (403, "AccessDenied")),
        ("?Expires=1795428001&Key-Pair-Id=K2KEY", (403, "AccessDenied")),
        ("?Signature=s&Key-Pair-Id=K2KEY", (403, "AccessDenied")),
        ("?Expires=1795428001&Signature=s&Key-Pair-Id=K2KEY", (200, "")),
        ("?Policy=p&Signature=other&Key-Pair-Id=K2KEY", (200, "")),
    ] {
        let answer = world.view(DOCS, &format!("/search.html{query}")).await;
        assert_eq!(answer.refusal(), refusal, "{query}");
        if refusal.0 == 403 {
            assert_eq!(answer.kind(), (403, "Error".into(), "CloudFront", "text/xml"));
            assert!(!answer.body.contains("RequestId") && !answer.body.contains("HostId"));
        }
    }
    let cookies = "CloudFront-Policy=p; CloudFront-Signature=s; CloudFront-Key-Pair-Id=K2KEY";
    let seen = world.view_with(DOCS, "GET", "/search.html", &[("cookie", cookies)]).await;
    assert_eq!((seen.status, seen.source().as_str()), (200, "Hit"), "signatures are no part of the key");
}

#[tokio::test]
async fn a_preflight_request_is_answered_for_the_allowed_origins() {
    let world = World::new().await;
    let ask = [("origin", "https://app.example.com"), ("access-control-request-method", "GET")];
    assert!(world.view_with(WORKSHOP, "OPTIONS", "/", &ask).await.body.contains("HTTP request method"));
    let cors = json!({"origins": ["https://app.example.com"]});
    world.configure(WORKSHOP, json!({"cors": cors, "allowed_methods": ["HEAD", "GET", "OPTIONS"]})).await;
    let headers = [ask[0], ask[1], ("access-control-request-headers", "x-api-key")];
    let answer = world.view_with(WORKSHOP, "OPTIONS", "/", &headers).await;
    assert_eq!((answer.status, answer.source().as_str()), (200, "Miss"));
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
    assert_eq!(answer.header("access-control-allow-methods"), "HEAD, GET, OPTIONS");
    assert_eq!(answer.header("access-control-allow-headers"), "x-api-key");
    for ask in [("origin", "https://evil.example.com"), ("origin", "null")] {
        let refused = world.view_with(WORKSHOP, "OPTIONS", "/", &[ask, headers[1]]).await;
        assert_eq!(refused.refusal(), (403, "AccessForbidden"));
        assert_eq!(refused.header("access-control-allow-origin"), "");
    }
    let put = [ask[0], ("access-control-request-method", "PUT")];
    assert_eq!(world.view_with(WORKSHOP, "OPTIONS", "/", &put).await.status, 403);
    assert_eq!(world.view_with(WORKSHOP, "OPTIONS", "/", &[]).await.refusal(), (405, "MethodNotAllowed"));
}

#[tokio::test]
async fn a_policy_adds_cors_headers_to_each_answer_and_an_origin_to_what_is_cached() {
    let world = World::new().await;
    let allowed = |answer: &crate::support::Answer| answer.header("access-control-allow-origin").to_owned();
    let from = [("origin", "https://app.example.com")];
    let cors = json!({"origins": ["https://app.example.com"]});
    world.configure(WORKSHOP, json!({ "cors": cors })).await;
    assert_eq!(allowed(&world.view(WORKSHOP, "/").await), "");
    let by_policy = world.view_with(WORKSHOP, "GET", "/", &from).await;
    assert_eq!(
        (by_policy.source().as_str(), allowed(&by_policy).as_str()),
        ("Hit", "https://app.example.com")
    );
    assert_eq!(allowed(&world.view_with(WORKSHOP, "GET", "/", &[("origin", "https://x.example")]).await), "");
    let refused = world.view_with(WORKSHOP, "POST", "/", &from).await;
    assert_eq!(
        (refused.status, allowed(&refused).as_str()),
        (403, ""),
        "a page of CloudFront's has no such header"
    );

    let cors = json!({"origins": ["*"], "by": "origin"});
    world.configure(WORKSHOP, json!({ "cors": cors })).await;
    assert_eq!(allowed(&world.view(WORKSHOP, "/styles.css").await), "");
    let cached = world.view_with(WORKSHOP, "GET", "/styles.css", &from).await;
    assert_eq!((cached.source().as_str(), allowed(&cached).as_str()), ("Hit", ""));
    world.configure(WORKSHOP, json!({"key_headers": ["Origin"]})).await;
    let keyed = world.view_with(WORKSHOP, "GET", "/styles.css", &from).await;
    assert_eq!((keyed.source().as_str(), allowed(&keyed).as_str()), ("Miss", "*"));
}

#[tokio::test]
async fn key_headers_make_variants_that_one_invalidation_evicts_together() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"key_headers": ["Accept-Language"]})).await;
    let (german, french) = ([("accept-language", "de")], [("accept-language", "fr")]);
    let old = world.view_with(WORKSHOP, "GET", "/styles.css", &german).await;
    world.write(WORKSHOP, "styles.css", "changed");
    assert_eq!(world.view_with(WORKSHOP, "GET", "/styles.css", &french).await.body, "changed");
    let kept = world.view_with(WORKSHOP, "GET", "/styles.css", &german).await;
    assert_eq!((kept.source().as_str(), &kept.body), ("Hit", &old.body));
    world.invalidate(WORKSHOP, &["/styles.css"]).await;
    for language in [german, french] {
        let fresh = world.view_with(WORKSHOP, "GET", "/styles.css", &language).await;
        assert_eq!((fresh.source().as_str(), fresh.body.as_str()), ("Miss", "changed"));
    }
}

#[tokio::test]
async fn a_minimum_ttl_counts_for_more_than_the_origins_no_store() {
    let world = World::new().await;
    world.write(WORKSHOP, "_headers.json", r#"{"*": {"cache-control": "no-store"}}"#);
    assert_eq!(world.sources(WORKSHOP, &["/", "/"]).await, ["Miss", "Miss"]);
    world.configure(WORKSHOP, json!({"min_ttl": 60})).await;
    assert_eq!(world.sources(WORKSHOP, &["/", "/"]).await, ["Miss", "Hit"]);
    world.advance(Duration::from_mins(1));
    assert_eq!(world.view(WORKSHOP, "/").await.source(), "RefreshHit");
    world.write(WORKSHOP, "_headers.json", r#"{"*": {"cache-control": "max-age=5"}}"#);
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Miss");
    world.advance(Duration::from_secs(59));
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Hit");
}

#[tokio::test]
async fn the_api_shows_what_the_edge_obeys() {
    let world = World::new().await;
    let path = format!("/2020-05-31/distribution/{WORKSHOP}");
    let plain = world.call("GET", &path, "").await;
    assert!(plain.body.contains("<CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>"));
    assert!(plain.body.contains("<WebACLId></WebACLId>") && !plain.body.contains("ViewerMtlsConfig"));
    world
        .configure(
            WORKSHOP,
            json!({"error_pages": [{"error_code": 403, "response_page_path": "/index.html", "response_code": 200},
                    {"error_code": 500}],
                "web_acl": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1", "min_ttl": 5,
                "geo_restriction": {"whitelist": ["FR", "DE"]}, "viewer_protocol_policy": "https-only",
                "allowed_methods": ["HEAD", "GET", "OPTIONS"], "cors": {"origins": ["*"]},
                "key_headers": ["Origin"], "trusted_keys": ["K2KEY"], "client_certificates": "required",
                "origin_kind": "website", "origin_path": "/v2", "log_bucket": "logs.s3.amazonaws.com"}),
        )
        .await;
    let shown = world.call("GET", &path, "").await;
    for part in [
        "<CustomErrorResponses><Quantity>2</Quantity><Items><CustomErrorResponse><ErrorCode>403</ErrorCode>\
         <ResponsePagePath>/index.html</ResponsePagePath><ResponseCode>200</ResponseCode>\
         <ErrorCachingMinTTL>10</ErrorCachingMinTTL></CustomErrorResponse><CustomErrorResponse>\
         <ErrorCode>500</ErrorCode><ResponsePagePath></ResponsePagePath>",
        "<WebACLId>arn:aws:wafv2:us-east-1:123456789012:global/webacl/site/1</WebACLId>",
        "<RestrictionType>whitelist</RestrictionType><Quantity>2</Quantity><Items><Location>FR</Location>",
        "<ViewerProtocolPolicy>https-only</ViewerProtocolPolicy>",
        "<AllowedMethods><Quantity>3</Quantity>",
        "<ResponseHeadersPolicyId>",
        "<Headers><Quantity>1</Quantity><Items><Name>Origin</Name></Items></Headers>",
        "<MinTTL>5</MinTTL>",
        "<TrustedKeyGroups><Enabled>true</Enabled><Quantity>1</Quantity>",
        "<KeyPairIds><Quantity>1</Quantity><Items><KeyPairId>K2KEY</KeyPairId>",
        "<ViewerMtlsConfig><Mode>required</Mode>",
        "student-website.s3-website-us-east-1.amazonaws.com</DomainName><OriginPath>/v2</OriginPath>",
        "<OriginProtocolPolicy>http-only</OriginProtocolPolicy>",
        "<Logging><Enabled>true</Enabled>",
    ] {
        assert!(shown.body.contains(part), "{part} in {}", shown.body);
    }
    let listed = world.call("GET", "/2020-05-31/distribution", "").await;
    assert!(
        listed.body.contains("<ErrorCode>403</ErrorCode>") && listed.body.contains("<Location>FR</Location>")
    );
    world.configure(WORKSHOP, json!({"origin_kind": "s3", "origin_access": "oai"})).await;
    let oai = world.call("GET", &path, "").await;
    assert_eq!(oai.text("OriginAccessIdentity"), "origin-access-identity/cloudfront/E127EXAMPLE51Z");
    assert_eq!(oai.text("OriginAccessControlId"), "");
}

#[tokio::test]
async fn a_packed_copy_is_an_object_of_its_own_with_a_weak_tag() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"encodings": ["gzip"]})).await;
    let plain = world.view_with(WORKSHOP, "GET", "/styles.css", &[("accept-encoding", "identity")]).await;
    assert_eq!(world.view_with(WORKSHOP, "GET", "/styles.css", &[]).await.source(), "Hit");
    let asks = [("accept-encoding", "br;q=1, gzip;q=0.8")];
    let packed = world.view_with(WORKSHOP, "GET", "/styles.css", &asks).await;
    assert_eq!((packed.source().as_str(), packed.header("content-encoding")), ("Miss", "gzip"));
    assert_eq!(packed.header("etag"), format!("W/{}", plain.header("etag")));
    let refuses = [("accept-encoding", "gzip;q=0")];
    let refused = world.view_with(WORKSHOP, "GET", "/styles.css", &refuses).await;
    assert_eq!((refused.source().as_str(), refused.header("content-encoding")), ("Hit", ""));
    world.invalidate(WORKSHOP, &["/styles.css"]).await;
    assert_eq!(world.view_with(WORKSHOP, "GET", "/styles.css", &asks).await.source(), "Miss");
    assert_eq!(world.view(WORKSHOP, "/styles.css").await.source(), "Miss");
}
