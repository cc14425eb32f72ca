//! A batch that CloudFront refuses for its items is cut in two until the refused items are known; the others are sent.

use std::collections::{BTreeMap, BTreeSet};

use cloudfront_sandbox::{Fault, FaultKind};
use unstale::{
    commands::{self, CommandError},
    domain::{
        id::InvalidationId,
        invalidations::{invalidation::Batch, problem::ProblemKind, refused::RefusedItems},
    },
};

use crate::support::{WORKSHOP, World, acting, lines, no_override, seconds};

/// Paths with this text are refused.
const REFUSED: &str = "no-such";
/// CloudFront's words.
const WORDS: &str = "Your request contains one or more invalid invalidation paths.";

async fn world() -> World {
    let world = World::new().await;
    refuse(&world, Some(REFUSED));
    world
}

fn refuse(world: &World, text: Option<&str>) {
    world.sandbox.change_settings(|settings| settings.refuse_paths_with = text.map(str::to_owned));
}

async fn refused_items(world: &World, id: &InvalidationId) -> Vec<String> {
    let refused = RefusedItems::of(&world.batches(id).await);
    refused.iter().flat_map(|refused| &refused.items).map(ToString::to_string).collect()
}

/// The items that CloudFront took, with how often each.
fn taken(world: &World) -> BTreeMap<String, usize> {
    let mut taken = BTreeMap::new();
    for item in world.sandbox.invalidations(WORKSHOP).into_iter().flat_map(|one| one.items) {
        *taken.entry(item).or_default() += 1;
    }
    taken
}

fn states(batches: &[Batch]) -> Vec<(&'static str, usize, Option<[usize; 2]>)> {
    batches.iter().map(|batch| (batch.state.as_str(), batch.items.len(), batch.cut_into)).collect()
}

/// Refuses some of many items, and gives how many calls that took.
async fn calls_for(items: usize, culprits: &[usize]) -> usize {
    let world = world().await;
    let path = |n: usize| {
        let folder = if culprits.contains(&n) { REFUSED } else { "p" };
        format!("/{n}/{folder}")
    };
    let id = world.request(&lines(items, path)).await;
    world.live(260).await;
    assert_eq!(world.state(&id).await, "failed");

    let wanted: BTreeMap<String, usize> =
        (0..items).filter(|n| !culprits.contains(n)).map(|n| (path(n), 1)).collect();
    assert_eq!(taken(&world), wanted, "everything else was sent once");
    let culprits: BTreeSet<String> = culprits.iter().map(|n| path(*n)).collect();
    assert_eq!(refused_items(&world, &id).await.into_iter().collect::<BTreeSet<_>>(), culprits);
    let batches = world.batches(&id).await;
    let failed: Vec<_> =
        batches.iter().filter(|batch| batch.state.as_str() == "failed" && !batch.is_cut()).collect();
    assert_eq!(failed.len(), culprits.len());
    assert!(failed.iter().all(|batch| batch.items.len() == 1));
    let creates = world.creates();
    let references: BTreeSet<_> = creates.iter().map(|call| call.caller_reference.clone()).collect();
    assert_eq!(references.len(), creates.len(), "each call has a reference of its own");
    assert_eq!(creates.len(), batches.len(), "each batch was sent once");
    // Five at once after a rest, then one in two seconds.
    for (late, due) in creates.iter().skip(5).zip((2..).step_by(2)) {
        let waited = late.at.duration_since(creates[0].at).as_secs();
        assert!(waited >= due, "call {} came after {waited} s", late.n);
    }
    world.finish().await;
    creates.len()
}

#[tokio::test]
async fn three_refused_items_of_a_thousand_sink_nobody_else() {
    let calls = calls_for(1_000, &[3, 500, 777]).await;
    assert!(calls <= 3 * 2 * 10 + 3, "{calls} calls");
}

#[tokio::test]
async fn one_refused_item_of_three_thousand_is_found() {
    let calls = calls_for(3_000, &[1_234]).await;
    assert!(calls <= 2 * 12 + 1, "{calls} calls");
}

#[tokio::test]
async fn a_batch_that_is_cut_says_so_and_its_halves_follow() {
    let world = world().await;
    let id = world.request("/a\n/b*\n/no-such").await;
    world.submit_once().await;
    let batches = world.batches(&id).await;
    assert_eq!(states(&batches), [("failed", 3, Some([2, 3])), ("queued", 2, None), ("queued", 1, None)]);
    assert_eq!(world.state(&id).await, "queued", "nothing of it is at CloudFront");
    let problem = batches[0].problem.as_ref().unwrap();
    assert_eq!((problem.kind, problem.message.as_str()), (ProblemKind::InvalidArgument, WORDS));
    let event = world.history().await.pop().unwrap().event;
    assert_eq!((event.action.as_str(), event.outcome.as_str()), ("batch.cut_in_two", "refused"));
    assert_eq!(event.note, "CloudFront refused the items; cut in two: batches 2 and 3");
    assert_eq!((event.old.as_str(), event.new.as_str()), ("batch 1", "queued"));
    assert_eq!(event.items.shown, batches[0].items);
    world.live(30).await;
    assert_eq!(
        states(&world.batches(&id).await),
        [("failed", 3, Some([2, 3])), ("completed", 2, None), ("failed", 1, None)]
    );
    assert_eq!(world.state(&id).await, "failed");
    let expected =
        ["invalidation.requested", "batch.cut_in_two", "batch.accepted", "batch.failed", "batch.completed"];
    assert_eq!(world.events(&id).await, expected);
    let failed = world.history().await.into_iter().find(|one| one.event.action.as_str() == "batch.failed");
    let shown: Vec<String> = failed.unwrap().event.items.shown.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["/no-such"], "the event names it");
    world.finish().await;
}

#[tokio::test]
async fn a_half_that_completes_everything_makes_the_invalidation_complete() {
    let world = World::new().await;
    let id = world.request("/a\n/b").await;
    world.fault(Fault::refuse("CreateInvalidation", 400, "InvalidArgument", WORDS).times(1));
    world.live(40).await;
    assert_eq!(world.state(&id).await, "completed", "a batch that was cut does not count");
    assert_eq!(taken(&world).len(), 2);
    let again = commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await;
    assert!(matches!(again, Err(CommandError::TooLate)), "{again:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_refusal_for_another_reason_cuts_nothing() {
    for (code, message) in [
        ("InvalidArgument", "The parameter Quantity is invalid."),
        ("AccessDenied", WORDS),
        ("BatchTooLarge", WORDS),
        ("BrandNew", WORDS),
    ] {
        let world = World::new().await;
        let id = world.request("/a\n/b").await;
        world.fault(Fault::refuse("CreateInvalidation", 400, code, message).times(1));
        world.live(5).await;
        assert_eq!(states(&world.batches(&id).await), [("failed", 2, None)], "{code}");
        assert_eq!(refused_items(&world, &id).await, Vec::<String>::new());
        assert_eq!(world.creates().len(), 1, "{code}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_lost_answer_cuts_nothing() {
    let world = world().await;
    let id = world.request("/a\n/no-such").await;
    for kind in [FaultKind::Lost, FaultKind::Empty, FaultKind::ServerError, FaultKind::Proxy] {
        world.next_create(kind);
        world.submit().await;
        assert_eq!(states(&world.batches(&id).await), [("submitting", 2, None)], "{kind:?}");
        world.advance(seconds(300));
    }
    world.live(40).await;
    assert_eq!(refused_items(&world, &id).await, ["/no-such"]);
    assert_eq!(taken(&world).into_iter().collect::<Vec<_>>(), [("/a".to_owned(), 1)]);
    world.finish().await;
}

/// CloudFront took it, the answer was lost, and from then on the path would be refused.
#[tokio::test]
async fn what_cloudfront_has_is_not_cut_though_it_would_refuse_it_now() {
    let world = World::new().await;
    let id = world.request("/a\n/no-such").await;
    world.next_create(FaultKind::Lost);
    world.submit().await;
    refuse(&world, Some(REFUSED));
    world.live(60).await;
    assert_eq!(states(&world.batches(&id).await), [("completed", 2, None)]);
    assert_eq!(taken(&world).len(), 2);
    world.finish().await;
}

#[tokio::test]
async fn retry_sends_the_refused_items_again_and_not_the_batch_that_was_cut() {
    let world = world().await;
    let id = world.request("/a\n/b\n/no-such").await;
    world.live(40).await;
    let before = world.creates().len();
    refuse(&world, None);
    commands::retry_invalidation(&world.command_context, &acting(), &id, no_override()).await.unwrap();
    assert_eq!(states(&world.batches(&id).await)[0], ("failed", 3, Some([2, 3])));
    world.live(40).await;
    assert_eq!(world.state(&id).await, "completed");
    assert_eq!(world.creates().len(), before + 1);
    assert!(taken(&world).values().all(|count| *count == 1));
    assert_eq!(taken(&world).len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn halves_that_are_queued_can_be_cancelled() {
    let world = world().await;
    let id = world.request("/a\n/no-such").await;
    world.submit_once().await;
    commands::cancel_invalidation(&world.command_context, &acting(), &id).await.unwrap();
    world.live(5).await;
    assert_eq!(
        states(&world.batches(&id).await),
        [("failed", 2, Some([2, 3])), ("cancelled", 1, None), ("cancelled", 1, None)]
    );
    assert_eq!(world.state(&id).await, "cancelled");
    assert_eq!(world.creates().len(), 1);
    world.finish().await;
}

/// CloudFront counts wildcards by themselves, and a half has no more of them than its whole.
#[tokio::test]
async fn the_limits_hold_for_the_halves() {
    let world = world().await;
    let id = world.request(&lines(40, |n| format!("/{n}/{}/*", if n == 7 { REFUSED } else { "w" }))).await;
    world.live(200).await;
    assert_eq!(refused_items(&world, &id).await, ["/7/no-such/*"]);
    assert_eq!(taken(&world).len(), 39);
    let over = world
        .creates()
        .into_iter()
        .filter(|call| call.code.as_deref() == Some("TooManyInvalidationsInProgress"));
    assert_eq!(over.count(), 0);
    world.finish().await;
}
