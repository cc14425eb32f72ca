//! Several replicas on one PostgreSQL.

use cloudfront_sandbox::FaultKind;
use tokio::task::JoinSet;
use unstale::{
    clock::Clock,
    commands::{self, Requested},
    store::accounts,
    workers::{CloudFrontSync, Poller, Submitter, WorkerContext},
};

use crate::support::{DOCS, SHOP, WORKSHOP, World, acting, at, lines, seconds};

/// Both replicas come to the claim at the same time, and each would take another batch: the second one must see what
/// the first one took.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn two_that_send_at_once_keep_the_limits_together() {
    let world = World::on_postgres().await;
    world.request(&lines(13, |n| format!("/first/d{n}/*"))).await;
    world.next_create(FaultKind::Throttle);
    world.submit().await;
    world.request(&lines(13, |n| format!("/second/d{n}/*"))).await;
    world.sandbox.clear_calls();

    let account = world.distribution(WORKSHOP).await.account().to_owned();
    let mut gate = world.database.begin().await;
    accounts::lock(&mut gate, &account).await.unwrap();
    let mut replicas = JoinSet::new();
    // To the one the first request is not due yet; to the other, a little ahead, it comes before the second.
    for clock in [at(0), at(3)] {
        let submitter =
            Submitter::new(WorkerContext { clock: Clock::manual(clock), ..world.worker_context.clone() });
        replicas.spawn(async move { submitter.tick().await.unwrap() });
    }
    world.database.raw().await.until_waiting(2).await;
    gate.commit().await.unwrap();
    replicas.join_all().await;
    let creates = world.creates();
    assert_eq!(creates.len(), 1, "13 of 15 wildcards are taken: {creates:?}");
    assert_eq!(creates[0].code, None);
    world.finish().await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn one_press_that_reaches_two_replicas_is_one_request() {
    let world = World::on_postgres().await;
    let new = world.new_invalidation(WORKSHOP, "/a").await;
    let mut presses = JoinSet::new();
    for _ in 0..6 {
        let (command_context, mut new) = (world.command_context.clone(), new.clone());
        let fresh = unstale::domain::id::InvalidationId::from_trusted(crate::support::uuid());
        new.id = fresh;
        for batch in &mut new.batches {
            let id = crate::support::uuid();
            batch.caller_reference =
                unstale::domain::id::CallerReference::from_trusted(format!("unstale-{id}"));
            batch.id = unstale::domain::id::BatchId::from_trusted(id);
        }
        presses.spawn(async move {
            commands::request_invalidation(&command_context, &acting(), &new).await.unwrap()
        });
    }
    let answers = presses.join_all().await;
    let new = answers.iter().filter(|answer| matches!(answer, Requested::New(..))).count();
    let before = answers.iter().filter(|answer| matches!(answer, Requested::Before(..))).count();
    assert_eq!((new, before), (1, 5), "{answers:?}");
    world.submit().await;
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

/// All workers of three replicas at once, while people press and cancel: nobody errs, nothing is sent twice.
#[tokio::test]
#[ignore = "needs PostgreSQL: scripts/with-postgres"]
async fn replicas_work_together_without_a_deadlock() {
    let world = World::on_postgres().await;
    let mut ids = Vec::new();
    for number in 0..30 {
        let distribution = [WORKSHOP, SHOP, DOCS][number % 3];
        ids.push(world.request_at(distribution, &format!("/a{number}\n/b{number}/*")).await);
    }
    let distribution = world.distribution(DOCS).await.id;
    world.console(&distribution, "deploy", &["/theirs"]).await;
    for second in 0..110 {
        let mut ticks = JoinSet::new();
        for _ in 0..3 {
            let (submitter, worker_context) = (world.another_submitter(), world.worker_context.clone());
            ticks.spawn(async move { submitter.tick().await.map(drop) });
            let poller = Poller::new(worker_context.clone());
            ticks.spawn(async move { poller.tick().await.map(drop) });
            let sync = CloudFrontSync::new(worker_context);
            ticks.spawn(async move { sync.tick().await.map(drop) });
        }
        if second % 10 == 0 {
            let (command_context, id) = (world.command_context.clone(), ids[29 - second / 10].clone());
            ticks.spawn(async move {
                // Too late is a fair answer here.
                let _ = commands::cancel_invalidation(&command_context, &acting(), &id).await;
                Ok(())
            });
        }
        for tick in ticks.join_all().await {
            tick.unwrap();
        }
        world.advance(seconds(1));
    }
    world.live(30).await;
    for id in &ids {
        let state = world.state(id).await;
        assert!(["completed", "cancelled"].contains(&state), "{state}");
    }
    assert!(world.creates().iter().all(|call| call.code.is_none()), "CloudFront had to say no");
    assert_eq!(world.recent().await.len(), 31, "30 of ours and one made outside");
    world.finish().await;
}
