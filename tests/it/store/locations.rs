//! What edge locations that people named answered, and those that gave no answer of their own.

use std::time::Duration;

use unstale::{
    domain::checks::{
        Answer, CheckCause, EdgeLocation, Judgement, Look, LookFailure, SilentLocation, VantageCheck, Verdict,
    },
    store::checks,
};

use super::{
    checks::run,
    given::{distributions, request},
};
use crate::support::{Database, at, on_each_engine};

fn look(seconds: u64) -> Look {
    let answer = Answer { status: 200, pop: Some("FRA50-C1".to_owned()), ..Answer::default() };
    Look { at: at(seconds), duration: Duration::from_millis(3), outcome: Ok(answer) }
}

async fn what_a_location_answered_stays_until_it_answers_again(database: &Database) {
    distributions(database, &["E1"]).await;
    let requested = request(database, "E1", 0, &[&["/a"]]).await;
    let run = run(&requested, 1);
    database.write(async |tx| checks::insert(tx, &run).await).await;
    let stored = async || {
        let found = database.get(async |conn| checks::find(conn, &run.id).await).await.unwrap();
        (found.urls[0].elsewhere.clone(), found.urls[0].silent.clone())
    };
    let silent = async |name: &str, seconds| {
        let look = Look { outcome: Err(LookFailure::NameNotResolved), ..look(seconds) };
        let silent = SilentLocation { location: EdgeLocation::parse(name).unwrap(), look };
        database.write(async |tx| checks::set_silent_location(tx, &run.id, 1, &silent).await).await;
        silent
    };
    let answered = async |seconds, verdict, cause| {
        let check = VantageCheck {
            probe: None,
            vantage: "FRA50-C1".to_owned(),
            after: look(seconds),
            judgement: Some(Judgement { verdict, cause }),
            step: "Do it again.".to_owned(),
        };
        database.write(async |tx| checks::set_location_check(tx, &run.id, 1, &check).await).await;
        check
    };
    assert_eq!(stored().await, (Vec::new(), Vec::new()));
    let tokyo = silent("NRT20-P2", 5).await;
    let stale = answered(5, Verdict::Stale, Some(CheckCause::OldAtEdge)).await;
    assert_eq!(stored().await, (vec![stale.clone()], vec![tokyo.clone()]));
    let frankfurt = silent("FRA50-C1", 6).await;
    assert_eq!(
        stored().await,
        (vec![stale], vec![frankfurt, tokyo.clone()]),
        "its old copy may still be there"
    );
    let fresh = answered(7, Verdict::Fresh, None).await;
    assert_eq!(stored().await, (vec![fresh.clone()], vec![tokyo.clone()]));
    let read = database.get(async |conn| checks::location_checks(conn, &run.id).await).await;
    assert_eq!((&read[&1].answered, &read[&1].silent), (&vec![fresh], &vec![tokyo]));

    // They are deleted with their run.
    database.raw().await.run("UPDATE check_run SET state = 'done', kept_until = 8").await.unwrap();
    assert_eq!(database.write(async |tx| checks::delete_expired(tx, at(9), 9).await).await, 1);
    assert_eq!(database.raw().await.number("SELECT count(*) FROM location_check").await, 0);
}

on_each_engine!(what_a_location_answered_stays_until_it_answers_again);
