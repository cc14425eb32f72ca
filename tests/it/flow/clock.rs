//! A clock that was an hour ahead and is put back: nothing waits for that hour to come again, but for what a person chose.

use std::time::Duration;

use cloudfront_sandbox::FaultKind;
use unstale::{
    domain::id::InvalidationId,
    ops,
    store::{batches, survey},
    worker::{Poller, Surveyor, Timekeeper},
};

use crate::{
    simulation::cut,
    support::{WORKSHOP, World, acting, seconds},
};

const HOUR: Duration = Duration::from_hours(1);

/// Everything that is noted for later, by a clock that is an hour ahead: one batch in progress, one that is tried again,
/// one that was not tried yet, and workers that ended in the middle of their work.
async fn an_hour_ahead(world: &World) -> [InvalidationId; 3] {
    world.clock.advance(HOUR);
    let watched = world.request("/watched").await;
    world.submit().await;
    world.next_create(FaultKind::Throttle);
    let retried = world.request("/retried").await;
    world.submit_once().await;
    let fresh = world.request("/fresh").await;
    world.survey().await;
    world.clock.advance(Duration::from_mins(10));
    cut(Poller::new(world.bench.clone()).tick(), 8).await;
    cut(Surveyor::new(world.bench.clone()).tick(), 8).await;
    world.clock.put_back(Duration::from_mins(10));
    [watched, retried, fresh]
}

/// More than the longest wait of any of them.
async fn come_to_rest(world: &World) {
    for _ in 0..70 {
        world.advance(seconds(10));
        world.submit().await;
        world.poll().await;
        world.survey().await;
    }
}

#[tokio::test]
async fn nothing_waits_for_an_hour_to_come_again() {
    let world = World::new().await;
    let keeper = Timekeeper::new(world.bench.clone());
    let [watched, retried, fresh] = an_hour_ahead(&world).await;
    keeper.tick().await.unwrap();
    world.clock.put_back(HOUR);
    let sent = world.creates().len();
    world.submit().await;
    assert_eq!(world.creates().len(), sent, "without anybody who looks at the clock all of it waits");
    keeper.tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "in_progress", "a request goes at once");
    come_to_rest(&world).await;
    for id in [&watched, &retried, &fresh] {
        assert_eq!(world.state(id).await, "completed");
    }
    let read = world.database.get(async |conn| survey::read(conn).await).await;
    assert!(read.finished_at.unwrap() <= world.now(), "the distributions are read again");
    world.finish().await;
}

#[tokio::test]
async fn a_service_that_starts_looks_whether_it_is_earlier_than_it_was() {
    let mut world = World::new().await;
    let [.., fresh] = an_hour_ahead(&world).await;
    world.clock.put_back(HOUR);
    world.restart().await;
    Timekeeper::new(world.bench.clone()).tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "in_progress");
    come_to_rest(&world).await;
    world.finish().await;
}

#[tokio::test]
async fn the_time_that_a_person_chose_stays() {
    let world = World::new().await;
    let keeper = Timekeeper::new(world.bench.clone());
    keeper.tick().await.unwrap();
    let chosen = world.now().plus(2 * HOUR);
    let mut new = world.new_invalidation(WORKSHOP, "/later").await;
    new.not_before = Some(chosen);
    let id = new.id.clone();
    ops::request_invalidation(&world.desk, &acting(), &new).await.unwrap();
    world.clock.put_back(HOUR);
    keeper.tick().await.unwrap();
    let batch = world.batch(&id).await;
    assert_eq!(batch.due_at, chosen);
    let due = world.database.get(async |conn| batches::next_due(conn).await).await;
    assert_eq!(due, Some(chosen));
    world.advance(3 * HOUR);
    world.submit().await;
    world.advance(Duration::from_mins(1));
    world.poll().await;
    world.finish().await;
}

#[tokio::test]
async fn another_replica_s_times_are_left_alone_by_one_that_starts() {
    let Some(world) = World::on_postgres().await else { return };
    let [.., fresh] = an_hour_ahead(&world).await;
    let saw_it = Timekeeper::new(world.bench.clone());
    world.clock.put_back(HOUR);
    // It cannot know whose clock is right.
    Timekeeper::new(world.bench.clone()).tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "queued");
    saw_it.tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "in_progress");
    come_to_rest(&world).await;
    world.finish().await;
}
