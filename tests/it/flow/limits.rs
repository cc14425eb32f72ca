//! CloudFront's limits of what may be in progress are kept before it has to say no.

use std::collections::HashSet;

use unstale::domain::invalidations::problem::ProblemKind;

use crate::support::{WORKSHOP, World, lines, seconds};

#[tokio::test]
async fn a_giant_request_never_draws_the_limit() {
    let world = World::new().await;
    let wildcards = (0..40).map(|n| format!("/dir{n}/*\n"));
    let paths = (0..10_000).map(|n| format!("/page{n}.html\n"));
    let lines: String = wildcards.chain(paths).collect();
    let id = world.request(&lines).await;
    world.live(130).await;
    assert_eq!(world.state(&id).await, "completed");
    let creates = world.creates();
    assert!(creates.iter().all(|call| call.code.is_none()), "CloudFront had to say no");
    let sent: Vec<&String> = creates.iter().flat_map(|call| &call.items).collect();
    assert_eq!(sent.len(), 10_040);
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), 10_040, "each item once");
    world.finish().await;
}

#[tokio::test]
async fn many_requests_together_never_draw_the_limit() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..12 {
        let lines = lines(4, |n| format!("/r{number}/d{n}/*"));
        ids.push(world.request(&lines).await);
    }
    world.send_each_alone().await;
    world.live(130).await;
    for id in &ids {
        assert_eq!(world.state(id).await, "completed");
    }
    assert!(world.creates().iter().all(|call| call.code.is_none()), "CloudFront had to say no");
    assert_eq!(world.creates().len(), 12);
    world.finish().await;
}

/// People at the console take what Unstale cannot know of: CloudFront says no, and the batch goes on by itself.
#[tokio::test]
async fn where_others_filled_the_distribution_the_batch_waits() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    let theirs: Vec<String> = (0..15).map(|n| format!("/theirs{n}/*")).collect();
    let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
    world.console(&distribution, "deploy", &theirs).await;
    let id = world.request("/ours/*").await;
    world.submit().await;
    let batch = world.batch(&id).await;
    assert_eq!(
        (batch.state.as_str(), batch.problem.unwrap().kind),
        ("queued", ProblemKind::TooManyInProgress)
    );
    world.live(90).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(
        world.events(&id).await,
        ["invalidation.requested", "batch.postponed", "batch.accepted", "batch.completed"]
    );
    world.finish().await;
}

/// What the survey has seen of others counts.
#[tokio::test]
async fn what_others_have_in_progress_is_minded_once_it_was_seen() {
    let world = World::new().await;
    let distribution = world.distribution(WORKSHOP).await.id;
    world.advance(seconds(200));
    let theirs: Vec<String> = (0..13).map(|n| format!("/theirs{n}/*")).collect();
    let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
    world.console(&distribution, "deploy", &theirs).await;
    world.survey().await;
    let id = world.request("/ours/*").await;
    world.submit().await;
    assert_eq!(world.batch_state(&id).await, "queued");
    assert_eq!(world.creates().len(), 1, "only theirs");
    world.live(30).await;
    assert_eq!(world.batch_state(&id).await, "in_progress");
    world.finish().await;
}
