//! What is counted so that it can be bounded, and the ways in that a start compares.

use unstale::{
    domain::invalidations::quotas::QuotaUsage,
    store::{
        Conn,
        invalidations::{self, batches},
        sign_in::authentication_methods,
    },
};

use super::{
    batches::{accept, claim},
    given,
};
use crate::support::{Database, acting, at, on_each_engine};

async fn a_days_items_are_summed_by_actor(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let ada = acting().actor;
    let between = async |from, until| {
        let spent =
            async |conn: &mut Conn| invalidations::spent_between(conn, &ada, at(from), at(until)).await;
        database.get(spent).await
    };
    let spent = async |from| between(from, 1_000).await;
    assert_eq!(spent(0).await, QuotaUsage::default());
    given::request(database, "E1", 10, &[&["/a", "/b"], &["/c*"]]).await;
    given::request(database, "E2", 20, &[&["/d"]]).await;
    assert_eq!(spent(9).await, QuotaUsage { items: 4, since: Some(at(10)) });
    assert_eq!(spent(10).await, QuotaUsage { items: 1, since: Some(at(20)) });
    assert_eq!(between(9, 19).await.items, 3, "what a clock noted that was ahead does not count");
    assert_eq!(between(9, 20).await.items, 4);
    let other = unstale::domain::actor::Actor::person(
        &unstale::domain::id::PersonId::from_trusted("p2"),
        "ada@example.com",
    );
    let others =
        database.get(async |conn| invalidations::spent_between(conn, &other, at(0), at(99)).await).await;
    assert_eq!(others, QuotaUsage::default());
}

async fn what_waits_is_counted_up_to_a_bound(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let waiting = async |most| database.get(async |conn| batches::waiting(conn, most).await).await;
    assert_eq!(waiting(10).await, 0);
    let new = given::request(database, "E1", 0, &[&["/a"], &["/b"], &["/c"]]).await;
    assert_eq!((waiting(10).await, waiting(3).await, waiting(2).await), (3, 3, 2));
    // What is being sent waits still; what CloudFront took does not.
    assert!(claim(database, &new.batches[0].id, "lease", 1).await);
    assert_eq!(waiting(10).await, 3);
    accept(database, &new.batches[1].id, "I1", 2).await;
    assert_eq!(waiting(10).await, 2);
}

async fn the_ways_in_are_kept_for_the_next_start(database: &Database) {
    let read = async || database.get(async |conn| authentication_methods::read(conn).await).await;
    assert_eq!(read().await, None);
    for facts in ["A=1", "A=2\nB=3"] {
        database.write(async |tx| authentication_methods::replace(tx, facts).await).await;
        assert_eq!(read().await.as_deref(), Some(facts));
    }
}

on_each_engine!(
    a_days_items_are_summed_by_actor,
    what_waits_is_counted_up_to_a_bound,
    the_ways_in_are_kept_for_the_next_start
);
