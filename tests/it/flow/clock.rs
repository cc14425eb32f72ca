//! A clock that was an hour ahead and is put back: nothing waits for that hour to come again, but for what a person chose.

use std::time::Duration;

use cloudfront_sandbox::FaultKind;
use unstale::{
    commands::{self, CommandError, NewToken},
    domain::{
        access::Role,
        actor::Origin,
        id::InvalidationId,
        invalidations::quotas::Quotas,
        sign_in::{person::Email, second_step::TotpSecret, session::SessionLimits},
    },
    store::{
        distributions::survey,
        invalidations::batches,
        sign_in::{password_links, people, second_steps, sessions},
    },
    workers::{ClockRollback, CloudFrontSync, Poller},
};

use crate::{
    simulation::cut,
    support::{START, WORKSHOP, World, acting, lines, person, seconds, shell},
};

const HOUR: Duration = Duration::from_hours(1);
const YEAR: Duration = Duration::from_hours(24 * 365);

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
    cut(Poller::new(world.worker_context.clone()).tick(), 8).await;
    cut(CloudFrontSync::new(world.worker_context.clone()).tick(), 8).await;
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
    let keeper = ClockRollback::new(world.worker_context.clone());
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
    ClockRollback::new(world.worker_context.clone()).tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "in_progress");
    come_to_rest(&world).await;
    world.finish().await;
}

#[tokio::test]
async fn the_time_that_a_person_chose_stays() {
    let world = World::new().await;
    let keeper = ClockRollback::new(world.worker_context.clone());
    keeper.tick().await.unwrap();
    let chosen = world.now().plus(2 * HOUR);
    let mut new = world.new_invalidation(WORKSHOP, "/later").await;
    new.not_before = Some(chosen);
    let id = new.id.clone();
    commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap();
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
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn another_replica_s_times_are_left_alone_by_one_that_starts() {
    let world = World::on_postgres().await;
    let [.., fresh] = an_hour_ahead(&world).await;
    let saw_it = ClockRollback::new(world.worker_context.clone());
    world.clock.put_back(HOUR);
    // It cannot know whose clock is right.
    ClockRollback::new(world.worker_context.clone()).tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "queued");
    saw_it.tick().await.unwrap();
    world.submit().await;
    assert_eq!(world.batch_state(&fresh).await, "in_progress");
    come_to_rest(&world).await;
    world.finish().await;
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_spent_is_not_counted() {
    let world = World::new().await;
    let command_context = world.command_context.clone().with_quotas(Quotas { daily_items: Some(10) });
    let ask = async |typed: &str| {
        let new = world.new_invalidation(WORKSHOP, typed).await;
        commands::request_invalidation(&command_context, &acting(), &new).await
    };
    world.clock.advance(YEAR);
    ask(&lines(10, |n| format!("/{n}"))).await.unwrap();
    let full = ask("/more").await;
    assert!(matches!(full, Err(CommandError::NotAllowed(_))), "{full:?}");
    world.clock.put_back(YEAR);
    ask("/more").await.unwrap();
    ask(&lines(9, |n| format!("/b{n}"))).await.unwrap();
    assert!(matches!(ask("/too-much").await, Err(CommandError::NotAllowed(_))), "today's bound holds");
    world.finish().await;
}

/// What lets somebody in and was made a year ahead is over once the clock is right; what was there before stays.
#[tokio::test]
async fn sessions_and_links_of_then_are_over_and_tokens_last_as_long_as_was_chosen() {
    let world = World::new().await;
    let keeper = ClockRollback::new(world.worker_context.clone());
    let limits = SessionLimits::default();
    let ada = person("grace@example.com", Role::Admin);
    world.database.write(async |tx| people::insert(tx, &ada, "no password").await).await;
    let begin = async || {
        commands::open_session(&world.command_context, &acting().origin, ada.clone()).await.unwrap().secret
    };
    world.clock.advance(YEAR);
    keeper.tick().await.unwrap();
    let ahead = begin().await;
    let carl = Email::parse("carl@example.com").unwrap();
    let (_, link) =
        commands::invite_person(&world.command_context, &shell(), &carl, Role::Viewer).await.unwrap();
    let new = NewToken {
        name: "deploy".to_owned(),
        role: Role::Operator,
        life: Some(Duration::from_hours(24)),
        distributions: Vec::new(),
    };
    let (_, secret) = commands::make_token(&world.command_context, &shell(), &new).await.unwrap();
    world.clock.put_back(YEAR);
    // At once, and also after somebody looked at the clock.
    for looked in [false, true] {
        if looked {
            keeper.tick().await.unwrap();
        }
        let now = world.now();
        let hash = ahead.hash();
        let found = world.database.get(async |conn| sessions::find(conn, &hash, now, limits).await).await;
        assert_eq!(found, None);
        let hash = link.hash();
        assert_eq!(world.database.get(async |conn| password_links::find(conn, &hash, now).await).await, None);
        let known =
            commands::authenticate_token(&world.command_context, Origin::default(), &secret).await.unwrap();
        assert_eq!(known.is_some(), looked, "it is brought to today");
    }
    world.clock.advance(YEAR);
    let hash = ahead.hash();
    let now = world.now();
    let found = world.database.get(async |conn| sessions::find(conn, &hash, now, limits).await).await;
    assert_eq!(found, None, "nor does it come back when its time comes");
    world.clock.put_back(YEAR);
    world.clock.advance(Duration::from_hours(24));
    assert!(
        commands::authenticate_token(&world.command_context, Origin::default(), &secret)
            .await
            .unwrap()
            .is_none()
    );
    world.finish().await;
}

#[tokio::test]
async fn a_code_of_an_authenticator_is_good_again_after_a_minute() {
    let world = World::new().await;
    let keeper = ClockRollback::new(world.worker_context.clone());
    keeper.tick().await.unwrap();
    let ada = person("grace@example.com", Role::Admin);
    let secret = TotpSecret::from_random([7; 20]);
    world
        .database
        .write(async |tx| {
            people::insert(tx, &ada, "no password").await?;
            second_steps::offer(tx, &ada.id, &secret, START).await?;
            second_steps::confirm(tx, &ada.id, 0, START).await
        })
        .await;
    let use_code = async || {
        let now = world.now();
        let code = secret.code(now).unwrap();
        let step = world.database.get(async |conn| second_steps::find(conn, &ada.id).await).await.unwrap();
        let Some(step) = secret.step_of(&code, now, step.last_step) else { return false };
        world.database.write(async |tx| second_steps::use_step(tx, &ada.id, step).await).await
    };
    assert!(use_code().await);
    world.clock.advance(YEAR);
    assert!(use_code().await);
    keeper.tick().await.unwrap();
    world.clock.put_back(YEAR);
    keeper.tick().await.unwrap();
    assert!(!use_code().await, "this one was used");
    world.clock.advance(Duration::from_mins(1));
    assert!(use_code().await, "nobody waits for a year");
    world.finish().await;
}

#[tokio::test]
async fn distributions_take_turns_whatever_the_clock_said() {
    let world = World::new().await;
    let keeper = ClockRollback::new(world.worker_context.clone());
    world.clock.advance(YEAR);
    keeper.tick().await.unwrap();
    world.request("/ahead").await;
    world.submit().await;
    world.clock.put_back(YEAR);
    keeper.tick().await.unwrap();
    let far = world.database.get(async |conn| batches::sendable(conn, world.now()).await).await;
    assert_eq!(far, []);
    let turns = "SELECT count(*) FROM distribution WHERE last_claimed_at > ";
    let later = world.now().plus(seconds(1)).as_micros();
    assert_eq!(world.database.raw().await.number(&format!("{turns}{later}")).await, 0);
    world.finish().await;
}
