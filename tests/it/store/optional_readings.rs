//! What needs an optional permission of AWS: when it is read, and what was read of each distribution.

use unstale::{
    domain::{
        distributions::{flat_rate_plan::FlatRatePlan, traffic::Traffic},
        invalidations::problem::{Problem, ProblemKind},
    },
    store::distributions::{
        self, flat_rate_plans,
        optional_readings::{self, OptionalReading, OptionalReadingState},
        traffic,
    },
};

use super::given::{self, id};
use crate::support::{Database, at, on_each_engine};

const WHAT: OptionalReading = OptionalReading::Traffic;

async fn state(database: &Database, what: OptionalReading) -> OptionalReadingState {
    database.get(async |conn| optional_readings::read(conn, what).await).await
}

async fn claim(database: &Database, now: u64, until: u64) -> bool {
    database.write(async |tx| optional_readings::claim(tx, WHAT, at(now), at(until)).await).await
}

async fn one_process_at_a_time_reads_what_is_due(database: &Database) {
    assert_eq!(state(database, WHAT).await, OptionalReadingState::default());
    assert!(claim(database, 10, 20).await && !claim(database, 19, 30).await);
    assert!(claim(database, 20, 30).await, "the other one has gone");
    database.write(async |tx| optional_readings::finish(tx, WHAT, at(21), at(100)).await).await;
    let read = state(database, WHAT).await;
    assert_eq!((read.due_at, read.read_at, read.problem), (Some(at(100)), Some(at(21)), None));
    assert!(!claim(database, 99, 200).await);
    let other = OptionalReading::FlatRatePlans;
    assert_eq!(state(database, other).await, OptionalReadingState::default(), "each has a time of its own");
    database.write(async |tx| optional_readings::hurry(tx, WHAT, at(50)).await).await;
    assert!(claim(database, 50, 60).await, "there is something new");
}

async fn a_problem_is_kept_until_it_was_read(database: &Database) {
    assert!(claim(database, 10, 20).await);
    database.write(async |tx| optional_readings::finish(tx, WHAT, at(11), at(20)).await).await;
    let problem = Problem {
        kind: ProblemKind::AccessDenied,
        code: "AccessDeniedException".to_owned(),
        message: "no".to_owned(),
        request_id: None,
    };
    database.write(async |tx| optional_readings::fail(tx, WHAT, &problem, at(40)).await).await;
    let failed = state(database, WHAT).await;
    assert_eq!((failed.due_at, failed.read_at, failed.problem), (Some(at(40)), Some(at(11)), Some(problem)));
    database.write(async |tx| optional_readings::forget(tx, WHAT).await).await;
    database.write(async |tx| optional_readings::hurry(tx, WHAT, at(12)).await).await;
    let denied = state(database, WHAT).await;
    assert_eq!((denied.due_at, denied.read_at), (Some(at(40)), None), "a refusal is not hurried");
    database.write(async |tx| optional_readings::finish(tx, WHAT, at(41), at(90)).await).await;
    assert_eq!(state(database, WHAT).await.problem, None);
}

async fn what_was_read_takes_the_place_of_what_was_known(database: &Database) {
    given::distributions(database, &["E1", "E2", "E3"]).await;
    let measurable = async |most| database.get(async |conn| traffic::measurable(conn, most).await).await;
    assert_eq!(measurable(2).await, [id("E1"), id("E2")]);
    database.write(async |tx| distributions::set_claimed(tx, &id("E3"), at(9)).await).await;
    assert_eq!(measurable(1).await, [id("E3")], "those that are used come first");
    database.write(async |tx| distributions::set_gone(tx, &id("E3"), at(9)).await).await;
    assert_eq!(measurable(9).await, [id("E1"), id("E2")]);

    let busy = Traffic { requests_a_minute: 5_218, hits_per_thousand: Some(962), measured_at: at(5) };
    let quiet = Traffic { requests_a_minute: 0, hits_per_thousand: None, measured_at: at(6) };
    let known = async |name: &str| {
        let found = database.get(async |conn| distributions::find(conn, &id(name)).await).await.unwrap();
        (found.traffic, found.flat_rate_plan)
    };
    database.write(async |tx| traffic::replace(tx, &[(id("E1"), busy), (id("E0"), busy)]).await).await;
    let pro = FlatRatePlan::parse("PRO");
    let plans = [(id("E1"), pro.clone()), (id("E0"), pro.clone())];
    database.write(async |tx| flat_rate_plans::replace(tx, &plans).await).await;
    assert_eq!(known("E1").await, (Some(busy), Some(pro.clone())));
    let seen = database.get(async |conn| distributions::find(conn, &id("E1")).await).await.unwrap();
    database.write(async |tx| distributions::upsert(tx, &seen).await).await;
    assert_eq!(
        known("E1").await,
        (Some(busy), Some(pro.clone())),
        "the list of CloudFront says nothing of it"
    );

    database.write(async |tx| traffic::replace(tx, &[(id("E2"), quiet)]).await).await;
    database.write(async |tx| flat_rate_plans::replace(tx, &[(id("E2"), pro.clone())]).await).await;
    assert_eq!(known("E1").await, (None, None));
    assert_eq!(known("E2").await, (Some(quiet), Some(pro)));
}

on_each_engine!(
    one_process_at_a_time_reads_what_is_due,
    a_problem_is_kept_until_it_was_read,
    what_was_read_takes_the_place_of_what_was_known,
);
