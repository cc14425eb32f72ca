//! Many distributions: all that is read keeps the account's pace, and backs off when AWS asks for it.

use std::collections::BTreeMap;

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::store::distributions;

use crate::support::{Database, Engine, Setup, World, seconds};

async fn with_many(count: usize) -> World {
    let world = World::unread(Database::new(Engine::Sqlite).await, Setup::default()).await;
    for number in 0..count {
        let (id, domain) = (format!("EMANY{number:09}"), format!("dmany{number}.cloudfront.net"));
        let distribution = cloudfront_sandbox::Distribution::new(id, domain);
        let distribution = cloudfront_sandbox::Distribution { folder: "many".to_owned(), ..distribution };
        world.sandbox.add_distribution(distribution).unwrap();
    }
    world
}

/// How many calls there were in each second.
fn by_second(world: &World) -> BTreeMap<i64, usize> {
    let mut seconds = BTreeMap::new();
    for call in world.sandbox.calls() {
        *seconds.entry(call.at.as_second()).or_default() += 1;
    }
    seconds
}

async fn known(world: &World) -> (usize, usize) {
    let all = world.database.get(async |conn| distributions::list(conn).await).await;
    (all.len(), all.iter().filter(|distribution| distribution.config.is_some()).count())
}

#[tokio::test]
async fn the_catalogue_is_there_at_once_and_the_rest_follows_at_the_pace() {
    let mut world = with_many(150).await;
    world.live(2).await;
    let all = world.sandbox.distributions().len();
    let (listed, configured) = known(&world).await;
    assert_eq!(listed, all, "names and aliases are there at once");
    assert!(configured < all / 10, "{configured}");
    world.live(60).await;
    let calls = by_second(&world);
    // Five a second, after a burst; and what a second had left over.
    assert!(calls.values().all(|calls| *calls <= 15), "{calls:?}");
    assert!(calls.values().sum::<usize>() <= 62 * 5 + 15, "{calls:?}");
    let (_, before) = known(&world).await;
    assert!(before >= 30, "{before}: they come steadily");
    // A restart goes on where it was.
    world.restart().await;
    world.sandbox.clear_calls();
    world.live(30).await;
    let again = world.sandbox.calls();
    let again = again.iter().filter(|call| call.operation == "GetDistributionConfig").count();
    let (_, after) = known(&world).await;
    assert_eq!(after, before + again, "none is read a second time");
    for _ in 0..1_000 {
        if known(&world).await.1 == all {
            break;
        }
        world.live(5).await;
    }
    assert_eq!(known(&world).await.1, all);
    world.live(10).await;
    world.finish().await;
}

#[tokio::test]
async fn what_is_in_progress_is_watched_all_the_same() {
    let world = with_many(400).await;
    world.live(2).await;
    let id = world.request("/a").await;
    world.live(40).await;
    assert_eq!(world.state(&id).await, "completed", "the survey holds nothing up");
    world.live(10).await;
    world.finish().await;
}

#[tokio::test]
async fn throttling_slows_all_that_reads() {
    for operation in ["*", "GetDistributionConfig"] {
        let world = with_many(150).await;
        world.live(3).await;
        world.fault(Fault::new(operation, FaultKind::Throttle));
        world.live(60).await;
        world.sandbox.clear_calls();
        world.live(60).await;
        let calls = world.sandbox.calls();
        let throttled = calls.iter().filter(|call| call.fault.is_some()).count();
        // Each is tried a second time by the SDK; between them the account rests for up to nine seconds.
        assert!(throttled <= 60, "{operation}: {throttled} calls in a minute that AWS throttles");
        assert!(throttled >= 2, "{operation}: it goes on");
        world.sandbox.set_faults(Vec::new());
        world.live(30).await;
        let (_, before) = known(&world).await;
        world.live(30).await;
        assert!(known(&world).await.1 > before, "{operation}: it goes on when AWS lets it");
        world.live(10).await;
        world.finish().await;
    }
}

#[tokio::test]
async fn a_list_that_is_throttled_in_its_middle_goes_on_there() {
    let world = with_many(400).await;
    world.survey().await;
    world.advance(seconds(300));
    world.sandbox.clear_calls();
    let pass = Fault::new("ListDistributions", FaultKind::Slow).times(2);
    world.sandbox.set_faults(vec![pass, Fault::new("ListDistributions", FaultKind::Throttle).times(6)]);
    world.live(30).await;
    let lists = world.sandbox.calls().into_iter().filter(|call| call.operation == "ListDistributions");
    let read = lists.filter(|call| call.status == Some(200)).count();
    assert_eq!(read, 5, "each page once");
    world.finish().await;
}
