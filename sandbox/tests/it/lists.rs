//! The lists and their pages, and what a distribution says of itself.

use std::time::Duration;

use cloudfront_sandbox::{CachePolicy, Distribution, KeyPart};

use crate::support::{DOCS, SHOP, WORKSHOP, World, invalidations};

/// All IDs over all pages, and the sizes of the pages.
async fn pages(world: &World, path: &str, size: usize) -> (Vec<String>, Vec<usize>) {
    let (mut ids, mut sizes, mut marker) = (Vec::new(), Vec::new(), String::new());
    loop {
        let page = world.call("GET", &format!("{path}?MaxItems={size}&Marker={marker}"), "").await;
        let rows: Vec<String> =
            page.texts("Id").into_iter().filter(|id| !id.contains('.')).map(str::to_owned).collect();
        assert_eq!(
            (page.text("Marker"), page.text("Quantity")),
            (marker.as_str(), rows.len().to_string().as_str())
        );
        sizes.push(rows.len());
        ids.extend(rows);
        if page.text("IsTruncated") == "false" {
            assert_eq!(page.text("NextMarker"), "");
            return (ids, sizes);
        }
        page.text("NextMarker").clone_into(&mut marker);
    }
}

#[tokio::test]
async fn invalidations_are_listed_newest_first() {
    let world = World::new().await;
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(world.create(WORKSHOP, &format!("r{n}"), &["/a"]).await.text("Id").to_owned());
        world.advance(Duration::from_secs(5));
    }
    made.reverse();
    assert_eq!(pages(&world, &invalidations(WORKSHOP), 3).await, (made.clone(), vec![3, 3, 1]));
    assert_eq!(pages(&world, &invalidations(WORKSHOP), 7).await, (made, vec![7]));
    let list = world.call("GET", &invalidations(WORKSHOP), "").await;
    let completed = "Completed";
    assert_eq!(
        list.texts("Status"),
        ["InProgress", "InProgress", "InProgress", completed, completed, completed, completed]
    );
    assert_eq!(list.text("MaxItems"), "100");
    assert_eq!(list.texts("CreateTime")[6], "2026-11-23T10:00:00.123Z");
    assert!(!list.body.contains("<Path>"));
}

#[tokio::test]
async fn a_new_invalidation_does_not_shift_the_pages_under_a_reader() {
    let world = World::new().await;
    for n in 0..4 {
        world.create(WORKSHOP, &format!("r{n}"), &["/a"]).await;
    }
    let first = world.call("GET", &format!("{}?MaxItems=2", invalidations(WORKSHOP)), "").await;
    world.create(WORKSHOP, "meanwhile", &["/a"]).await;
    let marker = first.text("NextMarker");
    let second =
        world.call("GET", &format!("{}?MaxItems=2&Marker={marker}", invalidations(WORKSHOP)), "").await;
    let references: Vec<String> = second
        .texts("Id")
        .iter()
        .map(|id| {
            world
                .sandbox
                .invalidations(WORKSHOP)
                .into_iter()
                .find(|known| known.id == **id)
                .unwrap()
                .caller_reference
        })
        .collect();
    assert_eq!(references, ["r1", "r0"]);
}

#[tokio::test]
async fn pages_hold_a_hundred_at_most_and_nonsense_is_refused() {
    let world = World::new().await;
    for n in 0..120 {
        let distribution = Distribution::new(format!("E{n:013}"), format!("d{n}.cloudfront.net"));
        world.sandbox.add_distribution(distribution).unwrap();
    }
    let (ids, sizes) = pages(&world, "/2020-05-31/distribution", 1_000).await;
    assert_eq!((ids.len(), sizes), (125, vec![100, 25]));
    assert_eq!((ids[0].as_str(), ids[1].as_str()), (WORKSHOP, SHOP));
    for query in ["MaxItems=0", "MaxItems=x", "Marker=E000"] {
        let refused = world.call("GET", &format!("/2020-05-31/distribution?{query}"), "").await;
        assert_eq!(refused.refusal(), (400, "InvalidArgument"), "{query}");
    }
    let refused = world.call("GET", &format!("{}?Marker=I000", invalidations(WORKSHOP)), "").await;
    assert_eq!(refused.refusal(), (400, "InvalidArgument"));
}

#[tokio::test]
async fn a_distribution_is_described_alike_everywhere() {
    let world = World::new().await;
    let path = format!("/2020-05-31/distribution/{SHOP}");
    let whole = world.call("GET", &path, "").await;
    let config = world.call("GET", &format!("{path}/config"), "").await;
    assert_eq!(config.header("etag"), whole.header("etag"));
    assert!(config.header("etag").starts_with('E') && config.header("etag").len() == 14);
    assert_eq!(
        (config.text("HeaderName"), config.text("CNAME")),
        ("x-amz-meta-cache-tag", "shop.example.com")
    );
    assert_eq!(config.text("DefaultRootObject"), "index.html");
    assert!(config.body.contains("</PriceClass><Enabled>true</Enabled>"));
    let inner = whole.text("DistributionConfig");
    assert!(inner.len() > 1_000 && config.body.contains(inner));
    assert_eq!(whole.text("InProgressInvalidationBatches"), "0");
    world.create(SHOP, "r", &["/a"]).await;
    assert_eq!(world.call("GET", &path, "").await.text("InProgressInvalidationBatches"), "1");
    let plain = world.call("GET", &format!("/2020-05-31/distribution/{DOCS}/config"), "").await;
    assert!(!plain.body.contains("CacheTagConfig"));
    assert_eq!(
        world.call("GET", "/2020-05-31/distribution/E0/config", "").await.refusal(),
        (404, "NoSuchDistribution")
    );
    assert_eq!(world.call("GET", "/2020-05-31/key-group", "").await.status, 404);
}

#[tokio::test]
async fn the_seeds_begin_with_the_workshop() {
    let world = World::new().await;
    let list = world.call("GET", "/2020-05-31/distribution", "").await;
    let comments = list.texts("Comment");
    assert_eq!(comments[0], "StudentWebsiteDistribution");
    let statuses: Vec<&str> = list
        .body
        .match_indices("<DistributionSummary><Id>")
        .map(|(at, _)| list.body[at..].split_once("<Status>").unwrap().1.split('<').next().unwrap())
        .collect();
    assert_eq!(statuses, ["Deployed", "Deployed", "Deployed", "InProgress", "Deployed"]);
    assert!(list.body.contains(
        "<DomainName>d12345678.cloudfront.net</DomainName><Aliases><Quantity>0</Quantity></Aliases>"
    ));
}

#[tokio::test]
async fn cache_policies_are_listed_by_type_and_page() {
    let world = World::new().await;
    for (n, query_strings) in
        [KeyPart::All, KeyPart::Whitelist(vec!["page".to_owned()])].into_iter().enumerate()
    {
        let policy = CachePolicy { id: format!("own-{n}"), query_strings, ..CachePolicy::default() };
        let distribution = Distribution::new(format!("E{n:013}"), format!("d{n}.cloudfront.net"));
        let distribution = Distribution { cache_policy: Some(policy), ..distribution };
        world.sandbox.add_distribution(distribution).unwrap();
    }
    let path = "/2020-05-31/cache-policy";
    let first = world.call("GET", &format!("{path}?Type=custom&MaxItems=1"), "").await;
    assert_eq!((first.texts("Id"), first.text("NextMarker")), (vec!["own-0"], "own-0"));
    assert_eq!((first.text("QueryStringBehavior"), first.text("Type")), ("all", "custom"));
    let second = world.call("GET", &format!("{path}?Type=custom&MaxItems=1&Marker=own-0"), "").await;
    assert_eq!((second.texts("Id"), second.text("NextMarker")), (vec!["own-1"], ""));
    assert!(second.body.contains("<QueryStrings><Quantity>1</Quantity><Items><Name>page</Name></Items>"));
    let managed = world.call("GET", &format!("{path}?Type=managed"), "").await;
    assert!(managed.texts("Name").contains(&"Managed-CachingOptimized") && !managed.body.contains("own-0"));
    let refused = world.call("GET", &format!("{path}?Type=other"), "").await;
    assert_eq!(refused.refusal(), (400, "InvalidArgument"));
}
