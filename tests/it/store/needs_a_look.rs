//! Batches that a person has to settle.

use unstale::{
    domain::invalidations::{invalidation::BatchState, problem::ProblemKind},
    store::{
        StoreError,
        invalidations::{
            batches::{self, NotAccepted},
            needs_a_look,
        },
    },
};

use super::{
    batches::{accept, claim, cloudfront_id},
    given,
};
use crate::support::{Database, at, on_each_engine, problem};

/// A batch that needs a look, first sent at 1.
async fn unsettled_batch(
    database: &Database,
) -> unstale::domain::invalidations::invalidation::NewInvalidation {
    let new = given::request(database, "E1", 0, &[&["/a"]]).await;
    let batch = &new.batches[0].id;
    assert!(claim(database, batch, "lease", 1).await);
    let trouble = problem(ProblemKind::ReferenceInUse);
    let what = NotAccepted::NeedsALook;
    database.write(async |tx| batches::set_not_accepted(tx, batch, "lease", what, &trouble).await).await;
    new
}

async fn what_a_person_found_is_watched(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = unsettled_batch(database).await;
    let batch = &new.batches[0].id;
    let taken = cloudfront_id("I1");
    let found =
        async || database.write(async |tx| needs_a_look::set_found(tx, batch, &taken, at(9)).await).await;
    assert!(found().await);
    assert!(!found().await, "it is settled");
    let read = database.get(async |conn| batches::find(conn, batch).await).await.unwrap();
    assert_eq!((read.state, read.accepted_at), (BatchState::InProgress, Some(at(1))));
    assert_eq!((read.cloudfront_id, read.problem), (Some(cloudfront_id("I1")), None));
    assert_eq!(database.get(async |conn| batches::next_look(conn).await).await, Some(at(9)));
}

async fn an_id_of_cloudfront_belongs_to_one_batch(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let other = given::request(database, "E1", 0, &[&["/b"]]).await;
    accept(database, &other.batches[0].id, "I1", 1).await;
    let new = unsettled_batch(database).await;
    let taken = cloudfront_id("I1");
    let found = database
        .try_write(async |tx| needs_a_look::set_found(tx, &new.batches[0].id, &taken, at(9)).await)
        .await;
    assert!(matches!(found, Err(StoreError::Duplicate(_))), "{found:?}");
}

async fn what_is_not_there_is_given_up(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = unsettled_batch(database).await;
    let batch = &new.batches[0].id;
    let next = async || database.get(async |conn| needs_a_look::next_number(conn, &new.id).await).await;
    assert_eq!(next().await, 2);
    let give_up = async || database.write(async |tx| needs_a_look::set_given_up(tx, batch).await).await;
    assert!(give_up().await);
    assert!(!give_up().await, "it is settled");
    assert_eq!(given::states(database, &new.id).await, ["cancelled"]);
}

on_each_engine!(
    what_a_person_found_is_watched,
    an_id_of_cloudfront_belongs_to_one_batch,
    what_is_not_there_is_given_up,
);
