//! Answers that cannot be read: what CloudFront did is not known, so it is looked for and never done twice.

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::domain::invalidations::problem::ProblemKind;

use crate::support::{WORKSHOP, World, seconds};

/// Whatever comes back, one invalidation comes of it and nobody is told that it failed.
async fn ends_in_one(kind: FaultKind, problem: ProblemKind, words: &str, taken: usize) {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.next_create(kind);
    world.submit().await;
    let batch = world.batch(&id).await;
    let said = batch.problem.unwrap();
    assert_eq!((batch.state.as_str(), said.kind), ("submitting", problem), "{kind:?}: {said:?}");
    assert!(said.message.contains(words), "{kind:?}: {said:?}");
    assert_eq!(world.at_cloudfront(WORKSHOP), taken, "{kind:?}");
    world.live(60).await;
    assert_eq!(world.state(&id).await, "completed", "{kind:?}");
    assert_eq!(world.at_cloudfront(WORKSHOP), 1, "{kind:?}");
    assert_eq!(world.creates().len(), 2 - taken, "{kind:?}: what is there is found, not asked for again");
    let events = ["invalidation.requested", "batch.unknown", "batch.accepted", "batch.completed"];
    assert_eq!(world.events(&id).await, events, "{kind:?}");
    world.finish().await;
}

#[tokio::test]
async fn an_answer_in_another_encoding_is_looked_for_and_found() {
    ends_in_one(FaultKind::Utf16, ProblemKind::UnreadableAnswer, "status 201, text/xml", 1).await;
    ends_in_one(FaultKind::Gzip, ProblemKind::UnreadableAnswer, "status 201, text/xml", 1).await;
}

#[tokio::test]
async fn a_page_in_the_place_of_an_answer_is_no_refusal() {
    let page = "text/html, 117 bytes: Blocked Blocked by the company's proxy";
    ends_in_one(FaultKind::Page, ProblemKind::NotCloudFront, &format!("status 201, {page}"), 1).await;
    ends_in_one(FaultKind::Proxy, ProblemKind::NotCloudFront, &format!("status 403, {page}"), 0).await;
}

#[tokio::test]
async fn a_bare_status_is_no_refusal() {
    ends_in_one(FaultKind::Bare, ProblemKind::UnreadableAnswer, "status 403, text/xml, 0 bytes", 0).await;
    ends_in_one(FaultKind::Empty, ProblemKind::UnreadableAnswer, "", 1).await;
}

/// Also where nothing at all can be read, it goes on asking and is never given up.
#[tokio::test]
async fn a_proxy_in_the_way_for_an_hour_is_lived_through() {
    let world = World::new().await;
    let id = world.request("/a").await;
    world.fault(Fault::new("*", FaultKind::Proxy));
    for _ in 0..60 {
        world.submit().await;
        world.advance(seconds(60));
    }
    assert_eq!(world.batch_state(&id).await, "submitting");
    assert!(world.sandbox.calls().len() < 60, "{} calls: it hammers", world.sandbox.calls().len());
    world.sandbox.set_faults(Vec::new());
    world.advance(seconds(300));
    world.live(60).await;
    assert_eq!((world.state(&id).await, world.at_cloudfront(WORKSHOP)), ("completed", 1));
    world.finish().await;
}

#[tokio::test]
async fn blanks_around_a_status_do_not_hide_that_it_is_completed() {
    for operation in ["GetInvalidation", "ListInvalidations", "CreateInvalidation"] {
        let world = World::new().await;
        let id = world.request("/a").await;
        world.fault(Fault::new(operation, FaultKind::PaddedStatus));
        world.live(40).await;
        assert_eq!(world.state(&id).await, "completed", "{operation}");
        world.finish().await;
    }
}

#[tokio::test]
async fn blanks_around_a_status_do_not_make_a_distribution_look_as_if_it_deployed() {
    let world = World::new().await;
    world.fault(Fault::new("ListDistributions", FaultKind::PaddedStatus));
    world.advance(seconds(300));
    world.survey().await;
    assert_eq!(world.distribution(WORKSHOP).await.status, "Deployed");
    world.finish().await;
}
