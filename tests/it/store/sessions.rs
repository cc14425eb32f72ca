//! Sessions.

use unstale::{
    domain::{
        access::Role,
        secret::{Secret, SecretHash},
        sign_in::{person::Person, session::SessionLimits},
        time::Timestamp,
    },
    store::sign_in::{people, sessions},
};

use super::given;
use crate::support::{Database, at, on_each_engine, person, seconds};

fn hash(byte: u8) -> SecretHash {
    Secret::from_random([byte; 32]).hash()
}

const LIMITS: SessionLimits = SessionLimits { idle: seconds(100), life: seconds(2_000) };

/// A person with a session of this hash.
async fn begin(database: &Database, hash: &SecretHash) -> Person {
    let ada = person("ada@example.com", Role::Operator);
    database.write(async |tx| people::insert(tx, &ada, "hash").await).await;
    given::session(database, &ada, hash).await;
    ada
}

async fn find(database: &Database, hash: &SecretHash, now: Timestamp) -> Option<sessions::Session> {
    database.get(async |conn| sessions::find(conn, hash, now, LIMITS).await).await
}

async fn a_session_is_its_persons(database: &Database) {
    let ada = begin(database, &hash(1)).await;
    let found = find(database, &hash(1), at(1)).await.unwrap();
    assert_eq!(found.person, ada);
    assert_eq!(found.sign_in, "password");
    assert_eq!(found.last_seen_at, at(0));
    assert_eq!(find(database, &hash(2), at(1)).await, None);
}

async fn a_session_ends_when_it_is_idle_and_at_its_end(database: &Database) {
    begin(database, &hash(1)).await;
    assert!(find(database, &hash(1), at(99)).await.is_some());
    assert!(find(database, &hash(1), at(100)).await.is_none(), "idle for the whole time");
    for second in (50..1_000).step_by(50) {
        database.write(async |tx| sessions::touch(tx, &hash(1), at(second)).await).await;
    }
    assert_eq!(find(database, &hash(1), at(999)).await.unwrap().last_seen_at, at(950));
    assert!(find(database, &hash(1), at(1_000)).await.is_none(), "over at its end though it was used");
}

async fn one_that_was_begun_by_a_clock_that_was_ahead_is_over(database: &Database) {
    let ada = begin(database, &hash(1)).await;
    let year = 365 * 24 * 60 * 60;
    let back = |seconds| at(0).minus(std::time::Duration::from_secs(seconds));
    assert!(find(database, &hash(1), back(60)).await.is_some(), "clocks differ by a moment");
    for ahead in [61, 3_600, year] {
        assert!(find(database, &hash(1), back(ahead)).await.is_none(), "{ahead}");
        let listed = async |conn: &mut unstale::store::Conn| {
            sessions::of_person(conn, &ada.id, back(ahead), LIMITS).await
        };
        assert_eq!(database.get(listed).await, []);
    }
}

async fn a_disabled_person_has_no_session(database: &Database) {
    begin(database, &hash(1)).await;
    database.raw().await.run("UPDATE person SET disabled_at = 1").await.unwrap();
    assert!(find(database, &hash(1), at(1)).await.is_none());
}

async fn a_session_is_ended_once(database: &Database) {
    begin(database, &hash(1)).await;
    assert!(database.write(async |tx| sessions::delete(tx, &hash(1)).await).await);
    assert!(!database.write(async |tx| sessions::delete(tx, &hash(1)).await).await);
    assert!(find(database, &hash(1), at(1)).await.is_none());
}

async fn sessions_that_are_over_are_forgotten(database: &Database) {
    begin(database, &hash(1)).await;
    assert_eq!(database.write(async |tx| sessions::delete_expired(tx, at(999)).await).await, 0);
    assert_eq!(database.write(async |tx| sessions::delete_expired(tx, at(1_000)).await).await, 1);
}

async fn a_shorter_life_counts_at_once(database: &Database) {
    begin(database, &hash(1)).await;
    let short = SessionLimits { idle: seconds(100), life: seconds(50) };
    let found =
        async |now| database.get(async |conn| sessions::find(conn, &hash(1), at(now), short).await).await;
    assert!(found(49).await.is_some());
    assert!(found(50).await.is_none());
}

async fn a_persons_sessions_are_listed_and_ended_but_one(database: &Database) {
    let ada = begin(database, &hash(1)).await;
    for (byte, when) in [(2, 5), (3, 9)] {
        let new = sessions::NewSession {
            hash: &hash(byte),
            person: &ada.id,
            sign_in: "password",
            client_address: "192.0.2.8",
            user_agent: "",
            now: at(when),
            expires_at: at(1_000),
        };
        database.write(async |tx| sessions::insert(tx, &new).await).await;
    }
    let listed = async |now| {
        let listed =
            database.get(async |conn| sessions::of_person(conn, &ada.id, at(now), LIMITS).await).await;
        listed.into_iter().map(|session| session.hash).collect::<Vec<_>>()
    };
    assert_eq!(listed(10).await, [hash(3), hash(2), hash(1)]);
    assert_eq!(listed(104).await, [hash(3), hash(2)]);
    let end = async |keep: Option<&SecretHash>| {
        database.write(async |tx| sessions::delete_of_person(tx, &ada.id, keep).await).await
    };
    let is_there = async |byte| {
        let handle = hash(byte).handle();
        database.get(async |conn| sessions::is_there(conn, &ada.id, &handle).await).await
    };
    assert!(is_there(3).await && !is_there(4).await);
    assert_eq!(end(Some(&hash(2))).await, 2);
    assert!(!is_there(3).await, "it was ended");
    assert_eq!(listed(10).await, [hash(2)]);
    assert_eq!(end(None).await, 1);
    assert_eq!(listed(10).await, []);
}

on_each_engine!(
    one_that_was_begun_by_a_clock_that_was_ahead_is_over,
    a_shorter_life_counts_at_once,
    a_persons_sessions_are_listed_and_ended_but_one,
    a_session_is_its_persons,
    a_session_ends_when_it_is_idle_and_at_its_end,
    a_disabled_person_has_no_session,
    a_session_is_ended_once,
    sessions_that_are_over_are_forgotten,
);
