//! Which batches CloudFront takes, and the words with which it refuses the others.

use crate::support::{RETIRED, WORKSHOP, World, batch, batch_of_quantity, invalidations};

#[tokio::test]
async fn an_accepted_batch_comes_back_with_its_place() {
    let world = World::new().await;
    let created = world.create(WORKSHOP, "one & only", &["/a?x=1&y=2", "/b/*", "#tag:1"]).await;
    assert_eq!(created.status, 201);
    let id = created.text("Id");
    assert!(id.len() == 26 && id.starts_with('I'));
    assert!(id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    assert_eq!(created.text("CreateTime"), "2026-11-23T10:00:00.123Z");
    assert_eq!(created.text("Status"), "InProgress");
    assert_eq!(created.texts("Path"), ["/a?x=1&amp;y=2", "/b/*", "#tag:1"]);
    assert_eq!(created.texts("Quantity"), ["3"]);
    assert_eq!(created.text("CallerReference"), "one &amp; only");
    let location = format!("https://cloudfront.amazonaws.com{}/{id}", invalidations(WORKSHOP));
    assert_eq!(created.header("location"), location);
    assert_eq!(created.header("x-amzn-requestid").len(), 36);
    let found = world.call("GET", &format!("{}/{id}", invalidations(WORKSHOP)), "").await;
    assert_eq!((found.status, found.body), (200, created.body));
    assert_eq!(world.sandbox.calls()[0].items, ["/a?x=1&y=2", "/b/*", "#tag:1"]);
}

#[tokio::test]
async fn items_are_checked_one_by_one() {
    let world = World::new().await;
    let longest = format!("/{}", "a".repeat(3_999));
    let longest_tag = format!("#{}", "t".repeat(256));
    let good =
        ["/", "/*", "/a*b", "/%7Ex", "/%20", "/a'b", "/a?b=c", "#!", "#a:b", &longest, &longest_tag, "/a[1]"];
    for item in good {
        assert_eq!(world.create(WORKSHOP, item, &[item]).await.status, 201, "{item}");
    }
    let too_long = format!("{longest}a");
    let too_long_tag = format!("{longest_tag}t");
    let bad = [
        "",
        "a",
        "*",
        "index.html",
        "/a b",
        "/~x",
        "/<",
        "/>",
        "/\"",
        "/{",
        "/}",
        "/|",
        "/\\",
        "/^",
        "/`",
        "/é",
        "/\t",
        "#",
        "#a,b",
        "#a b",
        "#é",
        "#a*",
        &too_long,
        &too_long_tag,
    ];
    for item in bad {
        let refused = world.create(WORKSHOP, "bad", &["/good", item]).await;
        assert_eq!(refused.refusal(), (400, "InvalidArgument"), "{item}");
        assert_eq!(refused.text("Message"), "Your request contains one or more invalid invalidation paths.");
    }
    assert_eq!(world.sandbox.invalidations(WORKSHOP).len(), good.len());
}

#[tokio::test]
async fn the_same_item_twice_is_taken_as_it_is() {
    let world = World::new().await;
    let created = world.create(WORKSHOP, "twice", &["/a", "/a"]).await;
    assert_eq!((created.status, created.texts("Path")), (201, vec!["/a", "/a"]));
}

#[tokio::test]
async fn a_batch_that_does_not_add_up_is_refused() {
    let world = World::new().await;
    let cases = [
        (batch_of_quantity("r", &["/a"], 2), "InconsistentQuantities"),
        (batch_of_quantity("r", &["/a", "/b"], 1), "InconsistentQuantities"),
        (batch("r", &["/a"]).replace("<Quantity>1</Quantity>", ""), "InconsistentQuantities"),
        (batch("r", &[]), "InvalidArgument"),
        (batch("", &["/a"]), "InvalidArgument"),
        (batch("r", &["/a"]).replace("<CallerReference>r</CallerReference>", ""), "InvalidArgument"),
        (String::new(), "MissingBody"),
        ("not XML".to_owned(), "MalformedXML"),
        ("<InvalidationBatch><Paths>".to_owned(), "MalformedXML"),
        ("<Other><Thing>1</Thing></Other>".to_owned(), "MalformedXML"),
        (batch("r", &["/a"]).replace("</Paths>", "</Path>"), "MalformedXML"),
        (batch("r", &["/a"]).replace("/a", "/&nbsp;"), "MalformedXML"),
        ("<a>".repeat(100_000), "MalformedXML"),
    ];
    for (body, code) in cases {
        let refused = world.call("POST", &invalidations(WORKSHOP), &body).await;
        assert_eq!(refused.refusal(), (400, code), "{}", &body[..body.len().min(200)]);
        assert_eq!(refused.text("Type"), "Sender");
        assert_eq!(refused.text("RequestId"), refused.header("x-amzn-requestid"));
        assert!(
            refused
                .body
                .contains("<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">")
        );
    }
    assert!(world.sandbox.invalidations(WORKSHOP).is_empty());
}

#[tokio::test]
async fn a_disabled_distribution_takes_invalidations_and_an_unknown_one_does_not() {
    let world = World::new().await;
    assert_eq!(world.create(RETIRED, "r", &["/*"]).await.status, 201);
    assert_eq!(world.create("E0000000000000", "r", &["/*"]).await.refusal(), (404, "NoSuchDistribution"));
    let unknown = world.call("GET", &format!("{}/I000", invalidations(WORKSHOP)), "").await;
    assert_eq!(unknown.refusal(), (404, "NoSuchInvalidation"));
    let elsewhere = world.call("GET", &format!("{}/I000", invalidations("E0")), "").await;
    assert_eq!(elsewhere.refusal(), (404, "NoSuchDistribution"));
}

#[tokio::test]
async fn a_body_beyond_all_measure_is_refused() {
    let world = World::new().await;
    let body = "x".repeat(16 * 1024 * 1024 + 1);
    let refused = world.try_call("POST", &invalidations(WORKSHOP), &body).await;
    // The sandbox may close before the client has sent everything.
    assert!(refused.is_err() || refused.is_ok_and(|answer| answer.refusal() == (413, "BatchTooLarge")));
    assert_eq!(world.sandbox.calls()[0].code.as_deref(), Some("BatchTooLarge"));
}
