//! The survey's row.

use unstale::{
    domain::invalidations::problem::{Problem, ProblemKind},
    store::distributions::survey,
};

use crate::support::{Database, at, on_each_engine, problem};

async fn claim(database: &Database, lease: &str, now: u64) -> bool {
    database.write(async |tx| survey::claim(tx, lease, at(now), at(now + 60)).await).await
}

async fn finish(database: &Database, lease: &str, now: u64) -> bool {
    database.write(async |tx| survey::finish(tx, lease, at(now), at(now + 300)).await).await
}

async fn read(database: &Database) -> survey::Survey {
    database.get(async |conn| survey::read(conn).await).await
}

async fn one_at_a_time_surveys(database: &Database) {
    assert!(read(database).await.due_at <= at(0), "a new database has to be surveyed");
    assert!(claim(database, "a", 0).await);
    assert!(!claim(database, "b", 59).await);
    assert!(claim(database, "b", 60).await, "the first one's lease is over");
    assert!(!finish(database, "a", 61).await, "it has lost its lease");
    assert!(finish(database, "b", 61).await);
    let now = read(database).await;
    assert_eq!((now.due_at, now.finished_at, now.failed_at), (at(361), Some(at(61)), None));
    assert!(!claim(database, "a", 360).await, "not due yet");
    assert!(claim(database, "a", 361).await);
}

async fn a_long_survey_is_held_on(database: &Database) {
    let extend = async |lease: &str, until: u64| {
        database.write(async |tx| survey::extend(tx, lease, at(until)).await).await
    };
    assert!(claim(database, "a", 0).await);
    assert!(!extend("b", 100).await);
    assert!(extend("a", 100).await);
    assert!(!claim(database, "b", 99).await);
    assert!(finish(database, "a", 99).await);
    assert!(!extend("a", 200).await, "it is over");
}

async fn a_failure_is_told_until_it_works_again(database: &Database) {
    assert!(claim(database, "a", 0).await);
    let denied = problem(ProblemKind::AccessDenied);
    let fail = async |lease: &str| {
        database.write(async |tx| survey::fail(tx, lease, &denied, at(1), at(16)).await).await
    };
    assert!(!fail("b").await);
    assert!(fail("a").await);
    let failed = read(database).await;
    assert_eq!((failed.due_at, failed.finished_at, failed.failed_at), (at(16), None, Some(at(1))));
    assert_eq!(failed.problem, Some(Problem { request_id: None, ..denied.clone() }));
    assert!(claim(database, "a", 16).await);
    assert!(finish(database, "a", 17).await);
    let mended = read(database).await;
    assert_eq!((mended.failed_at, mended.problem), (None, None));
}

async fn a_survey_can_be_asked_for(database: &Database) {
    assert!(claim(database, "a", 0).await);
    assert!(finish(database, "a", 0).await);
    database.write(async |tx| survey::request(tx, at(5)).await).await;
    assert_eq!(read(database).await.due_at, at(5));
    database.write(async |tx| survey::request(tx, at(50)).await).await;
    assert_eq!(read(database).await.due_at, at(5), "asking again does not put it off");
}

on_each_engine!(
    one_at_a_time_surveys,
    a_long_survey_is_held_on,
    a_failure_is_told_until_it_works_again,
    a_survey_can_be_asked_for,
);
