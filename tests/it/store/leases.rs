//! Leases: what is held is written only by its holder.

use unstale::store::{
    distributions::{self, survey},
    invalidations::batches,
};

use super::{
    batches::{accept, claim, cloudfront_id},
    given::{self, ACCOUNT, id},
};
use crate::support::{Database, at, on_each_engine};

async fn a_batch_is_claimed_by_one(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
    assert!(claim(database, &batch, "one", 1).await);
    assert!(!claim(database, &batch, "two", 60).await);
    assert!(claim(database, &batch, "two", 61).await, "the lease of one is over");
    let taken = cloudfront_id("I1");
    let accepted = async |lease: &str| {
        database
            .write(async |tx| batches::set_accepted(tx, &batch, lease, &taken, None, at(62), at(63)).await)
            .await
    };
    assert!(!accepted("one").await, "who lost the lease may not write");
    assert!(accepted("two").await);
    assert!(!claim(database, &batch, "one", 999).await, "what is in progress is not sent again");
    let found = database.get(async |conn| batches::find(conn, &batch).await).await.unwrap();
    assert_eq!((found.attempts, found.first_sent_at), (2, Some(at(1))), "when it was first sent stays");
}

async fn one_at_a_time_looks_at_a_distribution(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    for (distribution, taken, second) in [("E1", "I1", 1), ("E2", "I2", 0)] {
        let batch = given::request(database, distribution, 0, &[&["/a"]]).await.batches.remove(0).id;
        accept(database, &batch, taken, second).await;
    }
    let claim = async |lease: &str, now: u64| {
        let due = database.get(async |conn| distributions::poll_due(conn, at(now)).await).await;
        let (distribution, account) = due?;
        assert_eq!(account, ACCOUNT);
        let claim = async || {
            database
                .write(async |tx| {
                    distributions::claim_poll(tx, &distribution, lease, at(now), at(now + 60)).await
                })
                .await
        };
        assert!(claim().await);
        assert!(!claim().await, "it is held");
        Some(distribution)
    };
    assert_eq!(claim("a", 0).await, None, "none is due");
    assert_eq!(claim("a", 2).await, Some(id("E2")), "the one that waited longest");
    assert_eq!(claim("b", 2).await, Some(id("E1")));
    assert_eq!(claim("c", 2).await, None);
    let release = async |distribution: &str, lease: &str| {
        database.write(async |tx| distributions::release_poll(tx, &id(distribution), lease).await).await
    };
    assert!(!release("E1", "a").await, "it is held by b");
    assert!(release("E1", "b").await);
    assert!(!release("E1", "b").await);
    assert_eq!(claim("c", 2).await, Some(id("E1")));
    assert_eq!(claim("d", 62).await, Some(id("E2")), "the lease of a is over");
    assert!(!release("E2", "a").await);
}

async fn all_leases_are_let_go_of_at_once(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let sent = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
    let watched = given::request(database, "E1", 0, &[&["/b"]]).await.batches.remove(0).id;
    accept(database, &watched, "I1", 0).await;
    assert!(claim(database, &sent, "a", 2).await);
    let poll = async || {
        database.write(async |tx| distributions::claim_poll(tx, &id("E1"), "a", at(2), at(62)).await).await
    };
    assert!(poll().await);
    let survey = async || database.write(async |tx| survey::claim(tx, "a", at(2), at(62)).await).await;
    assert!(survey().await);
    database.write(async |tx| batches::release_all(tx).await).await;
    assert!(claim(database, &sent, "b", 2).await);
    assert!(poll().await);
    assert!(survey().await);
}

on_each_engine!(
    a_batch_is_claimed_by_one,
    one_at_a_time_looks_at_a_distribution,
    all_leases_are_let_go_of_at_once,
);
