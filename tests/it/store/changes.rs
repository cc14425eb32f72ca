//! The changed files of distributions whose buckets are listed.

use unstale::{
    domain::{
        checks::{BucketChanges, BucketComparison, ChangedFile, CheckSettings},
        id::{BatchId, CloudFrontInvalidationId, DistributionId},
        invalidations::invalidation::NewInvalidation,
        time::Timestamp,
    },
    store::{
        checks::{
            changes::{self, ClaimedListing, ListingTimes},
            settings,
        },
        invalidations::batches,
    },
};

use super::given::{self, distributions, id};
use crate::support::{Database, at, on_each_engine};

async fn find(database: &Database, distribution: &str) -> Option<BucketChanges> {
    database.get(async |conn| changes::find(conn, &id(distribution)).await).await
}

async fn ask(database: &Database, distribution: &str, now: u64) -> bool {
    database.write(async |tx| changes::ask(tx, &id(distribution), at(now)).await).await
}

async fn due(database: &Database, now: u64, limit: usize) -> Vec<DistributionId> {
    database.get(async |conn| changes::due(conn, at(now), limit).await).await
}

async fn next_due(database: &Database, now: u64) -> Option<Timestamp> {
    database.get(async |conn| changes::next_due(conn, at(now)).await).await
}

async fn claim(database: &Database, listing: &ClaimedListing, now: u64) -> bool {
    database.write(async |tx| changes::claim(tx, listing, at(now), at(now + 300)).await).await
}

fn claimed(distribution: &str, lease: &str) -> ClaimedListing {
    ClaimedListing { distribution: id(distribution), lease: lease.to_owned() }
}

async fn finish(database: &Database, listing: &ClaimedListing, begun: u64, next: Option<u64>) -> bool {
    let times = ListingTimes { begun: at(begun), ended: at(begun + 5), next: next.map(at) };
    database.write(async |tx| changes::finish(tx, listing, &comparison(), times).await).await
}

async fn set(database: &Database, distribution: &str, enabled: bool, ask_origin: bool) {
    let new = CheckSettings { enabled, ask_origin, ..CheckSettings::default() };
    database.write(async |tx| settings::set(tx, &id(distribution), &new).await).await;
}

fn comparison() -> BucketComparison {
    let file = |name: &str| ChangedFile {
        name: name.to_owned(),
        items: vec![format!("/{name}")],
        never_invalidated: false,
    };
    BucketComparison {
        objects: 5,
        changed: 2,
        files: vec![file("ü.html"), file("a.css")],
        ..BucketComparison::default()
    }
}

async fn buckets_are_listed_where_the_origin_is_to_be_asked(database: &Database) {
    distributions(database, &["E1", "E2", "E3"]).await;
    set(database, "E1", true, false).await;
    set(database, "E2", false, true).await;
    assert_eq!((find(database, "E1").await, find(database, "E2").await), (None, None));
    set(database, "E3", true, true).await;
    assert_eq!(due(database, 0, 9).await, [id("E3")]);
    assert_eq!(next_due(database, 0).await, None, "it is due already");
    let listing = claimed("E3", "lease");
    assert!(claim(database, &listing, 0).await && finish(database, &listing, 0, Some(600)).await);
    // Saving the settings again does not bring the next one nearer.
    set(database, "E3", true, true).await;
    assert!(due(database, 599, 9).await.is_empty());
    assert_eq!((next_due(database, 1).await, next_due(database, 600).await), (Some(at(600)), None));
    assert_eq!(due(database, 600, 9).await, [id("E3")]);
    set(database, "E3", true, false).await;
    assert_eq!(find(database, "E3").await, None, "what was seen is forgotten");
    database.write(async |tx| changes::begin(tx, &id("E3")).await).await;
    assert_eq!(due(database, 0, 9).await, [id("E3")]);
    database.write(async |tx| changes::end(tx, &id("E3")).await).await;
    assert!(due(database, 0, 9).await.is_empty());
}

async fn listings_are_asked_for_claimed_and_stored(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    assert!(ask(database, "E2", 2).await && ask(database, "E1", 1).await);
    assert!(!ask(database, "E1", 3).await, "somebody waits already");
    let asked = find(database, "E1").await.unwrap();
    assert_eq!((asked.asked_at, asked.seen), (Some(at(1)), None));
    assert_eq!(due(database, 3, 9).await, [id("E1"), id("E2")]);
    assert_eq!(due(database, 3, 1).await, [id("E1")]);

    let (first, second) = (claimed("E1", "first"), claimed("E1", "second"));
    assert!(claim(database, &first, 3).await && !claim(database, &second, 4).await);
    assert_eq!(due(database, 4, 9).await, [id("E2")]);
    // The process that had it is gone.
    assert_eq!(due(database, 303, 9).await, [id("E1"), id("E2")]);
    assert!(claim(database, &second, 303).await);
    assert!(!finish(database, &first, 3, None).await && finish(database, &second, 303, None).await);
    assert!(!finish(database, &second, 303, None).await);
    let done = find(database, "E1").await.unwrap();
    assert_eq!((done.asked_at, done.seen), (None, Some((at(303), comparison()))));
    assert!(!claim(database, &first, 999).await, "nobody has asked again");
}

async fn who_asks_while_a_listing_goes_on_gets_another_one(database: &Database) {
    distributions(database, &["E1"]).await;
    set(database, "E1", true, true).await;
    let listing = claimed("E1", "lease");
    assert!(claim(database, &listing, 10).await && ask(database, "E1", 12).await);
    assert!(finish(database, &listing, 10, Some(310)).await);
    assert_eq!(find(database, "E1").await.unwrap().asked_at, Some(at(12)));
    assert_eq!(due(database, 15, 9).await, [id("E1")]);
    assert!(claim(database, &listing, 15).await && finish(database, &listing, 15, Some(315)).await);
    assert_eq!(find(database, "E1").await.unwrap().asked_at, None);
    // Before the clock was put back, somebody asked: that is no reason to list without end.
    assert!(ask(database, "E1", 9_000).await);
    database
        .raw()
        .await
        .run(&format!("UPDATE bucket_changes SET due_at = {}", at(20).as_micros()))
        .await
        .unwrap();
    assert!(claim(database, &listing, 20).await && finish(database, &listing, 20, Some(320)).await);
    assert!(due(database, 30, 9).await.is_empty());
}

async fn a_start_releases_what_was_claimed(database: &Database) {
    distributions(database, &["E1"]).await;
    assert!(ask(database, "E1", 1).await && claim(database, &claimed("E1", "lease"), 2).await);
    assert!(due(database, 3, 9).await.is_empty());
    database.write(async |tx| changes::release_all(tx).await).await;
    assert_eq!(due(database, 3, 9).await, [id("E1")]);
}

/// CloudFront accepts the batch of a request with one.
async fn accept(database: &Database, new: &NewInvalidation, now: u64) {
    let batch: &BatchId = &new.batches[0].id;
    let (accepted, batch) = (at(now).as_micros(), batch.as_str());
    let known = CloudFrontInvalidationId::from_trusted(format!("I{now}"));
    database
        .raw()
        .await
        .run(&format!(
            "UPDATE batch SET state = 'in_progress', accepted_at = {accepted}, cloudfront_id = '{}' WHERE id = '{batch}'",
            known.as_str()
        ))
        .await
        .unwrap();
}

async fn what_cloudfront_accepted_is_no_longer_changed(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    set(database, "E1", true, true).await;
    let listing = claimed("E1", "lease");
    assert!(claim(database, &listing, 100).await && finish(database, &listing, 100, None).await);
    let earlier = given::request(database, "E1", 50, &[&["/a.css"]]).await;
    accept(database, &earlier, 60).await;
    let elsewhere = given::request(database, "E2", 110, &[&["/*"]]).await;
    accept(database, &elsewhere, 111).await;
    let new = given::request(database, "E1", 120, &[&["/a.*"]]).await;
    let changed = async || find(database, "E1").await.unwrap().seen.unwrap().1.changed;
    assert_eq!(changed().await, 2, "it is not sent yet");
    accept(database, &new, 125).await;
    assert_eq!(changed().await, 1);

    let refreshed = database.get(async |conn| batches::refreshed(conn, &id("E1"), 9).await).await;
    assert_eq!((refreshed.last("/a.css"), refreshed.first()), (Some(at(125)), Some(at(60))));
    assert_eq!((refreshed.last("/b.css"), refreshed.len()), (None, 2));
    let since = database.get(async |conn| batches::refreshed_since(conn, &id("E1"), at(61), 9).await).await;
    assert_eq!(since.first(), Some(at(125)));
    let newest = database.get(async |conn| batches::refreshed(conn, &id("E1"), 1).await).await;
    assert_eq!(newest.first(), Some(at(125)), "no more are looked through");
}

on_each_engine!(
    buckets_are_listed_where_the_origin_is_to_be_asked,
    listings_are_asked_for_claimed_and_stored,
    who_asks_while_a_listing_goes_on_gets_another_one,
    a_start_releases_what_was_claimed,
    what_cloudfront_accepted_is_no_longer_changed,
);
