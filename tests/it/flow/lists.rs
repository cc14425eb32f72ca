//! Lists of invalidations that were there before Unstale: read back to their start, page by page, and each one once.

use cloudfront_sandbox::{Fault, FaultKind};
use tokio::task::JoinSet;
use unstale::{
    domain::{actor::ActorKind, id::DistributionId, invalidations::outside::BackfillPosition},
    store::invalidations::outside,
    workers::CloudFrontSync,
};

use crate::{
    simulation::{Rng, cut},
    support::{Database, Engine, SHOP, Setup, WORKSHOP, World, at, seconds},
};

const MONTH: u64 = 30 * 86_400;

/// A world in which so many were made with the console, a second apart, a month before Unstale came.
async fn with_a_past(engine: Engine, made: usize) -> World {
    let world = World::unread(Database::new(engine).await, Setup::default()).await;
    make(&world, "past", made).await;
    world.advance(seconds(MONTH));
    world.sandbox.clear_calls();
    world
}

async fn make(world: &World, name: &str, made: usize) {
    let distribution = DistributionId::from_trusted(WORKSHOP);
    for number in 0..made {
        world.console(&distribution, &format!("{name}-{number}"), &["/a"]).await;
        if number % 50 == 49 {
            world.advance(seconds(1));
        }
    }
}

fn calls(world: &World, operation: &str) -> usize {
    let of = |distribution: Option<&str>| distribution == Some(WORKSHOP);
    let calls = world.sandbox.calls();
    calls.iter().filter(|call| call.operation == operation && of(call.distribution.as_deref())).count()
}

async fn reading(world: &World) -> Option<BackfillPosition> {
    let distribution = DistributionId::from_trusted(WORKSHOP);
    world.database.get(async |conn| outside::find(conn, &distribution).await).await
}

/// Is there nothing left to read?
async fn is_whole(world: &World) -> bool {
    reading(world)
        .await
        .is_some_and(|reading| reading.whole_at.is_some() && !reading.older && reading.unread.is_empty())
}

/// Lives until the list was read; gives the seconds.
async fn read_all(world: &World) -> u64 {
    for second in 0..1_500 {
        if is_whole(world).await {
            return second;
        }
        world.live(1).await;
    }
    panic!("the list is never whole: {:?}", reading(world).await);
}

async fn seen(world: &World) -> usize {
    let history = world.history().await;
    history.iter().filter(|chained| chained.event.action.as_str() == "invalidation.seen").count()
}

#[tokio::test]
async fn thousands_are_read_back_to_the_start_with_the_least_calls_and_behind_everything_else() {
    let world = with_a_past(Engine::Sqlite, 2_350).await;
    world.live(20).await;
    assert!(!is_whole(&world).await);
    let ours = world.request_at(SHOP, "/urgent").await;
    world.live(2).await;
    assert_eq!(world.state(&ours).await, "in_progress", "sent at once");
    world.live(26).await;
    assert_eq!(world.state(&ours).await, "completed", "watched as ever");
    let took = 48 + read_all(&world).await;
    assert!((470..600).contains(&took), "{took} s for 2,350 at 5 a second");

    assert_eq!((seen(&world).await, calls(&world, "GetInvalidation")), (2_350, 2_350));
    let fronts = usize::try_from(took / 120).unwrap() + 1;
    let lists = calls(&world, "ListInvalidations");
    assert!(
        (24..=23 + fronts).contains(&lists),
        "{lists} lists for 24 pages and {fronts} looks at the front"
    );

    let first = world.recent().await.pop().unwrap();
    assert_eq!((first.requested_by.kind(), first.requested_at), (ActorKind::Outside, at(0)));
    let history = world.history().await;
    let found = history.iter().find(|chained| chained.event.invalidation == Some(first.id.clone())).unwrap();
    assert_eq!(found.event.done_at, Some(at(0)));
    assert_eq!(
        found.event.remarks(),
        "made at 2026-11-23T10:00:00.000000Z; it was over when Unstale found it, and was not watched"
    );
    assert!(found.event.at > at(MONTH));

    // From now on only what is new is read.
    world.sandbox.clear_calls();
    make(&world, "later", 3).await;
    world.live(250).await;
    assert_eq!((seen(&world).await, calls(&world, "ListInvalidations") <= 3), (2_353, true));
    world.finish().await;
}

#[tokio::test]
async fn the_pace_of_the_account_is_kept() {
    let world = with_a_past(Engine::Sqlite, 230).await;
    read_all(&world).await;
    let mut times: Vec<i64> = world.sandbox.calls().iter().map(|call| call.at.as_second()).collect();
    times.sort_unstable();
    for (index, first) in times.iter().enumerate() {
        let within = times[index..].iter().take_while(|at| *at - first < 20).count();
        // The burst, the catalogue's own calls at the start, and 5 a second.
        assert!(within <= 15 + 11 + 100, "{within} calls in 20 s");
    }
    world.finish().await;
}

/// The process ends at any await: nothing is told twice, nothing is left out, and little is asked for again.
#[tokio::test]
async fn a_crash_anywhere_leaves_nothing_out_and_tells_nothing_twice() {
    let world = with_a_past(Engine::Sqlite, 340).await;
    let mut rng = Rng::new(11);
    let mut crashes = 0_usize;
    for _ in 0..3_000 {
        if is_whole(&world).await {
            break;
        }
        let sync = CloudFrontSync::new(world.worker_context.clone());
        let patience = if rng.chance(50) { 20 } else { 250 };
        if !cut(sync.tick(), 1 + rng.below(patience)).await {
            crashes += 1;
            // A lease runs out before somebody takes the work up again.
            world.advance(seconds(61));
        }
        world.advance(seconds(1));
    }
    assert!(is_whole(&world).await, "{:?}", reading(&world).await);
    assert!(crashes > 20, "only {crashes} crashes");
    assert_eq!(seen(&world).await, 340);
    assert!(calls(&world, "GetInvalidation") <= 340 + crashes, "what was kept is not asked for again");
    world.live(300).await;
    assert_eq!(seen(&world).await, 340);
    world.finish().await;
}

#[tokio::test]
async fn pages_and_invalidations_that_fail_are_tried_again() {
    for kind in [FaultKind::Throttle, FaultKind::AccessDenied, FaultKind::ServerError, FaultKind::Truncated] {
        let world = with_a_past(Engine::Sqlite, 250).await;
        world.live(8).await;
        let fault =
            |operation: &str| Fault { times: Some(7), ..Fault::new(operation, kind).distribution(WORKSHOP) };
        world.sandbox.set_faults(vec![fault("ListInvalidations"), fault("GetInvalidation")]);
        read_all(&world).await;
        assert_eq!(seen(&world).await, 250, "{kind:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn one_that_can_never_be_read_holds_up_no_other() {
    let world = with_a_past(Engine::Sqlite, 130).await;
    // The first that is asked for, each time that it is.
    world.fault(Fault::new("GetInvalidation", FaultKind::Malformed).times(2));
    world.live(70).await;
    assert!(seen(&world).await >= 129, "{}", seen(&world).await);
    world.live(120).await;
    assert_eq!(seen(&world).await, 130);
    world.finish().await;
}

#[tokio::test]
async fn more_than_a_page_that_was_made_meanwhile_is_a_gap_that_is_read() {
    let world = with_a_past(Engine::Sqlite, 310).await;
    read_all(&world).await;
    // Nobody looks for an hour.
    make(&world, "gap", 230).await;
    world.advance(seconds(3_600));
    world.sandbox.clear_calls();
    world.live(70).await;
    assert_eq!(seen(&world).await, 540);
    assert_eq!(calls(&world, "ListInvalidations"), 3, "only as far back as it was read before");
    assert_eq!(calls(&world, "GetInvalidation"), 230);
    world.finish().await;
}

#[tokio::test]
async fn a_place_that_cloudfront_no_longer_knows_is_found_again() {
    let world = with_a_past(Engine::Sqlite, 230).await;
    world.live(3).await;
    world.database.raw().await.run("UPDATE outside_reading SET marker = 'IGONE'").await.unwrap();
    read_all(&world).await;
    assert_eq!((seen(&world).await, calls(&world, "GetInvalidation")), (230, 230));
    world.finish().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn two_replicas_share_the_reading() {
    let world = with_a_past(Engine::Postgres, 450).await;
    let mut took = 0;
    while !is_whole(&world).await {
        let mut ticks = JoinSet::new();
        for _ in 0..2 {
            let sync = CloudFrontSync::new(world.worker_context.clone());
            ticks.spawn(async move {
                for _ in 0..3 {
                    sync.tick().await.unwrap();
                }
            });
        }
        ticks.join_all().await;
        world.advance(seconds(1));
        took += 1;
        assert!(took < 400, "{:?}", reading(&world).await);
    }
    assert_eq!((seen(&world).await, calls(&world, "GetInvalidation")), (450, 450));
    let fronts = took / 120 + 1;
    assert!(calls(&world, "ListInvalidations") <= 4 + fronts, "{}", calls(&world, "ListInvalidations"));
    world.finish().await;
}
