//! What CloudFront has in progress is watched: soon seen, with few calls, and only what it says is believed.

use std::time::Duration;

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    domain::{
        id::{BatchId, CloudFrontInvalidationId},
        invalidations::{invalidation::NewBatch, problem::ProblemKind},
    },
    store::invalidations::{self, batches},
    workers::Next,
};

use crate::support::{Setup, WORKSHOP, World, at, invalidation, items, new_invalidation, seconds, uuid};

#[tokio::test]
async fn an_end_is_seen_within_two_seconds() {
    let setup = Setup { complete_after: Duration::from_millis(7_300), ..Setup::default() };
    let world = World::with(setup).await;
    let mut ids = Vec::new();
    for distribution in world.sandbox.distributions() {
        ids.push(world.request_at(&distribution.id, "/a").await);
    }
    for _ in 0..50 {
        world.submit().await;
        world.poll().await;
        world.advance(Duration::from_millis(250));
    }
    for id in &ids {
        let batch = world.batch(id).await;
        let end = batch.accepted_at.unwrap().plus(Duration::from_millis(7_300));
        let seen = batch.completed_at.expect("it is completed");
        assert!(seen >= end);
        assert!(seen.since(end) <= seconds(2), "seen {:?} late", seen.since(end));
    }
    world.finish().await;
}

/// CloudFront has a thousand of ours in progress; the rows are written as the survey would.
async fn a_thousand(world: &World) {
    let distribution = world.distribution(WORKSHOP).await.id;
    for number in 0..1_000 {
        world.console(&distribution, &format!("deploy-{number}"), &[&format!("/{number}")]).await;
    }
    let taken = world.sandbox.invalidations(WORKSHOP);
    world
        .database
        .write(async |tx| {
            for one in &taken {
                let mut new = new_invalidation(WORKSHOP, vec![items(&["/a"])]);
                let batch = NewBatch { id: BatchId::from_trusted(uuid()), ..new.batches.remove(0) };
                let seen = batches::OutsideBatch {
                    batch: NewBatch {
                        caller_reference: unstale::domain::id::CallerReference::from_trusted(
                            &one.caller_reference,
                        ),
                        ..batch
                    },
                    cloudfront_id: CloudFrontInvalidationId::from_trusted(&one.id),
                    created_at: at(0),
                    completed: false,
                    look_at: at(1),
                };
                let row = invalidations::NewInvalidationRow {
                    invalidation: invalidation(&new, at(0)),
                    request_key: None,
                    items_sha256: String::new(),
                };
                invalidations::insert(tx, &[row]).await?;
                batches::insert_outside(tx, &seen, &new.id, &distribution).await?;
                invalidations::refresh_state(tx, &new.id, at(0)).await?;
            }
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn a_thousand_in_progress_cost_at_most_twelve_calls_a_tick() {
    let world = World::new().await;
    world.is_edited();
    a_thousand(&world).await;
    let open = "SELECT count(*) FROM batch WHERE state = 'in_progress'";
    let mut raw = world.database.raw().await;
    let mut all = 0;
    for second in 1..31 {
        world.advance(seconds(1));
        loop {
            world.sandbox.clear_calls();
            let next = world.poll_once().await;
            let calls = world.sandbox.calls().len();
            assert!(calls <= 12, "{calls} calls in a tick");
            all += calls;
            if next != Next::Again {
                break;
            }
        }
        // A tick may run ahead by its own calls; they are charged to those that follow.
        assert!(all <= 15 + 12 + second * 5, "{all} calls after {second} s");
        if second < 20 {
            assert_eq!(raw.number(open).await, 1_000);
        }
    }
    assert_eq!(raw.number(open).await, 0, "all ends were seen");
    world.finish().await;
}

#[tokio::test]
async fn a_status_that_is_not_known_never_completes() {
    let world = World::new().await;
    let one = world.request("/a").await;
    world.submit().await;
    world.fault(Fault::new("*", FaultKind::UnknownStatus));
    world.live(120).await;
    assert_eq!(world.batch_state(&one).await, "in_progress");
    let two = world.request("/b").await;
    world.live(60).await;
    assert_eq!(world.batch_state(&two).await, "in_progress", "by pages neither");
    world.sandbox.set_faults(Vec::new());
    world.live(10).await;
    assert_eq!(world.state(&one).await, "completed");
    assert_eq!(world.state(&two).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn trouble_while_watching_changes_nothing() {
    for kind in [
        FaultKind::Throttle,
        FaultKind::ServerError,
        FaultKind::Reset,
        FaultKind::Malformed,
        FaultKind::Empty,
        FaultKind::Expired,
        FaultKind::AccessDenied,
    ] {
        let world = World::new().await;
        let id = world.request("/a").await;
        world.submit().await;
        world.fault(Fault::new("*", kind));
        world.advance(seconds(30));
        world.poll().await;
        assert_eq!(world.batch_state(&id).await, "in_progress", "{kind:?}");
        world.sandbox.set_faults(Vec::new());
        world.live(3).await;
        assert_eq!(world.state(&id).await, "completed", "{kind:?}");
        world.finish().await;
    }
}

#[tokio::test]
async fn what_cloudfront_no_longer_knows_is_lost() {
    for count in [1, 5] {
        let world = World::new().await;
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(world.request(&format!("/a{number}")).await);
        }
        world.submit().await;
        world.sandbox.remove_distribution(WORKSHOP);
        world.advance(seconds(4));
        world.poll().await;
        for id in &ids {
            let batch = world.batch(id).await;
            assert_eq!(batch.state.as_str(), "lost", "one of {count}");
            assert_eq!(batch.problem.unwrap().kind, ProblemKind::NoSuchDistribution);
            assert_eq!(world.state(id).await, "needs_a_look");
            let mut told = vec!["invalidation.requested", "batch.accepted", "batch.lost"];
            if count > 1 {
                told.insert(1, "batch.merged");
            }
            assert_eq!(world.events(id).await, told);
        }
        world.finish().await;
    }
}

#[tokio::test]
async fn an_invalidation_that_vanished_is_lost() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.submit().await;
    let distribution = world.sandbox.distributions().into_iter().find(|one| one.id == WORKSHOP).unwrap();
    world.sandbox.remove_distribution(WORKSHOP);
    world.sandbox.add_distribution(distribution).unwrap();
    world.live(5).await;
    let batch = world.batch(&id).await;
    assert_eq!(batch.state.as_str(), "lost");
    assert_eq!(batch.problem.unwrap().kind, ProblemKind::NoSuchInvalidation);
    world.finish().await;
}

#[tokio::test]
async fn an_old_one_is_asked_for_ever_more_rarely() {
    let setup = Setup { complete_after: seconds(100_000), ..Setup::default() };
    let world = World::with(setup).await;
    let id = world.request("/a").await;
    world.submit().await;
    let mut calls = Vec::new();
    for _ in 0..10 {
        world.sandbox.clear_calls();
        for _ in 0..360 {
            world.poll().await;
            world.advance(seconds(1));
        }
        calls.push(world.sandbox.calls().len());
    }
    assert!((70..85).contains(&calls[0]), "often in the first minute, then every 5 s: {calls:?}");
    assert!(calls[9] <= 10, "{calls:?}");
    assert!(world.batch(&id).await.is_slow(world.now()));
    world.finish().await;
}
