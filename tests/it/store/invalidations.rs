//! Invalidations as they were asked for.

use unstale::{
    domain::{
        audit::ItemsRecord,
        id::{InvalidationId, RequestKey},
        invalidations::invalidation::InvalidationState,
    },
    store::{
        StoreError,
        invalidations::{self, batches},
    },
};

use super::given::{self, id};
use crate::support::{Database, all_seen, at, invalidation, items, new_invalidation, on_each_engine, uuid};

async fn a_request_is_found_again(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 3, &[&["/b", "/ä \"x\""], &["/c*"]]).await;
    let found = database.get(async |conn| invalidations::find(conn, &new.id).await).await;
    assert_eq!(found, Some(invalidation(&new, at(3))));
    let nothing = InvalidationId::from_trusted(uuid());
    assert_eq!(database.get(async |conn| invalidations::find(conn, &nothing).await).await, None);
}

async fn a_key_belongs_to_one_request(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 3, &[&["/b"]]).await;
    let earlier =
        database.get(async |conn| invalidations::find_by_key(conn, &new.request_key).await).await.unwrap();
    assert_eq!((earlier.id, earlier.distribution), (new.id.clone(), id("E1")));
    assert_eq!(earlier.actor_id, "p1");
    assert_eq!(earlier.items_sha256, ItemsRecord::of(&items(&["/b"])).sha256);
    let other = RequestKey::parse(&uuid()).unwrap();
    assert_eq!(database.get(async |conn| invalidations::find_by_key(conn, &other).await).await, None);

    let mut again = new_invalidation("E1", vec![items(&["/c"])]);
    again.request_key = new.request_key;
    let written = database.try_write(async |tx| given::write(tx, &again, 4).await).await;
    assert!(matches!(written, Err(StoreError::Duplicate(_))), "{written:?}");
    assert_eq!(given::states(database, &again.id).await, [""; 0], "nothing of it is kept");
}

async fn several_may_have_no_key(database: &Database) {
    given::distributions(database, &["E1"]).await;
    database
        .write(async |tx| {
            let row = |_| invalidations::NewInvalidationRow {
                invalidation: invalidation(&new_invalidation("E1", vec![items(&["/c"])]), at(1)),
                request_key: None,
                items_sha256: "hash".to_owned(),
            };
            invalidations::insert(tx, &[0, 1].map(row)).await
        })
        .await;
}

async fn a_distribution_must_be_known(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = new_invalidation("E9", vec![items(&["/c"])]);
    let written = database.try_write(async |tx| given::write(tx, &new, 1).await).await;
    assert!(matches!(written, Err(StoreError::Database(_))), "{written:?}");
}

async fn lists_are_newest_first(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let one = given::request(database, "E1", 1, &[&["/1"]]).await.id;
    let three = given::request(database, "E1", 3, &[&["/3"]]).await.id;
    let two = given::request(database, "E2", 2, &[&["/2"]]).await.id;
    let names = |found: Vec<unstale::domain::invalidations::invalidation::Invalidation>| {
        found.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let recent = async |limit| {
        names(database.get(async |conn| invalidations::recent(conn, &all_seen(), limit).await).await)
    };
    assert_eq!(recent(9).await, [three.clone(), two.clone(), one.clone()]);
    assert_eq!(recent(2).await, [three.clone(), two.clone()]);
    let of = async |limit| {
        names(database.get(async |conn| invalidations::of_distribution(conn, &id("E1"), limit).await).await)
    };
    assert_eq!(of(9).await, [three.clone(), one.clone()]);
    assert_eq!(of(1).await, std::slice::from_ref(&three));

    database
        .write(async |tx| {
            batches::cancel_queued(tx, &three).await?;
            invalidations::refresh_state(tx, &three, at(9)).await
        })
        .await;
    let active = names(database.get(async |conn| invalidations::active(conn, &all_seen(), 9).await).await);
    assert_eq!(active, [two, one]);
}

async fn the_state_follows_from_the_batches(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/1"], &["/2"]]).await;
    let mut raw = database.raw().await;
    let refresh =
        async |now| database.write(async |tx| invalidations::refresh_state(tx, &new.id, at(now)).await).await;
    let read = async || {
        let found = database.get(async |conn| invalidations::find(conn, &new.id).await).await.unwrap();
        (found.state, found.ended_at)
    };
    assert_eq!(refresh(1).await, InvalidationState::Queued);
    raw.run("UPDATE batch SET state = 'completed' WHERE number = 1").await.unwrap();
    assert_eq!(refresh(2).await, InvalidationState::InProgress);
    assert_eq!(read().await, (InvalidationState::InProgress, None));
    raw.run("UPDATE batch SET state = 'completed'").await.unwrap();
    assert_eq!(refresh(3).await, InvalidationState::Completed);
    assert_eq!(read().await, (InvalidationState::Completed, Some(at(3))));
    raw.run("UPDATE batch SET state = 'failed' WHERE number = 2").await.unwrap();
    assert_eq!(refresh(4).await, InvalidationState::Failed);
    raw.run("UPDATE batch SET state = 'lost' WHERE number = 2").await.unwrap();
    assert_eq!(refresh(5).await, InvalidationState::NeedsALook);
}

on_each_engine!(
    a_request_is_found_again,
    a_key_belongs_to_one_request,
    several_may_have_no_key,
    a_distribution_must_be_known,
    lists_are_newest_first,
    the_state_follows_from_the_batches,
);
