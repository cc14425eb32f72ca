//! The files of a bucket that changed since they were invalidated are found in its listing.

use std::time::Duration;

use cloudfront_sandbox::{BucketPolicy, Distribution, Fault, FaultKind, OriginKind};
use unstale::{
    cloudfront::{S3, S3Bucket},
    commands::{self, CommandError},
    domain::{
        checks::{BucketChanges, BucketComparison, ChangesProblemName, CheckSettings},
        id::DistributionId,
    },
    store::checks::changes,
};

use super::checks::configure;
use crate::support::{
    WORKSHOP, World, acting,
    checked::{age_files, publish_at, set_checks},
};

fn workshop() -> DistributionId {
    DistributionId::parse(WORKSHOP).unwrap()
}

/// A world whose bucket may be listed, and whose files are all older than the first invalidation of these items.
async fn world(typed: &str, change: impl FnOnce(&mut Distribution)) -> World {
    let world = World::copied(crate::support::Setup::default()).await;
    configure(&world, change).await;
    age_files(&world);
    send(&world, typed).await;
    set_checks(&world, &CheckSettings { ask_origin: true, ..CheckSettings::default() }).await;
    world
}

/// Invalidates these items, and lets CloudFront accept and complete it.
async fn send(world: &World, typed: &str) {
    world.request(typed).await;
    world.submit().await;
    world.advance(Duration::from_secs(30));
    world.poll().await;
}

async fn changes_of(world: &World) -> Option<BucketChanges> {
    world.database.get(async |conn| changes::find(conn, &workshop()).await).await
}

/// Makes the listings that are due, and returns what the last one showed.
async fn listed(world: &World) -> BucketComparison {
    world.check().await;
    changes_of(world).await.unwrap().seen.unwrap().1
}

async fn ask(world: &World) -> Result<(), CommandError> {
    commands::look_for_changes(&world.command_context, &acting(), &workshop()).await
}

/// The items of what changed.
fn items(comparison: &BucketComparison) -> Vec<String> {
    assert_eq!(comparison.problem, None);
    comparison.items().map(|item| item.to_string()).collect()
}

fn problem(comparison: &BucketComparison) -> ChangesProblemName {
    assert!(comparison.files.is_empty() && comparison.changed == 0, "{comparison:?}");
    comparison.problem.as_ref().unwrap().name
}

fn listings(world: &World) -> usize {
    world.sandbox.calls().iter().filter(|call| call.operation == "ListObjectsV2").count()
}

#[tokio::test]
async fn files_that_are_newer_than_what_covers_them_changed() {
    let world = world("/*", |_| {}).await;
    assert_eq!(items(&listed(&world).await), [] as [&str; 0]);
    let now = world.now();
    for path in ["index.html", "docs/100% cotton.html", "docs/ü.html"] {
        publish_at(&world, path, now);
    }
    ask(&world).await.unwrap();
    let found = listed(&world).await;
    assert_eq!(items(&found), ["/docs/100%25%20cotton.html", "/docs/%C3%BC.html", "/index.html", "/"]);
    assert_eq!((found.objects, found.changed, found.never_invalidated), (5, 3, 0));

    // A wildcard covers two of them, at once and in the next listing.
    send(&world, "/docs/*").await;
    let left = changes_of(&world).await.unwrap().seen.unwrap().1;
    assert_eq!((items(&left), left.changed), (vec!["/index.html".to_owned(), "/".to_owned()], 1));
    ask(&world).await.unwrap();
    assert_eq!(items(&listed(&world).await), ["/index.html", "/"]);
    send(&world, "/index.html\n/").await;
    ask(&world).await.unwrap();
    assert_eq!(items(&listed(&world).await), [] as [&str; 0]);
    world.finish().await;
}

#[tokio::test]
async fn what_somebody_made_outside_covers_files_too() {
    let world = world("/*", |_| {}).await;
    publish_at(&world, "styles.css", world.now());
    assert_eq!(items(&listed(&world).await), ["/styles.css"]);
    world.advance(Duration::from_secs(130));
    world.console(&workshop(), "deploy-1", &["/s*"]).await;
    world.advance(Duration::from_secs(130));
    world.survey().await;
    assert_eq!(changes_of(&world).await.unwrap().seen.unwrap().1.changed, 0);
    ask(&world).await.unwrap();
    assert_eq!(items(&listed(&world).await), [] as [&str; 0]);
    world.finish().await;
}

#[tokio::test]
async fn a_listing_of_several_pages_is_read_to_its_end_and_below_the_origins_path() {
    let world = world("/*", |workshop| {
        workshop.origin_path = "/v2".to_owned();
        workshop.listing_page = 2;
    })
    .await;
    let now = world.now();
    for number in 0..5 {
        publish_at(&world, &format!("v2/{number}.css"), now);
    }
    publish_at(&world, "v20/other.css", now);
    let found = listed(&world).await;
    assert_eq!(items(&found), ["/0.css", "/1.css", "/2.css", "/3.css", "/4.css"]);
    assert_eq!((found.objects, listings(&world)), (5, 3));
    // The next one is due after five minutes for each of the three pages.
    world.advance(Duration::from_secs(15 * 60 - 1));
    world.check().await;
    assert_eq!(listings(&world), 3);
    world.advance(Duration::from_secs(1));
    world.check().await;
    assert_eq!(listings(&world), 6);
    world.finish().await;
}

#[tokio::test]
async fn a_bucket_with_too_many_objects_is_not_compared() {
    let world = world("/*", |workshop| workshop.listing_page = 1).await;
    for number in 0..47 {
        publish_at(&world, &format!("{number}.css"), world.now());
    }
    assert_eq!(listed(&world).await.changed, 47, "50 pages are read");
    publish_at(&world, "one-more.css", world.now());
    ask(&world).await.unwrap();
    assert_eq!(problem(&listed(&world).await), ChangesProblemName::TooManyObjects);
    assert_eq!(listings(&world), 100);
    world.finish().await;
}

#[tokio::test]
async fn a_bucket_that_may_not_be_listed_says_what_to_add() {
    let world = world("/*", |workshop| workshop.role_policy = BucketPolicy::Read).await;
    let refused = listed(&world).await;
    assert_eq!(problem(&refused), ChangesProblemName::ListDenied);
    let statement = refused.problem.unwrap().snippet().unwrap();
    assert!(statement.contains("s3:ListBucket") && statement.contains("arn:aws:s3:::student-website\""));
    configure(&world, |workshop| workshop.role_policy = BucketPolicy::ReadAndList).await;
    world.advance(Duration::from_mins(5));
    assert_eq!(items(&listed(&world).await), [] as [&str; 0], "it is tried again by itself");
    world.finish().await;
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_holds_nothing_and_is_tried_again() {
    let world = world("/*", |_| {}).await;
    for (kind, expected) in [
        (FaultKind::Hang, ChangesProblemName::NoAnswer),
        (FaultKind::Reset, ChangesProblemName::NoAnswer),
        (FaultKind::ServerError, ChangesProblemName::Refused),
        (FaultKind::Malformed, ChangesProblemName::UnreadableAnswer),
    ] {
        world.fault(Fault::new("ListObjectsV2", kind));
        let _ = ask(&world).await;
        assert_eq!(problem(&listed(&world).await), expected, "{kind:?}");
    }
    world.sandbox.set_faults(Vec::new());
    world.advance(Duration::from_mins(5));
    assert_eq!(items(&listed(&world).await), [] as [&str; 0]);
    world.finish().await;
}

#[tokio::test]
async fn a_bucket_is_listed_every_five_minutes_and_when_somebody_asks() {
    let world = world("/*", |_| {}).await;
    let before = world.head().await;
    world.check().await;
    world.advance(Duration::from_secs(299));
    world.check().await;
    assert_eq!(listings(&world), 1);
    assert!(!world.events_after(before).await.contains(&"changes.found"), "nobody asked");
    let before = world.head().await;
    ask(&world).await.unwrap();
    assert!(matches!(ask(&world).await, Err(CommandError::ListingGoesOn)));
    world.check().await;
    assert_eq!(listings(&world), 2);
    assert_eq!(world.events_after(before).await, ["changes.requested", "changes.found"]);
    // What goes on automatically writes nothing, also where it finds something.
    let before = world.head().await;
    for number in 3..6 {
        publish_at(&world, "styles.css", world.now());
        world.advance(Duration::from_mins(5));
        world.check().await;
        assert_eq!(listings(&world), number);
    }
    assert_eq!(changes_of(&world).await.unwrap().seen.unwrap().1.changed, 1);
    assert_eq!(world.events_after(before).await, [] as [&str; 0]);
    world.finish().await;
}

#[tokio::test]
async fn what_cannot_be_compared_says_why_and_asks_nobody() {
    let world = World::new().await;
    assert!(matches!(ask(&world).await, Err(CommandError::OriginNotAsked)));
    set_checks(&world, &CheckSettings { ask_origin: true, ..CheckSettings::default() }).await;
    assert_eq!(problem(&listed(&world).await), ChangesProblemName::NoInvalidation);
    send(&world, "/a").await;
    configure(&world, |workshop| workshop.origin_kind = OriginKind::Custom).await;
    ask(&world).await.unwrap();
    assert_eq!(problem(&listed(&world).await), ChangesProblemName::NoBucket);
    assert_eq!(listings(&world), 0);
    // Switched off, nothing is listed and nothing is kept.
    set_checks(&world, &CheckSettings::default()).await;
    world.advance(Duration::from_hours(24));
    world.check().await;
    assert_eq!((changes_of(&world).await, listings(&world)), (None, 0));
    world.finish().await;
}

#[tokio::test]
async fn a_refused_connection_is_said_in_words() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = url::Url::parse(&format!("http://{closed}")).unwrap();
    let s3 = S3::at(&endpoint, "AKIATEST", "secret", Duration::from_secs(2)).unwrap();
    let bucket = S3Bucket::of_origin("site.s3.eu-central-1.amazonaws.com").unwrap();
    let error = s3.list(&bucket, "", None).await.unwrap_err();
    assert_eq!(error.to_string(), "S3 did not answer: the connection was refused");
}
