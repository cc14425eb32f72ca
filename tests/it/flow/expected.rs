//! People say what viewers must get after an invalidation: nothing any more, or one content.

use std::time::Duration;

use sha2::{Digest, Sha256};
use unstale::{
    commands::{self, Requested},
    domain::{
        audit::Action,
        checks::{CheckRunState, ExpectedContent},
        id::InvalidationId,
    },
};

use super::checks::verdict;
use crate::support::{
    WORKSHOP, World, acting,
    checked::{cached, check_run, complete_and_check, publish, unpublish},
};

/// Asks for the item with this expectation, and looks before.
async fn ask(world: &World, typed: &str, expected: ExpectedContent) -> InvalidationId {
    world.check().await;
    let mut new = world.new_invalidation(WORKSHOP, typed).await;
    new.expected = expected;
    let requested = commands::request_invalidation(&world.command_context, &acting(), &new).await.unwrap();
    assert_eq!(requested, Requested::New(new.id.clone(), world.now()));
    world.check().await;
    new.id
}

#[tokio::test]
async fn a_page_that_was_taken_down_is_gone_when_viewers_get_an_error() {
    let world = World::new().await;
    publish(&world, "offer.html", "a wrong price");
    cached(&world, "/offer.html").await;
    let id = ask(&world, "/offer.html", ExpectedContent::Gone).await;
    unpublish(&world, "offer.html");
    complete_and_check(&world, &id).await;
    assert_eq!(verdict(&world, &id).await, "fresh ");
    assert_eq!(check_run(&world, &id).await.state, CheckRunState::Done);
    let notes = world.history().await.into_iter().filter_map(|chained| {
        let event = chained.event;
        let is_told = matches!(event.action, Action::InvalidationRequested | Action::CheckFinished);
        is_told.then_some(event.note)
    });
    assert_eq!(notes.collect::<Vec<_>>(), ["viewers must get 403, 404 or 410", "1 gone"]);
    world.finish().await;
}

#[tokio::test]
async fn a_page_that_is_still_there_is_not_gone_until_it_is() {
    let world = World::new().await;
    publish(&world, "offer.html", "a wrong price");
    cached(&world, "/offer.html").await;
    let id = ask(&world, "/offer.html", ExpectedContent::Gone).await;
    // Another version is not gone either.
    publish(&world, "offer.html", "another wrong price");
    complete_and_check(&world, &id).await;
    assert_eq!(verdict(&world, &id).await, "broken not_gone");
    unpublish(&world, "offer.html");
    // The edge keeps the copy that the look made it fetch: it says so until somebody makes it again.
    world.advance(Duration::from_mins(1));
    world.check().await;
    assert_eq!(verdict(&world, &id).await, "broken not_gone");
    let again = ask(&world, "/offer.html", ExpectedContent::Gone).await;
    complete_and_check(&world, &again).await;
    assert_eq!(verdict(&world, &again).await, "fresh ");
    world.finish().await;
}

#[tokio::test]
async fn the_content_of_the_hash_is_fresh_and_no_other_one() {
    let world = World::new().await;
    publish(&world, "news.html", "build 7");
    // Nothing changes, and all the same it is proved: the content that people expect is there.
    cached(&world, "/news.html").await;
    let right = ExpectedContent::Sha256(Sha256::digest("build 7").into());
    let id = ask(&world, "/news.html", right).await;
    complete_and_check(&world, &id).await;
    assert_eq!(verdict(&world, &id).await, "fresh ");

    let other = ExpectedContent::Sha256(Sha256::digest("build 8").into());
    let id = ask(&world, "/news.html", other).await;
    publish(&world, "news.html", "build 7 with a mistake");
    complete_and_check(&world, &id).await;
    assert_eq!(verdict(&world, &id).await, "unclear other_body");
    world.finish().await;
}

#[tokio::test]
async fn the_same_key_with_another_expectation_is_another_request() {
    let world = World::new().await;
    let first = world.new_invalidation(WORKSHOP, "/a").await;
    commands::request_invalidation(&world.command_context, &acting(), &first).await.unwrap();
    let mut second = world.new_invalidation(WORKSHOP, "/a").await;
    second.request_key = first.request_key.clone();
    second.expected = ExpectedContent::Gone;
    let requested = commands::request_invalidation(&world.command_context, &acting(), &second).await.unwrap();
    assert_eq!(requested, Requested::KeyUsedForAnother);
    world.finish().await;
}
