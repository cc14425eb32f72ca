//! Warmings: what is fetched, how far it is, and who does it.

use std::collections::BTreeMap;

use unstale::{
    domain::{
        checks::{Warming, WarmingEnd, WarmingFailure, WarmingPlan, WarmingRemark, WarmingState},
        invalidations::invalidation::NewInvalidation,
        time::Timestamp,
    },
    store::{
        checks::warming::{self, ClaimedWarming},
        invalidations::{self, batches},
    },
};

use super::given::{distributions, request};
use crate::support::{Database, at, items, new_invalidation, on_each_engine};

/// A request with a warming.
async fn warm_request(database: &Database, distribution: &str) -> NewInvalidation {
    let mut new = new_invalidation(distribution, vec![items(&["/a"])]);
    new.warm = true;
    database
        .write(async |tx| {
            super::given::write(tx, &new, 0).await?;
            warming::insert(tx, &new.id, &new.distribution).await
        })
        .await;
    new
}

/// Its batches are in this state now.
async fn ended(database: &Database, new: &NewInvalidation, state: &str, now: u64) {
    let id = &new.id;
    database
        .raw()
        .await
        .run(&format!("UPDATE batch SET state = '{state}' WHERE invalidation_id = '{id}'"))
        .await
        .unwrap();
    database.write(async |tx| invalidations::refresh_state(tx, id, at(now)).await).await;
}

fn claimed(new: &NewInvalidation) -> ClaimedWarming {
    ClaimedWarming { invalidation: new.id.clone(), lease: "lease".to_owned() }
}

async fn claim(database: &Database, one: &ClaimedWarming, now: u64) -> bool {
    database.write(async |tx| warming::claim(tx, one, at(now), at(now + 300)).await).await
}

async fn find(database: &Database, new: &NewInvalidation) -> Warming {
    database.get(async |conn| warming::find(conn, &new.id).await).await.unwrap()
}

async fn due(database: &Database, now: u64) -> Vec<String> {
    let due = database.get(async |conn| warming::due(conn, at(now), 9).await).await;
    due.into_iter().map(|(id, _)| id.to_string()).collect()
}

async fn next_due(database: &Database) -> Option<Timestamp> {
    database.get(async |conn| warming::next_due(conn).await).await
}

async fn a_warming_goes_from_the_request_to_its_end(database: &Database) {
    distributions(database, &["E1"]).await;
    let new = warm_request(database, "E1").await;
    let mut known = Warming::waiting(new.id.clone(), new.distribution.clone());
    assert_eq!((find(database, &new).await, next_due(database).await), (known.clone(), None));
    ended(database, &new, "in_progress", 5).await;
    assert_eq!(next_due(database).await, None);
    ended(database, &new, "completed", 7).await;
    assert_eq!((next_due(database).await, due(database, 6).await.len()), (Some(at(7)), 0));
    assert_eq!(due(database, 7).await, [new.id.to_string()]);

    let held = claimed(&new);
    assert!(!claim(database, &held, 6).await && claim(database, &held, 7).await);
    assert!(!claim(database, &ClaimedWarming { lease: "other".to_owned(), ..held.clone() }, 8).await);
    let plan = WarmingPlan {
        urls: vec!["https://www.example.com/ü".to_owned(), "https://www.example.com/b".to_owned()],
        left_out: 3,
        remarks: vec![WarmingRemark::Tags, WarmingRemark::SitemapCut],
    };
    let begin = async || database.write(async |tx| warming::begin(tx, &held, &plan).await).await;
    assert!(begin().await && !begin().await);
    (known.state, known.due_at, known.planned) = (WarmingState::Running, Some(at(7)), 2);
    (known.left_out, known.remarks) = (3, plan.remarks.clone());
    assert_eq!(find(database, &new).await, known);
    let urls = async || database.get(async |conn| warming::urls(conn, &new.id).await).await;
    assert_eq!(urls().await, plan.urls);

    known.count(Ok(()));
    known.count(Err(WarmingFailure::Status(404)));
    let tried = async |one: &ClaimedWarming| {
        database.write(async |tx| warming::set_tried(tx, one, &known, at(400)).await).await
    };
    assert!(
        tried(&held).await && !tried(&ClaimedWarming { lease: "other".to_owned(), ..held.clone() }).await
    );
    assert_eq!(find(database, &new).await, known);
    assert_eq!(known.failures, BTreeMap::from([(WarmingFailure::Status(404), 1)]));
    assert!(!claim(database, &held, 350).await, "the lease was held on to");

    let put_off = async || database.write(async |tx| warming::put_off(tx, &held, at(500)).await).await;
    assert!(put_off().await && !put_off().await);
    assert!(!claim(database, &held, 499).await && claim(database, &held, 500).await);
    let finish = async || {
        database.write(async |tx| warming::finish(tx, &held, WarmingEnd::Finished, at(501)).await).await
    };
    assert!(finish().await && !finish().await);
    (known.state, known.due_at, known.ended) = (WarmingState::Done, None, Some(WarmingEnd::Finished));
    known.finished_at = Some(at(501));
    assert_eq!((find(database, &new).await, urls().await.len()), (known, 0));
    // What was done stays done.
    ended(database, &new, "in_progress", 600).await;
    assert_eq!(find(database, &new).await.state, WarmingState::Done);
}

async fn what_is_tried_again_waits_again_whoever_holds_it(database: &Database) {
    distributions(database, &["E1"]).await;
    for finished in [true, false] {
        let new = warm_request(database, "E1").await;
        let held = claimed(&new);
        ended(database, &new, "failed", 5).await;
        assert!(claim(database, &held, 5).await);
        let finish = async || {
            database.write(async |tx| warming::finish(tx, &held, WarmingEnd::Refused, at(6)).await).await
        };
        if finished {
            assert!(finish().await);
        }
        database.write(async |tx| batches::requeue_failed(tx, &new.id, at(7)).await).await;
        database.write(async |tx| invalidations::refresh_state(tx, &new.id, at(7)).await).await;
        assert!(!finish().await, "it is not over any more");
        let waiting = Warming::waiting(new.id.clone(), new.distribution.clone());
        assert_eq!(find(database, &new).await, waiting);
    }
}

async fn one_warming_of_a_distribution_is_claimed_at_a_time(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    let mut all = Vec::new();
    for (distribution, now) in [("E1", 1), ("E1", 2), ("E2", 3)] {
        let new = warm_request(database, distribution).await;
        ended(database, &new, "completed", now).await;
        all.push(new);
    }
    let ids: Vec<String> = all.iter().map(|new| new.id.to_string()).collect();
    assert_eq!(due(database, 9).await, ids);
    assert!(claim(database, &claimed(&all[0]), 9).await);
    assert_eq!(due(database, 9).await, ids[2..]);
    // The process that held it is gone.
    assert_eq!(due(database, 310).await, ids);
    database.write(async |tx| warming::release_all(tx).await).await;
    assert_eq!(due(database, 9).await, ids);
    let without = request(database, "E1", 0, &[&["/a"]]).await;
    assert_eq!(database.get(async |conn| warming::find(conn, &without.id).await).await, None);
}

on_each_engine!(
    a_warming_goes_from_the_request_to_its_end,
    what_is_tried_again_waits_again_whoever_holds_it,
    one_warming_of_a_distribution_is_claimed_at_a_time,
);
