//! Who is calling: unsigned and ill-fated callers.

use crate::support::{SHOP, WORKSHOP, World, batch, invalidations, send, signed};

async fn code(world: &World, headers: &[(&str, &str)]) -> (u16, String, String) {
    let body = batch("r", &["/a"]);
    let answer =
        send(&world.sandbox.api_url(), "POST", &invalidations(WORKSHOP), headers, &body).await.unwrap();
    (answer.status, answer.text("Code").to_owned(), answer.text("Message").to_owned())
}

#[tokio::test]
async fn a_call_has_to_be_signed_for_this_service() {
    let world = World::new().await;
    let (status, name, _) = code(&world, &[]).await;
    assert_eq!((status, name.as_str()), (403, "MissingAuthenticationToken"));
    for header in [
        "Bearer x",
        "AWS4-HMAC-SHA256 Credential=AKIA",
        "AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=h, Signature=s",
    ] {
        let (status, name, _) = code(&world, &[("authorization", header)]).await;
        assert_eq!((status, name.as_str()), (403, "IncompleteSignature"), "{header}");
    }
    let other = signed("AKIATEST").replace("/cloudfront/", "/s3/");
    assert_eq!(code(&world, &[("authorization", &other)]).await.1, "SignatureDoesNotMatch");
    assert!(world.sandbox.invalidations(WORKSHOP).is_empty());
    assert_eq!(code(&world, &[("authorization", &signed("AKIATEST"))]).await.0, 201);
    assert_eq!(world.sandbox.calls().last().unwrap().access_key.as_deref(), Some("AKIATEST"));
}

#[tokio::test]
async fn access_keys_fare_as_their_names_say() {
    let world = World::new().await;
    let (status, name, _) = code(&world, &[("authorization", &signed("AKIAEXPIRED1"))]).await;
    assert_eq!((status, name.as_str()), (403, "ExpiredToken"));
    let (status, name, _) = code(&world, &[("authorization", &signed("AKIAINVALID1"))]).await;
    assert_eq!((status, name.as_str()), (403, "InvalidClientTokenId"));
    let (status, name, message) = code(&world, &[("authorization", &signed("AKIADENIED1"))]).await;
    assert_eq!((status, name.as_str()), (403, "AccessDenied"));
    assert_eq!(
        message,
        "User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: cloudfront:CreateInvalidation on \
         resource: arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL because no identity-based policy allows \
         the cloudfront:CreateInvalidation action"
    );
    let denied = signed("AKIADENIED1");
    let list =
        send(&world.sandbox.api_url(), "GET", "/2020-05-31/distribution", &[("authorization", &denied)], "")
            .await;
    assert!(
        list.unwrap()
            .text("Message")
            .contains("on resource: arn:aws:cloudfront::123456789012:distribution/* because")
    );
}

#[tokio::test]
async fn tags_for_billing_are_shown_by_arn() {
    let world = World::new().await;
    let path = |arn: &str| format!("/2020-05-31/tagging?Resource={arn}");
    let arn = format!("arn:aws:cloudfront::123456789012:distribution/{SHOP}");
    let tags = world.call("GET", &path(&arn), "").await;
    assert_eq!(tags.texts("Key"), ["environment", "team"]);
    assert_eq!(tags.texts("Value"), ["production", "storefront"]);
    let unknown = world.call("GET", &path("arn:aws:cloudfront::123456789012:distribution/E0"), "").await;
    assert_eq!(unknown.refusal(), (404, "NoSuchResource"));
    assert_eq!(world.call("GET", &path("E0"), "").await.refusal(), (400, "InvalidArgument"));
}
