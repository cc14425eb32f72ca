//! AWS refuses the account as a whole: its queue rests and goes on by itself.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    cloudfront::{CloudFront, Connect},
    domain::invalidations::problem::ProblemKind,
    store::accounts,
    workers::{Submitter, WorkerContext},
};

use crate::support::{SHOP, World, at, seconds};

#[tokio::test]
async fn an_account_whose_credentials_expired_rests_and_goes_on() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(world.request(&format!("/a{number}")).await);
    }
    ids.push(world.request_at(SHOP, "/b").await);
    world.fault(Fault::new("CreateInvalidation", FaultKind::Expired));
    world.live(100).await;
    assert_eq!(world.creates().len(), 4, "one attempt each 30 seconds, for the whole account");
    let paused = world.database.get(async |conn| accounts::paused(conn).await).await;
    assert_eq!(paused.len(), 1);
    assert_eq!((paused[0].since, paused[0].retry_at), (at(0), at(120)));
    assert_eq!(paused[0].problem.kind, ProblemKind::ExpiredCredentials);
    for id in &ids {
        assert_eq!(world.state(id).await, "queued");
    }

    world.sandbox.set_faults(Vec::new());
    world.live(60).await;
    assert_eq!(world.database.get(async |conn| accounts::paused(conn).await).await, []);
    for id in &ids {
        assert_eq!(world.state(id).await, "completed");
    }
    world.finish().await;
}

#[tokio::test]
async fn what_is_queued_at_a_paused_account_can_be_cancelled() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.fault(Fault::new("CreateInvalidation", FaultKind::Expired));
    world.submit().await;
    unstale::commands::cancel_invalidation(&world.command_context, &crate::support::acting(), &id)
        .await
        .unwrap();
    world.live(60).await;
    assert_eq!(world.creates().len(), 1);
    assert_eq!(world.state(&id).await, "cancelled");
    world.finish().await;
}

#[tokio::test]
async fn keys_that_aws_does_not_accept_pause_the_account_too() {
    for (key, kind) in
        [("AKIAEXPIRED1", ProblemKind::ExpiredCredentials), ("AKIAINVALID1", ProblemKind::BadCredentials)]
    {
        let world = World::new().await;
        let id = world.request("/a").await;
        let cloudfront = CloudFront::at(&world.sandbox.api_url(), key, "secret", Connect::default());
        Submitter::new(WorkerContext { cloudfront, ..world.worker_context.clone() }).tick().await.unwrap();
        let batch = world.batch(&id).await;
        assert_eq!((batch.state.as_str(), batch.problem.unwrap().kind), ("queued", kind));
        let paused = world.database.get(async |conn| accounts::paused(conn).await).await;
        assert_eq!(paused[0].problem.kind, kind);
        world.submit().await;
        assert_eq!(world.batch_state(&id).await, "queued", "the account rests");
        world.advance(seconds(30));
        world.submit().await;
        assert_eq!(world.batch_state(&id).await, "in_progress");
        world.finish().await;
    }
}
