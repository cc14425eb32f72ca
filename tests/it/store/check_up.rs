//! The looks of check-ups.

use unstale::{
    domain::{
        checks::{CheckUp, CheckUpLooks},
        id::DistributionId,
    },
    store::checks::check_up::{self, ClaimedCheckUp},
};

use super::given::{distributions, id};
use crate::support::{Database, acting, at, on_each_engine};

async fn find(database: &Database, distribution: &str) -> Option<CheckUp> {
    database.get(async |conn| check_up::find(conn, &id(distribution)).await).await
}

async fn ask(database: &Database, distribution: &str, now: u64) -> bool {
    let by = acting().actor;
    database.write(async |tx| check_up::ask(tx, &id(distribution), &by, at(now)).await).await
}

async fn due(database: &Database, now: u64, limit: usize) -> Vec<DistributionId> {
    database.get(async |conn| check_up::due(conn, at(now), limit).await).await
}

async fn claim(database: &Database, check_up: &ClaimedCheckUp, now: u64) -> bool {
    database.write(async |tx| check_up::claim(tx, check_up, at(now), at(now + 300)).await).await
}

fn claimed(distribution: &str, lease: &str) -> ClaimedCheckUp {
    ClaimedCheckUp { distribution: id(distribution), lease: lease.to_owned() }
}

async fn looks_are_asked_for_claimed_and_stored(database: &Database) {
    distributions(database, &["E1", "E2"]).await;
    assert_eq!(find(database, "E1").await, None);
    assert!(due(database, 1, 9).await.is_empty());
    assert!(ask(database, "E2", 2).await && ask(database, "E1", 1).await);
    assert!(!ask(database, "E1", 3).await, "looks are still to be made");
    let asked = find(database, "E1").await.unwrap();
    assert_eq!((asked.asked_at, asked.is_open, asked.seen), (at(1), true, None));
    assert_eq!(asked.asked_by, acting().actor);
    assert_eq!(due(database, 3, 9).await, [id("E1"), id("E2")]);
    assert_eq!(due(database, 3, 1).await, [id("E1")]);

    let (first, second) = (claimed("E1", "first"), claimed("E1", "second"));
    assert!(claim(database, &first, 3).await && !claim(database, &second, 4).await);
    assert_eq!(due(database, 4, 9).await, [id("E2")]);
    // The process that had it is gone.
    assert_eq!(due(database, 303, 9).await, [id("E1"), id("E2")]);
    assert!(claim(database, &second, 303).await);
    let looks = CheckUpLooks { host: "ü.example.com".to_owned(), ..CheckUpLooks::default() };
    let finish = async |held: &ClaimedCheckUp| {
        database.write(async |tx| check_up::finish(tx, held, &looks, at(305)).await).await
    };
    assert!(!finish(&first).await && finish(&second).await && !finish(&second).await);
    let done = find(database, "E1").await.unwrap();
    assert_eq!((done.is_open, done.seen), (false, Some((at(305), looks.clone()))));
    assert!(!claim(database, &first, 999).await, "nobody has asked again");

    // What was seen stays until the new looks are there.
    assert!(ask(database, "E1", 400).await);
    let again = find(database, "E1").await.unwrap();
    assert_eq!((again.asked_at, again.is_open, again.seen), (at(400), true, Some((at(305), looks))));
}

async fn a_start_releases_what_was_claimed(database: &Database) {
    distributions(database, &["E1"]).await;
    assert!(ask(database, "E1", 1).await && claim(database, &claimed("E1", "lease"), 2).await);
    assert!(due(database, 3, 9).await.is_empty());
    database.write(async |tx| check_up::release_all(tx).await).await;
    assert_eq!(due(database, 3, 9).await, [id("E1")]);
}

on_each_engine!(looks_are_asked_for_claimed_and_stored, a_start_releases_what_was_claimed);
