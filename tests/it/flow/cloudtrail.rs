//! Who made what was made outside, as CloudTrail says.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    cloudfront::{CloudFront, CloudTrail, Connect},
    domain::{
        audit::{Chained, Outcome, search::AuditQuery},
        id::{CallerReference, DistributionId},
        invalidations::problem::ProblemKind,
    },
    store::{accounts, audit, invalidations::cloudtrail},
    workers::{CloudFrontSync, Next, WorkerContext},
};

use crate::support::{SHOP, TestApp, WORKSHOP, World, items, page_of, seconds};

const ARN: &str = "arn:aws:iam::123456789012:user/AKIADEPLOY";

fn sync(world: &World) -> CloudFrontSync {
    let cloudtrail = CloudTrail::at(&world.sandbox.api_url(), "AKIATEST", "secret", Connect::default());
    CloudFrontSync::new(WorkerContext { cloudtrail: Some(cloudtrail), ..world.worker_context.clone() })
}

/// Somebody whom the stand-in calls by their access key.
async fn deploy(world: &World, app: &str, reference: &str) {
    let theirs = CloudFront::at(&world.sandbox.api_url(), "AKIADEPLOY", "secret", Connect::default());
    let (app, reference) = (DistributionId::from_trusted(app), CallerReference::from_trusted(reference));
    theirs.create_invalidation(&app, &reference, &items(&["/a"])).await.unwrap();
}

/// So many seconds pass, and sync does what is due in each.
async fn live(world: &World, sync: &CloudFrontSync, span: u64) {
    for _ in 0..span {
        for _ in 0..200 {
            if sync.tick().await.unwrap() != Next::Again {
                break;
            }
        }
        world.advance(seconds(1));
    }
}

async fn traced(world: &World) -> Vec<Chained> {
    let mut all = world.history().await;
    all.retain(|chained| chained.event.action.as_str() == "invalidation.traced");
    all
}

fn lookups(world: &World) -> usize {
    world.sandbox.calls().iter().filter(|call| call.operation == "LookupEvents").count()
}

#[tokio::test]
async fn an_outside_invalidation_gets_an_event_that_says_who_made_it() {
    let app = TestApp::new().await;
    let world = &app.world;
    world.sandbox.change_settings(|settings| settings.trail_after_ms = 300_000);
    let sync = sync(world);
    world.request_at(SHOP, "/ours").await;
    world.submit().await;
    deploy(world, WORKSHOP, "deploy-1").await;
    live(world, &sync, 200).await;
    assert!(traced(world).await.is_empty(), "CloudTrail is late");
    live(world, &sync, 400).await;
    let found = traced(world).await.remove(0).event;
    let seen =
        world.recent().await.into_iter().find(|one| one.requested_by.name() == "outside Unstale").unwrap();
    assert_eq!((found.acting.actor.name(), found.outcome), (ARN, Outcome::Done));
    assert_eq!(
        (found.invalidation.as_ref(), found.acting.origin.client_address.as_str()),
        (Some(&seen.id), "192.0.2.44")
    );
    let words =
        format!("outside invalidation {} was made by {ARN} (found in CloudTrail", found.cloudfront_id);
    assert!(found.note.starts_with(&words), "{}", found.note);
    assert_eq!(traced(world).await.len(), 1, "ours needs nobody to say who");

    let search = AuditQuery { who: Some(ARN.to_owned()), ..AuditQuery::default() };
    let by = world.database.get(async |conn| audit::search(conn, &search, 9).await).await;
    assert_eq!(by.events.len(), 1);
    let ada = app.operator().await;
    ada.get(&page_of(&seen.id)).await.assert_says(&format!("Made outside Unstale by {ARN}"));
    let event = world.history().await.into_iter().find(|one| one.event.invalidation == Some(seen.id.clone()));
    let page = ada.get(&format!("/history/{}", event.unwrap().sequence)).await;
    assert_eq!(page.text("#maker"), format!("{ARN}, found in CloudTrail"));
    ada.get(&page.attribute("#maker a", "href")).await.assert_says(&words);
    assert!(ada.get("/history?tab=everything&q=akiadeploy").await.has("tbody tr"));
    // The words stand in a later event: the invalidation is found all the same.
    assert_eq!(ada.get("/history?q=akiadeploy").await.count("ol.acts > li"), 1);

    let before = lookups(world);
    live(world, &sync, 1_200).await;
    assert_eq!((lookups(world), traced(world).await.len()), (before, 1), "there is nobody left to ask about");
    app.finish().await;
}

#[tokio::test]
async fn many_are_traced_page_by_page_within_the_pace() {
    let world = World::new().await;
    let sync = sync(&world);
    for number in 0..60 {
        deploy(&world, WORKSHOP, &format!("w-{number}")).await;
        deploy(&world, SHOP, &format!("s-{number}")).await;
    }
    live(&world, &sync, 900).await;
    assert_eq!(traced(&world).await.len(), 120);
    let asked: Vec<_> =
        world.sandbox.calls().into_iter().filter(|call| call.operation == "LookupEvents").collect();
    assert!((3..=20).contains(&asked.len()), "{} calls for 3 pages", asked.len());
    assert!(asked.iter().all(|call| call.code.is_none()), "AWS had to say no: {asked:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_reading_goes_on_after_a_crash_and_a_token_that_is_over() {
    let world = World::new().await;
    for number in 0..120 {
        deploy(&world, WORKSHOP, &format!("w-{number}")).await;
    }
    // All are seen before CloudTrail is asked.
    world.live(180).await;
    let first = sync(&world);
    for _ in 0..3 {
        first.tick().await.unwrap();
    }
    let under_way = async || world.database.get(async |conn| cloudtrail::read(conn).await).await.under_way;
    assert_eq!(under_way().await.unwrap().next.as_deref(), Some("after-50"));
    live(&world, &sync(&world), 3).await;
    assert_eq!(traced(&world).await.len(), 120, "another one went on with it");

    for number in 0..70 {
        deploy(&world, SHOP, &format!("s-{number}")).await;
    }
    world.live(180).await;
    let mut raw = world.database.raw().await;
    raw.run("UPDATE cloudtrail_progress SET due_at = 0").await.unwrap();
    sync(&world).tick().await.unwrap();
    raw.run("UPDATE cloudtrail_progress SET next_token = 'stale'").await.unwrap();
    live(&world, &sync(&world), 130).await;
    assert_eq!(traced(&world).await.len(), 190);
    world.finish().await;
}

#[tokio::test]
async fn where_it_may_not_be_read_it_is_said_once_and_nothing_waits_for_it() {
    let app = TestApp::new().await;
    let world = &app.world;
    let sync = sync(world);
    world.fault(Fault::new("LookupEvents", FaultKind::AccessDenied));
    deploy(world, WORKSHOP, "deploy-1").await;
    live(world, &sync, 1_800).await;
    assert_eq!(lookups(world), 1, "it is asked again after an hour");
    let state = world.database.get(async |conn| cloudtrail::read(conn).await).await;
    assert_eq!(state.problem.map(|problem| problem.kind), Some(ProblemKind::AccessDenied));
    assert_eq!(world.database.get(async |conn| accounts::paused(conn).await).await, []);
    let ours = world.request_at(SHOP, "/ours").await;
    world.live(30).await;
    assert_eq!(world.state(&ours).await, "completed");
    let root = app.admin().await;
    let page = root.get("/settings").await;
    page.assert_says("CloudTrail does not say").assert_says("cloudtrail:LookupEvents");
    app.operator().await.get("/settings").await.assert_silent_about("CloudTrail");
    assert!(!root.get("/").await.has("#banners .banner"), "no banner: nothing waits");

    world.sandbox.set_faults(Vec::new());
    live(world, &sync, 1_900).await;
    assert_eq!(traced(world).await.len(), 1);
    assert!(!root.get("/settings").await.has("#cloudtrail"));
    app.finish().await;
}

#[tokio::test]
async fn what_cloudtrail_does_not_know_is_given_up() {
    let world = World::new().await;
    let sync = sync(&world);
    world.sandbox.change_settings(|settings| settings.trail_after_ms = 10 * 86_400_000);
    deploy(&world, WORKSHOP, "deploy-1").await;
    live(&world, &sync, 2_700).await;
    let asked = lookups(&world);
    assert!((5..12).contains(&asked), "every five minutes until it is late, not {asked} times");
    live(&world, &sync, 900).await;
    assert_eq!(lookups(&world), asked);
    world.finish().await;
}

#[tokio::test]
async fn without_the_setting_it_is_never_asked() {
    let world = World::new().await;
    deploy(&world, WORKSHOP, "deploy-1").await;
    world.live(200).await;
    assert_eq!((lookups(&world), world.recent().await.len()), (0, 1));
    world.finish().await;
}
