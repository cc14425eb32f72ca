//! Where a queued invalidation stands.

use unstale::{
    domain::{
        invalidations::{
            batching::Load,
            problem::ProblemKind,
            queue::{MergeableBatches, QueuePosition},
        },
        time::Timestamp,
    },
    store::{accounts, invalidations::queue},
};

use super::{
    batches::{accept, claim},
    given::{self, ACCOUNT},
};
use crate::support::{Database, at, on_each_engine, problem};

async fn the_place_counts_what_goes_before(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    let sent = given::request(database, "E1", 0, &[&["/sent"]]).await;
    accept(database, &sent.batches[0].id, "I1", 3).await;
    given::request(database, "E1", 1, &[&["/1"], &["/later"]]).await;
    given::request(database, "E2", 1, &[&["/1"], &["/2"]]).await;
    let mine = given::request(database, "E1", 2, &[&["/a", "/b*"], &["/c"]]).await;
    given::request(database, "E1", 3, &[&["/after"]]).await;
    // What is put off for later is not before it, here or elsewhere.
    for (distribution, path) in [("E1", "/put-off"), ("E3", "/put-off")] {
        let late = given::request(database, distribution, 1, &[&[path]]).await;
        let set = format!("UPDATE batch SET due_at = 9000000000000000 WHERE invalidation_id = '{}'", late.id);
        database.raw().await.run(&set).await.unwrap();
    }
    let read = async || database.get(async |conn| queue::place(conn, &mine.id).await).await;
    let mut expected = QueuePosition {
        before_here: 1,
        mergeable_here: MergeableBatches { count: 1, load: Load { paths: 1, wildcards: 0 } },
        elsewhere: vec![2],
        load: Load { paths: 1, wildcards: 1 },
        due_at: at(2),
        next_call_at: Timestamp::from_micros(0),
        paused_until: None,
        oldest_in_progress: Some(at(3)),
    };
    assert_eq!(read().await, Some(expected.clone()));

    let pace = unstale::domain::invalidations::pace::Pace::new(0.5, 1);
    let trouble = problem(ProblemKind::ExpiredCredentials);
    database
        .write(async |tx| {
            accounts::take_create(tx, ACCOUNT, pace, pace, at(4)).await?.unwrap();
            accounts::pause(tx, ACCOUNT, &trouble, at(4), at(34)).await
        })
        .await;
    (expected.next_call_at, expected.paused_until) = (at(6), Some(at(34)));
    assert_eq!(read().await, Some(expected));
}

async fn several_places_are_those_of_each(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let mut ids = Vec::new();
    for (distribution, when) in [("E1", 0), ("E2", 1), ("E1", 2), ("E2", 3)] {
        ids.push(given::request(database, distribution, when, &[&["/a"], &["/b*"]]).await.id);
    }
    let sent = given::request(database, "E1", 4, &[&["/sent"]]).await;
    accept(database, &sent.batches[0].id, "I1", 5).await;
    ids.extend([sent.id, ids[0].clone()]);
    let named: Vec<_> = ids.iter().collect();
    let together = database.get(async |conn| queue::places(conn, &named).await).await;
    assert_eq!(together.len(), 4, "what is sent has none, and one that is named twice has one");
    for id in &ids {
        let alone = database.get(async |conn| queue::place(conn, id).await).await;
        assert_eq!(together.get(id), alone.as_ref());
    }
    assert_eq!(together[&ids[2]].before_here, 1);
    assert_eq!(together[&ids[2]].elsewhere, [2]);
}

async fn the_place_of_a_new_request_is_the_one_that_it_gets(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    let sent = given::request(database, "E1", 0, &[&["/sent"]]).await;
    accept(database, &sent.batches[0].id, "I1", 3).await;
    given::request(database, "E1", 1, &[&["/1"], &["/2"]]).await;
    given::request(database, "E2", 1, &[&["/1"], &["/2"]]).await;
    let late = given::request(database, "E3", 1, &[&["/put-off"]]).await;
    let set = format!("UPDATE batch SET due_at = 9000000000000000 WHERE invalidation_id = '{}'", late.id);
    database.raw().await.run(&set).await.unwrap();
    // A batch whose call was started goes by itself.
    let begun = given::request(database, "E1", 2, &[&["/begun", "/begun*"]]).await;
    let set = format!("UPDATE batch SET attempts = 1 WHERE invalidation_id = '{}'", begun.id);
    database.raw().await.run(&set).await.unwrap();
    // So does one that was merged with others before, and refused.
    let alone = given::request(database, "E1", 3, &[&["/alone"]]).await;
    let set = format!("UPDATE batch SET alone = TRUE WHERE invalidation_id = '{}'", alone.id);
    database.raw().await.run(&set).await.unwrap();
    let place = database.get(async |conn| queue::place(conn, &alone.id).await).await.unwrap();
    assert_eq!((place.before_here, place.mergeable_here), (2, MergeableBatches::default()));
    let (e1, load) = (given::id("E1"), Load { paths: 1, wildcards: 1 });
    let foretold = database.get(async |conn| queue::place_of_new(conn, &e1, load, at(4)).await).await;
    let mine = given::request(database, "E1", 4, &[&["/a", "/b*"], &["/c"]]).await;
    let place = database.get(async |conn| queue::place(conn, &mine.id).await).await;
    assert_eq!(place.as_ref().map(|place| (place.before_here, place.elsewhere.clone())), Some((3, vec![2])));
    let mergeable = MergeableBatches { count: 1, load: Load { paths: 1, wildcards: 0 } };
    assert_eq!(place.as_ref().map(|place| place.mergeable_here), Some(mergeable));
    assert_eq!(foretold, place);
    let nowhere = given::id("E9");
    assert_eq!(database.get(async |conn| queue::place_of_new(conn, &nowhere, load, at(4)).await).await, None);
}

async fn what_is_not_queued_has_no_place(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/a"]]).await;
    let place = async || database.get(async |conn| queue::place(conn, &new.id).await).await;
    assert!(place().await.is_some());
    assert!(claim(database, &new.batches[0].id, "lease", 1).await);
    assert_eq!(place().await, None);
}

on_each_engine!(
    the_place_counts_what_goes_before,
    several_places_are_those_of_each,
    the_place_of_a_new_request_is_the_one_that_it_gets,
    what_is_not_queued_has_no_place
);
