//! Accounts: pace and pause.

use unstale::{
    domain::{
        invalidations::{pace::Pace, problem::ProblemKind},
        time::Timestamp,
    },
    store::accounts::{self, Pause},
};

use super::given::ACCOUNT;
use crate::support::{Database, at, on_each_engine, problem};

/// Far more than any test takes.
fn no_bound() -> Pace {
    Pace::new(1_000.0, 1_000)
}

async fn create(database: &Database, pace: Pace, now: Timestamp) -> Result<(), Timestamp> {
    database.write(async |tx| accounts::take_create(tx, ACCOUNT, pace, no_bound(), now).await).await
}

async fn read(database: &Database, pace: Pace, now: Timestamp) -> Result<(), Timestamp> {
    database.write(async |tx| accounts::take_read(tx, ACCOUNT, pace, now).await).await
}

async fn ensure(database: &Database) {
    database.write(async |tx| accounts::ensure(tx, ACCOUNT).await).await;
}

async fn an_account_is_noted_once(database: &Database) {
    ensure(database).await;
    ensure(database).await;
    assert_eq!(database.raw().await.number("SELECT count(*) FROM account").await, 1);
}

async fn the_pace_lets_a_burst_through_and_then_its_rate(database: &Database) {
    ensure(database).await;
    let pace = Pace::new(0.5, 3);
    for _ in 0..3 {
        assert_eq!(create(database, pace, at(0)).await, Ok(()));
    }
    assert_eq!(create(database, pace, at(0)).await, Err(at(2)));
    assert_eq!(create(database, pace, at(1)).await, Err(at(2)), "asking does not cost");
    assert_eq!(create(database, pace, at(2)).await, Ok(()));
}

async fn both_paces_are_read_under_the_lock(database: &Database) {
    ensure(database).await;
    let pace = Pace::new(0.5, 3);
    assert_eq!(create(database, pace, at(8)).await, Ok(()));
    let (create, read) = database.write(async |tx| accounts::lock(tx, ACCOUNT).await).await;
    assert_eq!(create, at(10));
    assert!(read > at(8), "a create counts among all calls");
}

async fn reads_are_charged_afterwards(database: &Database) {
    ensure(database).await;
    let pace = Pace::new(1.0, 5);
    assert_eq!(read(database, pace, at(0)).await, Ok(()));
    database.write(async |tx| accounts::charge_reads(tx, ACCOUNT, pace, 9, at(0)).await).await;
    assert_eq!(read(database, pace, at(0)).await, Err(at(6)));
    assert_eq!(read(database, pace, at(6)).await, Ok(()));
    assert_eq!(create(database, pace, at(0)).await, Ok(()));
}

async fn a_slower_pace_is_kept_and_forgotten(database: &Database) {
    ensure(database).await;
    let pace = Pace::new(5.0, 15);
    let note = async |throttled: bool, now: u64| {
        database.write(async |tx| accounts::note_answer(tx, ACCOUNT, pace, throttled, at(now)).await).await;
    };
    note(true, 0).await;
    assert_eq!(read(database, pace, at(0)).await, Err(at(1)));
    note(true, 100).await;
    assert_eq!(read(database, pace, at(100)).await, Err(at(102)), "twice as long");
    note(false, 200).await;
    assert_eq!(read(database, pace, at(200)).await, Ok(()));
    note(true, 300).await;
    assert_eq!(read(database, pace, at(300)).await, Err(at(301)), "it was forgotten");
}

async fn creating_has_the_right_of_way(database: &Database) {
    ensure(database).await;
    let (create, all) = (Pace::new(1.0, 5), Pace::new(1.0, 3));
    let take = async |now| {
        database.write(async |tx| accounts::take_create(tx, ACCOUNT, create, all, now).await).await
    };
    for _ in 0..5 {
        assert_eq!(take(at(0)).await, Ok(()), "creating waits for its own pace only");
    }
    assert_eq!(read(database, all, at(0)).await, Err(at(3)), "reading waits until creating is paid for");
    assert_eq!(read(database, all, at(3)).await, Ok(()));
}

async fn an_account_is_paused_and_goes_on(database: &Database) {
    ensure(database).await;
    let paused = async || database.get(async |conn| accounts::paused(conn).await).await;
    assert_eq!(paused().await, []);
    let expired = problem(ProblemKind::ExpiredCredentials);
    let pause = async |now: u64, until: u64| {
        let expired = expired.clone();
        database.write(async |tx| accounts::pause(tx, ACCOUNT, &expired, at(now), at(until)).await).await
    };
    assert!(pause(1, 31).await, "it was running");
    assert!(!pause(31, 61).await, "it was paused already");
    let expected = Pause {
        account: ACCOUNT.to_owned(),
        since: at(1),
        retry_at: at(61),
        problem: unstale::domain::invalidations::problem::Problem { request_id: None, ..expired.clone() },
    };
    assert_eq!(paused().await, [expected]);
    assert!(database.write(async |tx| accounts::resume(tx, ACCOUNT).await).await);
    assert!(!database.write(async |tx| accounts::resume(tx, ACCOUNT).await).await);
    assert_eq!(paused().await, []);
}

on_each_engine!(
    an_account_is_noted_once,
    the_pace_lets_a_burst_through_and_then_its_rate,
    both_paces_are_read_under_the_lock,
    reads_are_charged_afterwards,
    creating_has_the_right_of_way,
    a_slower_pace_is_kept_and_forgotten,
    an_account_is_paused_and_goes_on,
);
