//! What CloudWatch and the pricing plan manager say is read hourly, if AWS allows it, and the plan knows it.

use cloudfront_sandbox::{Distribution, Fault, FaultKind};
use unstale::{
    domain::{
        distributions::traffic::Traffic,
        invalidations::{
            plan::{Plan, Surroundings},
            problem::ProblemKind,
        },
    },
    store::distributions::optional_readings::{self, OptionalReading, OptionalReadingState},
    workers::{CloudFrontSync, Next, WorkerContext},
};

use crate::support::{DOCS, SHOP, WORKSHOP, World, ask_all, seconds};

/// A site of the stand-in gets other numbers.
fn change(world: &World, id: &str, change: impl FnOnce(&mut Distribution)) {
    let mut site = world.sandbox.distributions().into_iter().find(|one| one.id == id).unwrap();
    change(&mut site);
    world.sandbox.add_distribution(site).unwrap();
}

fn busy(world: &World) {
    change(world, SHOP, |shop| (shop.requests_a_minute, shop.hit_rate) = (5_220, Some(96)));
    change(world, WORKSHOP, |workshop| workshop.requests_a_minute = 840);
    change(world, DOCS, |docs| docs.flat_rate_plan = Some("PRO".to_owned()));
}

/// Does what is due now.
async fn sync(world: &World, context: &WorkerContext) {
    let sync = CloudFrontSync::new(context.clone());
    for _ in 0..200 {
        if sync.tick().await.unwrap() != Next::Again {
            return;
        }
        // The pace of the other calls is no matter here.
        world.database.raw().await.run("UPDATE account SET read_next_at = 0").await.unwrap();
    }
    panic!("sync never comes to rest");
}

fn calls(world: &World, operation: &str) -> usize {
    world.sandbox.calls().iter().filter(|call| call.operation == operation).count()
}

async fn traffic(world: &World, id: &str) -> Option<Traffic> {
    world.distribution(id).await.traffic
}

async fn state(world: &World, what: OptionalReading) -> OptionalReadingState {
    world.database.get(async |conn| optional_readings::read(conn, what).await).await
}

async fn plan(world: &World, id: &str, typed: &str) -> Plan {
    let around = Surroundings::unmeasured(world.worker_context.settings.limits);
    Plan::work_out(typed, &world.distribution(id).await, around)
}

async fn it_is_read_and_the_plan_knows_it(world: World) {
    busy(&world);
    let context = ask_all(&world);
    sync(&world, &context).await;
    // One call for the requests of all, one for the hit rates of those that are busy, one for the plans.
    assert_eq!((calls(&world, "GetMetricData"), calls(&world, "ListSubscriptions")), (2, 1));
    let shop = traffic(&world, SHOP).await.unwrap();
    assert_eq!((shop.requests_a_minute, shop.hits_per_thousand), (5_220, Some(960)));
    assert_eq!(traffic(&world, WORKSHOP).await.unwrap().hits_per_thousand, None, "it is not measured there");
    assert_eq!(traffic(&world, DOCS).await.unwrap().requests_a_minute, 0);
    let radius = plan(&world, SHOP, "/*").await.radius.unwrap();
    assert_eq!(radius.to_origin_a_minute(), Some(5_011));
    assert!(plan(&world, SHOP, "/products/*").await.radius.is_some());
    assert_eq!(plan(&world, SHOP, "/products/lamp/*").await.radius, None);
    assert_eq!(plan(&world, DOCS, "/*").await.radius, None, "nobody asks for it");
    let docs = plan(&world, DOCS, "/a").await;
    assert_eq!((docs.cost(), docs.flat_rate_plan.unwrap().as_str()), (None, "PRO"));
    assert!(plan(&world, SHOP, "/a").await.cost().is_some());

    // It is asked again after an hour and no sooner: each metric costs.
    world.advance(seconds(3_500));
    sync(&world, &context).await;
    assert_eq!((calls(&world, "GetMetricData"), calls(&world, "ListSubscriptions")), (2, 1));
    change(&world, SHOP, |shop| (shop.requests_a_minute, shop.hit_rate) = (60, Some(96)));
    change(&world, DOCS, |docs| docs.flat_rate_plan = None);
    world.advance(seconds(200));
    sync(&world, &context).await;
    assert_eq!(
        traffic(&world, SHOP).await.unwrap().hits_per_thousand,
        None,
        "a quiet site's rate is not bought"
    );
    assert!(plan(&world, DOCS, "/a").await.cost().is_some());
    world.finish().await;
}

#[tokio::test]
async fn what_viewers_ask_and_who_is_on_a_plan_is_read_hourly() {
    it_is_read_and_the_plan_knows_it(World::new().await).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn what_viewers_ask_and_who_is_on_a_plan_is_read_hourly_on_postgres() {
    it_is_read_and_the_plan_knows_it(World::on_postgres().await).await;
}

#[tokio::test]
async fn all_pages_are_read() {
    let world = World::new().await;
    busy(&world);
    for site in [SHOP, WORKSHOP] {
        change(&world, site, |site| site.flat_rate_plan = Some("FREE".to_owned()));
    }
    world.sandbox.change_settings(|settings| {
        (settings.data_points_a_page, settings.subscriptions_a_page) = (1, 1);
    });
    sync(&world, &ask_all(&world)).await;
    assert_eq!(calls(&world, "ListSubscriptions"), 3);
    assert!(calls(&world, "GetMetricData") > 2);
    assert_eq!(traffic(&world, SHOP).await.unwrap().hits_per_thousand, Some(960));
    assert_eq!(traffic(&world, WORKSHOP).await.unwrap().requests_a_minute, 840);
    for site in [SHOP, WORKSHOP, DOCS] {
        assert!(world.distribution(site).await.flat_rate_plan.is_some(), "{site}");
    }
    world.finish().await;
}

#[tokio::test]
async fn without_the_permissions_it_is_not_known_and_nothing_fails() {
    let world = World::new().await;
    busy(&world);
    let context = ask_all(&world);
    sync(&world, &context).await;
    assert!(traffic(&world, SHOP).await.is_some());
    let denied = |operation| Fault::new(operation, FaultKind::AccessDenied);
    world.sandbox.set_faults(vec![denied("GetMetricData"), denied("ListSubscriptions")]);
    let before = world.head().await;
    world.advance(seconds(3_601));
    sync(&world, &context).await;
    assert_eq!(traffic(&world, SHOP).await, None, "what is not allowed any more is not shown any more");
    assert_eq!(world.distribution(DOCS).await.flat_rate_plan, None);
    for what in [OptionalReading::Traffic, OptionalReading::FlatRatePlans] {
        let state = state(&world, what).await;
        assert_eq!(state.problem.map(|problem| problem.kind), Some(ProblemKind::AccessDenied), "{what:?}");
    }
    assert_eq!(world.events_after(before).await, Vec::<&str>::new());
    let asked = (calls(&world, "GetMetricData"), calls(&world, "ListSubscriptions"));
    world.advance(seconds(3_000));
    sync(&world, &context).await;
    assert_eq!(
        (calls(&world, "GetMetricData"), calls(&world, "ListSubscriptions")),
        asked,
        "not for an hour"
    );
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(700));
    sync(&world, &context).await;
    assert!(traffic(&world, SHOP).await.is_some() && world.distribution(DOCS).await.flat_rate_plan.is_some());
    assert_eq!(state(&world, OptionalReading::Traffic).await.problem, None);
    world.finish().await;
}

#[tokio::test]
async fn a_failure_keeps_what_was_read_and_is_tried_again() {
    let world = World::new().await;
    busy(&world);
    let context = ask_all(&world);
    sync(&world, &context).await;
    for (kind, problem) in [
        (FaultKind::Throttle, ProblemKind::Throttled),
        (FaultKind::ServerError, ProblemKind::Unavailable),
        (FaultKind::Malformed, ProblemKind::UnreadableAnswer),
        (FaultKind::Page, ProblemKind::UnreadableAnswer),
        (FaultKind::Proxy, ProblemKind::NotCloudFront),
        (FaultKind::Expired, ProblemKind::ExpiredCredentials),
        (FaultKind::Reset, ProblemKind::ConnectionLost),
    ] {
        world
            .sandbox
            .set_faults(vec![Fault::new("GetMetricData", kind), Fault::new("ListSubscriptions", kind)]);
        world.advance(seconds(3_601));
        sync(&world, &context).await;
        for what in [OptionalReading::Traffic, OptionalReading::FlatRatePlans] {
            let failed = state(&world, what).await.problem.map(|failed| failed.kind);
            assert_eq!(failed, Some(problem), "{kind:?} {what:?}");
        }
        assert!(traffic(&world, SHOP).await.is_some(), "{kind:?}");
        assert!(world.distribution(DOCS).await.flat_rate_plan.is_some(), "{kind:?}");
    }
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(601));
    sync(&world, &context).await;
    assert_eq!(state(&world, OptionalReading::Traffic).await.problem, None);
    world.finish().await;
}

#[tokio::test]
async fn a_new_distribution_is_never_long_shown_with_a_price_that_it_has_not() {
    let world = World::new().await;
    let context = ask_all(&world);
    sync(&world, &context).await;
    let plan = Some("BUSINESS".to_owned());
    let new =
        Distribution { flat_rate_plan: plan, ..Distribution::new("E4NEW5V8W1RTYX", "d4new.cloudfront.net") };
    world.sandbox.add_distribution(new).unwrap();
    world.advance(seconds(301));
    sync(&world, &context).await;
    sync(&world, &context).await;
    assert_eq!(world.distribution("E4NEW5V8W1RTYX").await.flat_rate_plan.unwrap().as_str(), "BUSINESS");
    assert_eq!(calls(&world, "GetMetricData"), 1, "what costs is not hurried");
    world.finish().await;
}

#[tokio::test]
async fn switched_off_nothing_is_asked_and_what_was_measured_is_dropped() {
    let world = World::new().await;
    busy(&world);
    sync(&world, &ask_all(&world)).await;
    assert!(traffic(&world, SHOP).await.is_some());
    let asked = calls(&world, "GetMetricData");
    let off = WorkerContext { cloudwatch: None, ..ask_all(&world) };
    world.advance(seconds(7_200));
    sync(&world, &off).await;
    assert_eq!((traffic(&world, SHOP).await, calls(&world, "GetMetricData")), (None, asked));
    assert!(
        world.distribution(DOCS).await.flat_rate_plan.is_some(),
        "plans cost nothing and are read all the same"
    );
    world.finish().await;
}
