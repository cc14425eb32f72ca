//! Batches that were cut in two.

use unstale::{
    domain::{
        id::BatchId,
        invalidations::{
            invalidation::{BatchState, InvalidationState, NewInvalidation},
            problem::ProblemKind,
        },
    },
    store::invalidations::{
        self,
        batches::{self, NewBatchRow},
        needs_a_look,
    },
};

use super::{
    batches::{accept, claim, complete},
    given,
};
use crate::support::{Database, at, new_batch, on_each_engine, problem};

async fn cut(database: &Database, batch: &BatchId, lease: &str) -> bool {
    let refused = problem(ProblemKind::InvalidArgument);
    database.write(async |tx| batches::set_cut_in_two(tx, batch, lease, &refused, 2).await).await
}

/// A request whose only batch was cut in two.
async fn halved(database: &Database) -> (NewInvalidation, [BatchId; 2]) {
    let new = given::request(database, "E1", 0, &[&["/a", "/b"]]).await;
    let batch = &new.batches[0].id;
    assert!(claim(database, batch, "lease", 1).await);
    assert!(cut(database, batch, "lease").await);
    let halves = [new_batch(&["/a"]), new_batch(&["/b"])];
    let ids = halves.clone().map(|half| half.id);
    let rows: Vec<NewBatchRow> = halves
        .into_iter()
        .zip(2..)
        .map(|(batch, number)| NewBatchRow {
            batch,
            invalidation: new.id.clone(),
            distribution: new.distribution.clone(),
            number,
            created_at: at(2),
            due_at: at(2),
            alone: true,
        })
        .collect();
    database.write(async |tx| batches::insert(tx, &rows).await).await;
    (new, ids)
}

async fn state(database: &Database, of: &NewInvalidation) -> InvalidationState {
    database.write(async |tx| invalidations::refresh_state(tx, &of.id, at(9)).await).await
}

async fn only_the_holder_of_the_lease_cuts_a_batch(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/a", "/b"]]).await;
    let batch = &new.batches[0].id;
    assert!(!cut(database, batch, "lease").await, "it is not claimed");
    assert!(claim(database, batch, "lease", 1).await);
    assert!(!cut(database, batch, "other").await);
    let find = async || database.get(async |conn| batches::find(conn, batch).await).await.unwrap();
    assert_eq!((find().await.state, find().await.cut_into), (BatchState::Submitting, None));
    assert!(cut(database, batch, "lease").await);
    assert!(!cut(database, batch, "lease").await, "it is cut already");
    let found = find().await;
    assert_eq!((found.state, found.cut_into), (BatchState::Failed, Some([2, 3])));
    assert_eq!(found.problem.map(|problem| problem.kind), Some(ProblemKind::InvalidArgument));
    assert!(!claim(database, batch, "later", 100).await, "it is never sent again");
}

async fn the_state_follows_from_the_halves(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let (new, [first, second]) = halved(database).await;
    assert_eq!(given::states(database, &new.id).await, ["failed", "queued", "queued"]);
    assert_eq!(state(database, &new).await, InvalidationState::Queued);
    let next = database.get(async |conn| needs_a_look::next_number(conn, &new.id).await).await;
    assert_eq!(next, 4);
    accept(database, &first, "I1", 3).await;
    assert_eq!(state(database, &new).await, InvalidationState::InProgress);
    accept(database, &second, "I2", 4).await;
    assert!(complete(database, &first, 5).await && complete(database, &second, 6).await);
    assert_eq!(state(database, &new).await, InvalidationState::Completed);
    let items = database.get(async |conn| batches::items_of(conn, &new.id).await).await;
    assert_eq!(items, new.items(), "each once");
}

async fn another_try_leaves_a_batch_that_was_cut(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let (new, _) = halved(database).await;
    let retry = async || database.write(async |tx| batches::requeue_failed(tx, &new.id, at(7)).await).await;
    assert_eq!(retry().await, 0);
    let mut raw = database.raw().await;
    raw.run("UPDATE batch SET state = 'failed' WHERE number = 3").await.unwrap();
    assert_eq!(retry().await, 1);
    assert_eq!(given::states(database, &new.id).await, ["failed", "queued", "queued"]);
}

async fn a_lock_of_an_invalidation_is_free_to_its_own_transaction(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let (new, _) = halved(database).await;
    database
        .write(async |tx| {
            invalidations::lock(tx, &new.id).await?;
            invalidations::lock(tx, &new.id).await
        })
        .await;
}

on_each_engine!(
    only_the_holder_of_the_lease_cuts_a_batch,
    the_state_follows_from_the_halves,
    another_try_leaves_a_batch_that_was_cut,
    a_lock_of_an_invalidation_is_free_to_its_own_transaction,
);
