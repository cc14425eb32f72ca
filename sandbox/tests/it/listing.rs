//! The listing of a bucket, as a role of the account gets it.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::support::{Answer, SHOP, WORKSHOP, World, send};

/// A page of the workshop's bucket.
async fn list(world: &World, query: &str) -> Answer {
    let path = format!("/student-website/?list-type=2&X-Amz-Signature=0f{query}");
    send(&world.sandbox.api_url(), "GET", &path, &[], "").await.unwrap()
}

#[tokio::test]
async fn a_listing_has_the_files_of_the_folder_by_the_bytes_of_their_keys() {
    let world = World::new().await;
    std::fs::create_dir(world.file(WORKSHOP, "a b")).unwrap();
    world.write(WORKSHOP, "a b/ü&+.html", "x");
    let file = std::fs::File::options().write(true).open(world.file(WORKSHOP, "styles.css")).unwrap();
    let at = Duration::from_millis(1_795_428_000_999);
    file.set_modified(SystemTime::UNIX_EPOCH + at).unwrap();
    let all = list(&world, "").await;
    assert_eq!((all.status, all.header("content-type")), (200, "application/xml"));
    assert_eq!(all.texts("Key"), ["a b/ü&amp;+.html", "index.html", "scripts.js", "styles.css"]);
    assert_eq!(all.texts("LastModified")[3], "2026-11-23T10:00:00.000Z");
    assert_eq!(
        (all.text("KeyCount"), all.text("IsTruncated"), all.text("Name")),
        ("4", "false", "student-website")
    );
    assert_eq!(all.texts("Size")[0], "1");
    let encoded = list(&world, "&encoding-type=url").await;
    assert_eq!(encoded.texts("Key")[0], "a+b/%C3%BC%26%2B.html");
    assert_eq!(encoded.text("EncodingType"), "url");
    assert_eq!(list(&world, "&prefix=s&encoding-type=url").await.texts("Key"), ["scripts.js", "styles.css"]);
    assert_eq!(list(&world, "&start-after=index.html").await.texts("Key"), ["scripts.js", "styles.css"]);
    assert!(list(&world, "&prefix=none").await.texts("Key").is_empty());
}

#[tokio::test]
async fn a_listing_goes_on_where_its_page_ended() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"listing_page": 2})).await;
    let first = list(&world, "&prefix=").await;
    assert_eq!(first.texts("Key"), ["index.html", "scripts.js"]);
    assert_eq!(first.text("IsTruncated"), "true");
    let token = first.text("NextContinuationToken");
    let second = list(&world, &format!("&continuation-token={token}")).await;
    assert_eq!((second.texts("Key"), second.text("IsTruncated")), (vec!["styles.css"], "false"));
    assert_eq!(list(&world, "&max-keys=1").await.texts("Key"), ["index.html"]);
    assert_eq!(list(&world, "&continuation-token=2a").await.refusal(), (400, "InvalidArgument"));
}

#[tokio::test]
async fn a_role_lists_what_it_may() {
    let world = World::new().await;
    world.configure(WORKSHOP, json!({"role_policy": "read"})).await;
    assert_eq!(list(&world, "").await.refusal(), (403, "AccessDenied"));
    let url = world.sandbox.api_url();
    let path = "/nobodys/?list-type=2&X-Amz-Signature=0f";
    assert_eq!(send(&url, "GET", path, &[], "").await.unwrap().refusal(), (404, "NoSuchBucket"));
    // Without the permission to list, a missing file is a refused one.
    let head = |key: &str| format!("/student-website/{key}?X-Amz-Signature=0f");
    assert_eq!(send(&url, "GET", &head("styles.css"), &[], "").await.unwrap().status, 200);
    assert_eq!(send(&url, "GET", &head("missing.css"), &[], "").await.unwrap().status, 403);
    world.configure(WORKSHOP, json!({"role_policy": "read_and_list"})).await;
    assert_eq!(send(&url, "GET", &head("missing.css"), &[], "").await.unwrap().status, 404);
    let calls: Vec<_> = world.sandbox.calls().into_iter().map(|call| (call.operation, call.status)).collect();
    assert_eq!(calls[0], ("ListObjectsV2".to_owned(), Some(403)));
    assert_eq!(calls[2], ("HeadObject".to_owned(), Some(200)));
    assert!(world.sandbox.calls().iter().all(|call| call.distribution.as_deref() != Some(SHOP)));
}

#[tokio::test]
async fn a_listing_meets_faults() {
    let world = World::new().await;
    for (kind, expected) in [
        ("server_error", (503, "SlowDown")),
        ("expired", (400, "ExpiredToken")),
        ("access_denied", (403, "AccessDenied")),
    ] {
        let faults = json!([{"operation": "ListObjectsV2", "kind": kind}]).to_string();
        assert_eq!(world.control("POST", "/_sandbox/faults", &faults).await.0, 200);
        assert_eq!(list(&world, "").await.refusal(), expected, "{kind}");
    }
}
