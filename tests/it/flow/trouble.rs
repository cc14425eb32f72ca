//! Every kind of trouble on the way to CloudFront: the right state, the right words, and never two for one.

use std::time::Duration;

use cloudfront_sandbox::{Call, Fault, FaultKind};
use unstale::{
    cloudfront::{CloudFront, Connect},
    domain::invalidations::problem::ProblemKind,
    workers::{Submitter, WorkerContext},
};

use crate::support::{Setup, WORKSHOP, World, seconds};

/// What a trouble must lead to.
struct Expected {
    state: &'static str,
    problem: ProblemKind,
    event: &'static str,
    /// How many invalidations CloudFront has afterwards.
    taken: usize,
}

/// Meets the trouble once; once it is over, the batch goes on by itself to one invalidation.
async fn meet(world: World, fault: Fault, expected: Expected) {
    let id = world.request("/a\n/b*").await;
    world.fault(fault.times(1));
    world.submit().await;
    let batch = world.batch(&id).await;
    assert_eq!(batch.state.as_str(), expected.state);
    let problem = batch.problem.unwrap();
    assert_eq!(problem.kind, expected.problem, "{problem:?}");
    assert!(!problem.message.is_empty());
    assert_eq!(world.at_cloudfront(WORKSHOP), expected.taken);
    assert_eq!(world.events(&id).await, ["invalidation.requested", expected.event]);

    world.submit().await;
    assert_eq!(world.creates().len(), 1, "it is not tried again before its time");
    world.live(60).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    let creates = world.creates();
    assert_eq!(creates.len(), 2 - expected.taken, "what is there already is found, not asked for again");
    let same = |call: &Call| call.caller_reference == creates[0].caller_reference;
    assert!(creates.iter().all(same), "the reference stays");
    let events = ["invalidation.requested", expected.event, "batch.accepted", "batch.completed"];
    assert_eq!(world.events(&id).await, events);
    world.finish().await;
}

/// A world that waits for answers only briefly.
async fn hasty() -> World {
    let connect = Connect {
        connect: Duration::from_secs(3),
        attempt: Duration::from_millis(400),
        operation: Duration::from_millis(500),
    };
    World::with(Setup { connect, ..Setup::default() }).await
}

fn fault(kind: FaultKind) -> Fault {
    Fault::new("CreateInvalidation", kind)
}

const fn nothing_was_taken(problem: ProblemKind) -> Expected {
    Expected { state: "queued", problem, event: "batch.postponed", taken: 0 }
}

const fn nobody_knows(problem: ProblemKind, taken: usize) -> Expected {
    Expected { state: "submitting", problem, event: "batch.unknown", taken }
}

#[tokio::test]
async fn throttled() {
    meet(World::new().await, fault(FaultKind::Throttle), nothing_was_taken(ProblemKind::Throttled)).await;
}

#[tokio::test]
async fn throttled_with_status_503() {
    let fault = fault(FaultKind::Throttle).status(503);
    meet(World::new().await, fault, nothing_was_taken(ProblemKind::Throttled)).await;
}

#[tokio::test]
async fn throttled_with_status_429() {
    let fault = fault(FaultKind::Throttle).status(429);
    meet(World::new().await, fault, nothing_was_taken(ProblemKind::Throttled)).await;
}

#[tokio::test]
async fn unavailable() {
    meet(World::new().await, fault(FaultKind::ServerError), nobody_knows(ProblemKind::Unavailable, 0)).await;
}

#[tokio::test]
async fn an_internal_failure() {
    let fault = fault(FaultKind::ServerError).status(500);
    meet(World::new().await, fault, nobody_knows(ProblemKind::Unavailable, 0)).await;
}

#[tokio::test]
async fn no_answer() {
    meet(hasty().await, fault(FaultKind::Hang), nobody_knows(ProblemKind::Timeout, 0)).await;
}

#[tokio::test]
async fn a_connection_that_is_reset() {
    meet(World::new().await, fault(FaultKind::Reset), nobody_knows(ProblemKind::ConnectionLost, 0)).await;
}

#[tokio::test]
async fn an_answer_that_is_lost() {
    meet(World::new().await, fault(FaultKind::Lost), nobody_knows(ProblemKind::ConnectionLost, 1)).await;
}

#[tokio::test]
async fn an_empty_answer() {
    meet(World::new().await, fault(FaultKind::Empty), nobody_knows(ProblemKind::UnreadableAnswer, 1)).await;
}

#[tokio::test]
async fn a_malformed_answer() {
    meet(World::new().await, fault(FaultKind::Malformed), nobody_knows(ProblemKind::UnreadableAnswer, 1))
        .await;
}

#[tokio::test]
async fn an_answer_that_is_cut_short() {
    meet(World::new().await, fault(FaultKind::Truncated), nobody_knows(ProblemKind::UnreadableAnswer, 1))
        .await;
}

#[tokio::test]
async fn credentials_that_have_expired() {
    let expected = nothing_was_taken(ProblemKind::ExpiredCredentials);
    meet(World::new().await, fault(FaultKind::Expired), expected).await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.fault(fault(FaultKind::Slow).delay(Duration::from_millis(300)));
    world.submit().await;
    assert_eq!(world.state(&id).await, "in_progress");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn an_answer_that_is_too_slow_is_unknown() {
    let fault = fault(FaultKind::Slow).delay(Duration::from_secs(2));
    let world = hasty().await;
    let id = world.request("/a").await;
    world.fault(fault.times(1));
    world.submit().await;
    let batch = world.batch(&id).await;
    assert_eq!((batch.state.as_str(), batch.problem.unwrap().kind), ("submitting", ProblemKind::Timeout));
    world.live(60).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    world.finish().await;
}

#[tokio::test]
async fn access_denied() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.fault(fault(FaultKind::AccessDenied));
    world.live(60).await;
    let batch = world.batch(&id).await;
    assert_eq!(batch.state.as_str(), "failed");
    let problem = batch.problem.unwrap();
    assert_eq!((problem.kind, problem.code.as_str()), (ProblemKind::AccessDenied, "AccessDenied"));
    assert!(problem.message.contains("cloudfront:CreateInvalidation"), "AWS's words are kept: {problem:?}");
    assert!(batch.aws_request_id.is_some());
    assert_eq!(world.creates().len(), 1);
    assert_eq!(world.events(&id).await, ["invalidation.requested", "batch.failed"]);
    world.finish().await;
}

#[tokio::test]
async fn a_distribution_that_is_gone() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.sandbox.remove_distribution(WORKSHOP);
    world.submit().await;
    let batch = world.batch(&id).await;
    assert_eq!(batch.state.as_str(), "failed");
    assert_eq!(batch.problem.unwrap().kind, ProblemKind::NoSuchDistribution);
    world.finish().await;
}

#[tokio::test]
async fn cloudfront_is_out_of_reach() {
    let world = World::new().await;
    let id = world.request("/a").await;
    // Nothing listens on the discard port.
    let cloudfront = CloudFront::at("http://127.0.0.1:9", "AKIATEST", "secret", Connect::default());
    let cut_off = Submitter::new(WorkerContext { cloudfront, ..world.worker_context.clone() });
    for _ in 0..10 {
        cut_off.tick().await.unwrap();
        world.advance(seconds(20));
    }
    let batch = world.batch(&id).await;
    assert_eq!((batch.state.as_str(), batch.problem.unwrap().kind), ("queued", ProblemKind::Network));
    assert_eq!(batch.attempts, 10, "a network that is back is used within 20 seconds");
    assert_eq!(
        world.events(&id).await,
        ["invalidation.requested", "batch.postponed"],
        "the same trouble is told once"
    );
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

#[tokio::test]
async fn an_outage_of_an_hour_is_lived_through() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.sandbox.change_settings(|settings| settings.reachable = false);
    for _ in 0..120 {
        world.submit().await;
        world.advance(seconds(30));
    }
    assert_eq!(world.batch_state(&id).await, "submitting");
    let creates = world.creates();
    assert!(creates.len() < 30, "{} calls in an hour: it hammers", creates.len());
    world.sandbox.change_settings(|settings| settings.reachable = true);
    world.advance(seconds(300));
    world.live(30).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    world.finish().await;
}

#[tokio::test]
async fn a_status_that_nobody_knows_does_not_hinder_acceptance() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::UnknownStatus);
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    world.finish().await;
}

#[tokio::test]
async fn trouble_after_trouble_still_makes_one() {
    let world = World::new().await;
    let id = world.request("/a").await;
    let once = |kind| fault(kind).times(1);
    world.sandbox.set_faults(vec![
        once(FaultKind::Throttle),
        once(FaultKind::Lost),
        once(FaultKind::ServerError),
        once(FaultKind::Throttle),
        once(FaultKind::Malformed),
        once(FaultKind::Reset),
    ]);
    let mut cancellable = Vec::new();
    for _ in 0..300 {
        world.submit().await;
        let state = world.batch_state(&id).await;
        if cancellable.last() != Some(&state) {
            cancellable.push(state);
        }
        world.advance(seconds(1));
    }
    assert_eq!(
        cancellable,
        ["queued", "submitting", "in_progress"],
        "once it may be there, no later throttle makes it look unsent"
    );
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    world.finish().await;
}

#[tokio::test]
async fn what_cloudfront_said_is_kept_until_it_can_be_written() {
    let world = World::new().await;
    let id = world.request("/a").await;
    let mut raw = world.database.raw().await;
    raw.run(
        "CREATE TRIGGER trouble BEFORE UPDATE ON batch WHEN NEW.state = 'in_progress'
         BEGIN SELECT RAISE(ABORT, 'the disk is in trouble'); END",
    )
    .await
    .unwrap();
    world.try_submit_once().await.unwrap_err();
    world.try_submit_once().await.unwrap_err();
    assert_eq!(world.batch_state(&id).await, "submitting");
    raw.run("DROP TRIGGER trouble").await.unwrap();
    world.submit_once().await;
    assert_eq!(world.batch_state(&id).await, "in_progress", "at once, not after the lease");
    assert_eq!(world.sandbox.calls().len(), 1, "CloudFront was asked once");
    world.finish().await;
}
