//! The process ends at any moment and begins anew: everything accepted reaches CloudFront, each once.

use cloudfront_sandbox::FaultKind;
use unstale::store::invalidations::batches;

use crate::support::{WORKSHOP, World, at, seconds};

/// Between the claim and the call: nothing was sent.
#[tokio::test]
async fn before_the_call() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    let batch = world.batch(&id).await;
    let claim =
        async |tx: &mut unstale::store::Tx| batches::claim(tx, &batch.id, "gone", at(0), at(60)).await;
    assert!(world.database.write(claim).await);
    world.advance(seconds(1));
    world.restart().await;
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

/// Between CloudFront's act and our note of it: what was sent before this life is looked for, not sent again.
#[tokio::test]
async fn after_the_call_though_references_are_forgotten() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    assert_eq!(world.at_cloudfront(WORKSHOP), 1);
    world.sandbox.change_settings(|settings| settings.forget_references_after_ms = Some(0));
    world.advance(seconds(2));
    world.restart().await;
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    assert_eq!(world.creates().len(), 1, "it was found and not sent again");
    world.live(25).await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

/// The same without a new life: a reference is trusted for minutes, not for days.
#[tokio::test]
async fn an_unknown_answer_of_yesterday_is_looked_for() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    world.sandbox.change_settings(|settings| settings.forget_references_after_ms = Some(3_600_000));
    world.advance(seconds(86_400));
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

#[tokio::test]
async fn what_never_arrived_is_sent_after_the_look() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(FaultKind::Reset);
    world.submit().await;
    assert_eq!(world.at_cloudfront(WORKSHOP), 0);
    world.advance(seconds(2));
    world.restart().await;
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    assert_eq!(world.creates().len(), 2);
    world.finish().await;
}

/// Between the calls of the poller and its note.
#[tokio::test]
async fn while_watching() {
    let mut world = World::new().await;
    let id = world.request("/a").await;
    world.submit().await;
    world.advance(seconds(20));
    let distribution = world.batch(&id).await.distribution;
    let claim = async |tx: &mut unstale::store::Tx| {
        unstale::store::distributions::claim_poll(tx, &distribution, "gone", at(20), at(80)).await
    };
    assert!(world.database.write(claim).await);
    world.poll().await;
    assert_eq!(world.state(&id).await, "in_progress", "somebody else is at it");
    world.restart().await;
    world.poll().await;
    assert_eq!(world.state(&id).await, "completed");
    world.finish().await;
}

/// Where nobody lets go of the leases, as on PostgreSQL, they run out.
#[tokio::test]
async fn a_dead_replicas_work_is_taken_over() {
    let world = World::new().await;
    let id = world.request("/a").await;
    let batch = world.batch(&id).await;
    let claim =
        async |tx: &mut unstale::store::Tx| batches::claim(tx, &batch.id, "gone", at(0), at(60)).await;
    assert!(world.database.write(claim).await);
    world.advance(seconds(59));
    world.submit().await;
    assert_eq!(world.creates().len(), 0);
    world.advance(seconds(1));
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}
