//! Which batch may be sent when.

use unstale::{
    domain::{
        id::BatchId,
        invalidations::{batching::Load, problem::ProblemKind},
        time::Timestamp,
    },
    store::{accounts, distributions, invalidations::batches},
};

use super::{
    batches::{accept, claim},
    given::{self, ACCOUNT, id},
};
use crate::support::{Database, at, on_each_engine, problem};

async fn sendable(database: &Database, now: Timestamp) -> Vec<String> {
    let found = database.get(async |conn| batches::sendable(conn, now).await).await;
    assert!(found.iter().all(|one| one.account == ACCOUNT));
    found.into_iter().map(|one| one.distribution.to_string()).collect()
}

async fn candidates(database: &Database, now: Timestamp) -> Vec<BatchId> {
    let found = database.get(async |conn| batches::candidates(conn, &id("E1"), now).await).await;
    found.into_iter().map(|candidate| candidate.id).collect()
}

async fn distributions_take_turns(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3", "E4"]).await;
    for distribution in ["E1", "E2", "E3"] {
        given::request(database, distribution, 10, &[&["/a"]]).await;
    }
    assert_eq!(sendable(database, at(9)).await, [""; 0]);
    assert_eq!(sendable(database, at(10)).await, ["E1", "E2", "E3"]);
    database
        .write(async |tx| {
            distributions::set_claimed(tx, &id("E1"), at(12)).await?;
            distributions::set_claimed(tx, &id("E2"), at(11)).await
        })
        .await;
    assert_eq!(sendable(database, at(12)).await, ["E3", "E2", "E1"]);
}

async fn nothing_of_a_paused_account_is_sendable(database: &Database) {
    given::distributions(database, &["E1"]).await;
    given::request(database, "E1", 0, &[&["/a"]]).await;
    let trouble = problem(ProblemKind::ExpiredCredentials);
    database.write(async |tx| accounts::pause(tx, ACCOUNT, &trouble, at(0), at(30)).await).await;
    assert_eq!(sendable(database, at(29)).await, [""; 0]);
    assert_eq!(sendable(database, at(30)).await, ["E1"]);
}

async fn what_is_held_is_not_sendable_until_its_lease_is_over(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
    assert!(claim(database, &batch, "lease", 0).await);
    assert_eq!(sendable(database, at(59)).await, [""; 0]);
    assert_eq!(candidates(database, at(59)).await, []);
    assert_eq!(sendable(database, at(60)).await, ["E1"]);
    assert_eq!(candidates(database, at(60)).await, [batch]);
}

async fn what_was_begun_goes_first_then_first_batches_then_the_oldest(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let giant = given::request(database, "E1", 0, &[&["/1"], &["/2"], &["/3"]]).await;
    let small = given::request(database, "E1", 5, &[&["/small*"]]).await;
    let begun = given::request(database, "E1", 6, &[&["/begun"]]).await;
    given::request(database, "E2", 0, &[&["/other"]]).await;
    assert!(claim(database, &begun.batches[0].id, "lease", 6).await);
    database.write(async |tx| batches::release_all(tx).await).await;
    let order = candidates(database, at(6)).await;
    let expected = [
        &begun.batches[0].id,
        &giant.batches[0].id,
        &small.batches[0].id,
        &giant.batches[1].id,
        &giant.batches[2].id,
    ];
    assert_eq!(order.iter().collect::<Vec<_>>(), expected);
    let found = database.get(async |conn| batches::candidates(conn, &id("E1"), at(6)).await).await;
    assert_eq!(found.iter().map(|one| one.counted).collect::<Vec<_>>(), [true, false, false, false, false]);
    assert_eq!((found[2].load, found[2].waiting_since), (Load { paths: 0, wildcards: 1 }, at(5)));
    accept(database, &giant.batches[0].id, "I1", 9).await;
    let found = database.get(async |conn| batches::candidates(conn, &id("E1"), at(9)).await).await;
    let since: Vec<_> = found.iter().map(|one| one.waiting_since).collect();
    assert_eq!(since, [at(6), at(5), at(9), at(9)], "the rest of the giant waits since its last batch went");
    assert_eq!(candidates(database, at(4)).await.len(), 2, "what is not due yet is no candidate");
    let found = database.get(async |conn| batches::candidates(conn, &id("E1"), at(8)).await).await;
    let since: Vec<_> = found.iter().map(|one| one.waiting_since).collect();
    assert_eq!(since, [at(6), at(5), at(0), at(0)], "the clock was put back: it has waited");
}

async fn the_next_due_time_minds_leases(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let next = async || database.get(async |conn| batches::next_due(conn).await).await;
    assert_eq!(next().await, None);
    let first = given::request(database, "E1", 20, &[&["/a"]]).await.batches.remove(0).id;
    given::request(database, "E1", 70, &[&["/b"]]).await;
    assert_eq!(next().await, Some(at(20)));
    assert!(claim(database, &first, "lease", 20).await);
    assert_eq!(next().await, Some(at(70)), "held until 80");
    database.write(async |tx| batches::release_all(tx).await).await;
    assert_eq!(next().await, Some(at(20)));
}

on_each_engine!(
    distributions_take_turns,
    nothing_of_a_paused_account_is_sendable,
    what_is_held_is_not_sendable_until_its_lease_is_over,
    what_was_begun_goes_first_then_first_batches_then_the_oldest,
    the_next_due_time_minds_leases,
);
