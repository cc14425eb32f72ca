//! How far lists were read for invalidations made outside.

use unstale::{
    domain::{id::CloudFrontInvalidationId, invalidations::outside::BackfillPosition},
    store::{distributions, invalidations::outside},
};

use super::given::{distributions, id};
use crate::support::{Database, at, on_each_engine};

async fn find(database: &Database) -> Option<BackfillPosition> {
    database.get(async |conn| outside::find(conn, &id("E1")).await).await
}

async fn next(database: &Database) -> Option<String> {
    let next = database.get(async |conn| outside::next(conn).await).await;
    next.map(|reading| reading.distribution.to_string())
}

async fn a_reading_is_kept_as_it_is(database: &Database) {
    distributions(database, &["E1"]).await;
    assert_eq!(find(database).await, None);
    let name = |text: &str| CloudFrontInvalidationId::from_trusted(text);
    let mut reading = BackfillPosition::new(id("E1"), at(5));
    let save =
        async |reading: &BackfillPosition| database.write(async |tx| outside::save(tx, reading).await).await;
    save(&reading).await;
    assert_eq!(find(database).await, Some(reading.clone()));
    reading.newest = Some(name("I9"));
    reading.unread = vec![name("I1"), name("I2")];
    (reading.older, reading.marker, reading.until) = (true, Some("I1".to_owned()), Some(name("I0")));
    (reading.due_at, reading.whole_at) = (at(7), Some(at(6)));
    save(&reading).await;
    assert_eq!(find(database).await, Some(reading.clone()));
    let locked = database.write(async |tx| outside::lock(tx, &id("E1")).await).await;
    assert_eq!(locked, Some(reading));
}

async fn the_one_that_waited_longest_is_next(database: &Database) {
    distributions(database, &["E1", "E2", "E3"]).await;
    assert_eq!(next(database).await, None);
    database
        .write(async |tx| {
            for (name, due, older) in [("E1", 9, true), ("E2", 4, true), ("E3", 1, false)] {
                outside::save(tx, &BackfillPosition { older, ..BackfillPosition::new(id(name), at(due)) })
                    .await?;
            }
            Ok(())
        })
        .await;
    assert_eq!(next(database).await.as_deref(), Some("E2"), "there is nothing to do at E3");
    let claim =
        async |now| database.write(async |tx| outside::claim(tx, &id("E2"), at(now), at(60)).await).await;
    assert!(!claim(3).await, "not due");
    assert!(claim(4).await);
    assert!(!claim(59).await, "somebody is at it");
    assert_eq!(next(database).await.as_deref(), Some("E1"));
    database.write(async |tx| distributions::set_gone(tx, &id("E1"), at(1)).await).await;
    assert_eq!(next(database).await.as_deref(), Some("E2"), "E1 is gone");
}

async fn one_at_a_time_reads_a_front(database: &Database) {
    distributions(database, &["E1"]).await;
    let claim = async |now, until| {
        database.write(async |tx| outside::claim_front(tx, &id("E1"), at(now), at(until)).await).await
    };
    assert!(claim(0, 60).await);
    assert!(!claim(59, 99).await);
    assert!(claim(60, 120).await);
}

on_each_engine!(a_reading_is_kept_as_it_is, the_one_that_waited_longest_is_next, one_at_a_time_reads_a_front,);
