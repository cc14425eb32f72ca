//! The cool-down of a distribution: a repeat is answered by what is due within it, and by nothing that comes too late or
//! went too early.

use std::time::Duration;

use unstale::{
    commands::{self, Requested, Unmet},
    domain::{
        checks::ExpectedContent,
        distributions::protection::{Guard, Protection},
        id::{DistributionId, InvalidationId},
        time::Timestamp,
    },
    store::distributions::protections,
};

use crate::support::{SHOP, World, acting};

const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A shop with a cool-down of an hour.
async fn world(guard: Guard) -> World {
    let world = World::new().await;
    let cool = Protection { cool_down: HOUR, guard, ..Protection::none(DistributionId::from_trusted(SHOP)) };
    world.database.write(async |tx| protections::set(tx, &cool).await).await;
    world
}

async fn ask(world: &World, typed: &str, not_before: Option<Timestamp>) -> (InvalidationId, Requested) {
    let mut new = world.new_invalidation(SHOP, typed).await;
    new.not_before = not_before;
    let requested = commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap();
    (new.id, requested)
}

/// It is a request of its own.
async fn is_new(world: &World, typed: &str, not_before: Option<Timestamp>) -> InvalidationId {
    let (id, requested) = ask(world, typed, not_before).await;
    assert_eq!(requested, Requested::New(id.clone(), world.now()));
    id
}

#[tokio::test]
async fn what_is_put_off_for_weeks_does_not_answer_who_wants_it_now() {
    let world = world(Guard::Open).await;
    let later = world.now().plus(29 * DAY);
    let put_off = is_new(&world, "/a", Some(later)).await;
    let now = is_new(&world, "/a", None).await;
    assert_eq!(ask(&world, "/a", None).await.1, Requested::HeldBack(now.clone()));
    world.live(30).await;
    assert_eq!(world.state(&now).await, "completed");
    assert_eq!(world.state(&put_off).await, "queued");
    // Nor the other way round: what went now is no answer to who wants it in four weeks.
    is_new(&world, "/a", Some(later.plus(2 * HOUR))).await;
    assert_eq!(ask(&world, "/a", Some(later)).await.1, Requested::HeldBack(put_off.clone()));
    let soon_after = later.plus(HOUR / 2);
    assert_eq!(ask(&world, "/a", Some(soon_after)).await.1, Requested::HeldBack(put_off.clone()));
    is_new(&world, "/a", Some(later.minus(HOUR / 2))).await;
    world.finish().await;
}

#[tokio::test]
async fn who_took_a_page_down_is_not_answered_by_who_renewed_it() {
    let world = world(Guard::Open).await;
    let renewed = is_new(&world, "/a", None).await;
    let mut taken_down = world.new_invalidation(SHOP, "/a").await;
    taken_down.expected = ExpectedContent::Gone;
    let requested =
        commands::request_invalidation(&world.command_context, &acting(), &taken_down).await.unwrap();
    assert_eq!(requested, Requested::New(taken_down.id, world.now()));
    assert_eq!(ask(&world, "/a", None).await.1, Requested::HeldBack(renewed));
    world.finish().await;
}

#[tokio::test]
async fn who_wants_it_warm_is_not_answered_by_who_did_not_and_answers_both() {
    let world = world(Guard::Open).await;
    is_new(&world, "/a", None).await;
    let warm = async || {
        let mut new = world.new_invalidation(SHOP, "/a").await;
        new.warm = true;
        let asked = commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap();
        (new.id, asked)
    };
    // Another moment, so that it is the newest.
    world.advance(Duration::from_millis(10));
    let (first, asked) = warm().await;
    assert_eq!(asked, Requested::New(first.clone(), world.now()));
    assert_eq!(warm().await.1, Requested::HeldBack(first.clone()));
    assert_eq!(ask(&world, "/a", None).await.1, Requested::HeldBack(first));
    world.finish().await;
}

#[tokio::test]
async fn what_was_put_off_and_was_sent_answers_from_then_on() {
    let world = world(Guard::Open).await;
    let put_off = is_new(&world, "/a", Some(world.now().plus(2 * DAY))).await;
    world.advance(2 * DAY);
    world.live(30).await;
    assert_eq!(world.state(&put_off).await, "completed");
    assert_eq!(ask(&world, "/a", None).await.1, Requested::HeldBack(put_off));
    world.advance(HOUR);
    is_new(&world, "/a", None).await;
    world.finish().await;
}

#[tokio::test]
async fn what_waits_for_a_second_person_answers_nobody() {
    let world = world(Guard::SecondPerson).await;
    let (_, first) = ask(&world, "/*", None).await;
    assert!(matches!(first, Requested::Proposed(_)), "{first:?}");
    let (_, second) = ask(&world, "/*", None).await;
    assert!(matches!(second, Requested::Proposed(_)) && second != first, "{second:?}");
    let later = world.now().plus(DAY);
    assert_eq!(ask(&world, "/*", Some(later)).await.1, Requested::Unmet(Unmet::Now));
    world.finish().await;
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_asked_for_answers_nobody() {
    let world = world(Guard::Open).await;
    world.clock.advance(365 * DAY);
    let ahead = is_new(&world, "/a", None).await;
    assert_eq!(ask(&world, "/a", None).await.1, Requested::HeldBack(ahead));
    world.submit().await;
    world.clock.put_back(365 * DAY);
    is_new(&world, "/a", None).await;
    world.finish().await;
}
