//! Batches that a person settles, and the place of what is queued.

use unstale::{
    domain::{
        batching::Load,
        id::{BatchId, CloudFrontInvalidationId},
        problem::ProblemKind,
    },
    store::{StoreError, batches, batches::NotAccepted, queue, unsettled},
};

use super::{
    batches::{accept, claim},
    given::{self, id, states},
};
use crate::support::{Database, at, on_each_engine, problem};

fn cloudfront(text: &str) -> CloudFrontInvalidationId {
    CloudFrontInvalidationId::from_trusted(text)
}

async fn park(database: &Database, batch: &BatchId) {
    assert!(claim(database, batch, "lease", 1).await);
    let trouble = problem(ProblemKind::ReferenceInUse);
    let parked = database
        .write(async |tx| {
            batches::set_not_accepted(tx, batch, "lease", NotAccepted::NeedsALook, &trouble).await
        })
        .await;
    assert!(parked);
}

async fn what_a_person_found_is_watched_once(database: &Database) {
    given::sites(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/a"]]).await;
    let batch = &new.batches[0].id;
    let found = async || {
        database.write(async |tx| unsettled::set_found(tx, batch, &cloudfront("I1"), at(9)).await).await
    };
    assert!(!found().await, "a queued batch is not settled by hand");
    park(database, batch).await;
    assert!(found().await);
    assert!(!found().await);
    assert_eq!(states(database, &new.id).await, ["in_progress"]);
    let watched = database.get(async |conn| batches::watched(conn, &id("E1")).await).await;
    assert_eq!((watched[0].accepted_at, watched[0].look_at), (at(1), at(9)));
}

async fn an_id_that_another_has_is_refused(database: &Database) {
    given::sites(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/a"], &["/b"]]).await;
    accept(database, &new.batches[0].id, "I1", 1).await;
    park(database, &new.batches[1].id).await;
    let again = database
        .try_write(async |tx| unsettled::set_found(tx, &new.batches[1].id, &cloudfront("I1"), at(9)).await)
        .await;
    assert!(matches!(again, Err(StoreError::Duplicate(_))), "{again:?}");
}

async fn what_is_given_up_is_followed_by_the_next_number(database: &Database) {
    given::sites(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/a"], &["/b"]]).await;
    let give_up =
        async || database.write(async |tx| unsettled::set_given_up(tx, &new.batches[0].id).await).await;
    assert!(!give_up().await);
    park(database, &new.batches[0].id).await;
    assert!(give_up().await);
    assert_eq!(states(database, &new.id).await, ["cancelled", "queued"]);
    assert_eq!(database.get(async |conn| unsettled::next_number(conn, &new.id).await).await, 3);
}

async fn a_place_counts_what_goes_before(database: &Database) {
    given::sites(database, &["E1", "E2"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"], &["/b"]]).await;
    let second = given::request(database, "E1", 1, &[&["/c*"]]).await;
    given::request(database, "E2", 2, &[&["/d"]]).await;
    let place = async |new: &unstale::domain::invalidation::NewInvalidation| {
        database.get(async |conn| queue::place(conn, &new.id).await).await
    };
    assert_eq!(place(&first).await.unwrap().before_here, 0);
    let waits = place(&second).await.unwrap();
    assert_eq!((waits.before_here, waits.elsewhere.as_slice()), (1, [1].as_slice()));
    assert_eq!(waits.load, Load { paths: 0, wildcards: 1 });
    assert_eq!(waits.oldest_in_progress, None);
    accept(database, &first.batches[0].id, "I1", 5).await;
    let waits = place(&second).await.unwrap();
    assert_eq!((waits.before_here, waits.oldest_in_progress), (0, Some(at(5))));
    accept(database, &second.batches[0].id, "I2", 6).await;
    assert_eq!(place(&second).await, None);
}

on_each_engine!(
    what_a_person_found_is_watched_once,
    an_id_that_another_has_is_refused,
    what_is_given_up_is_followed_by_the_next_number,
    a_place_counts_what_goes_before,
);
