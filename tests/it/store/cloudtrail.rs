//! Who made what was made outside.

use unstale::{
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event},
        id::CloudFrontInvalidationId,
        invalidations::problem::{Problem, ProblemKind},
    },
    store::{
        audit,
        invalidations::{batches, cloudtrail},
    },
};

use super::given::{distributions, id, request};
use crate::support::{Database, at, on_each_engine, problem};

async fn state(database: &Database) -> cloudtrail::CloudTrailProgress {
    database.get(async |conn| cloudtrail::read(conn).await).await
}

async fn claim(database: &Database, now: u64, until: u64) -> bool {
    database.write(async |tx| cloudtrail::claim(tx, at(now), at(until)).await).await
}

fn under_way(begun: u64, from: u64, to: u64) -> cloudtrail::UnderWay {
    cloudtrail::UnderWay { begun_at: at(begun), from: at(from), to: at(to), next: None }
}

async fn span(database: &Database, since: u64) -> Option<(u64, u64)> {
    let span = database.get(async |conn| cloudtrail::span(conn, at(since)).await).await;
    span.map(|(from, to)| (from.since(at(0)).as_secs(), to.since(at(0)).as_secs()))
}

async fn what_is_sought_is_found_or_given_up(database: &Database) {
    distributions(database, &["E1"]).await;
    let mut made = Vec::new();
    for when in [10, 20, 30, 40] {
        let new = request(database, "E1", when, &[&["/a"]]).await;
        database.write(async |tx| cloudtrail::insert(tx, &new.id, at(when)).await).await;
        made.push(new);
    }
    assert_eq!(span(database, 15).await, Some((20, 40)));
    assert_eq!(span(database, 99).await, None);
    assert_eq!(
        database.write(async |tx| cloudtrail::forget(tx, at(20)).await).await,
        1,
        "too old for CloudTrail"
    );
    // The last one comes to be known only while the reading is under way.
    database.write(async |tx| cloudtrail::begin(tx, &under_way(50, 15, 35)).await).await;
    assert_eq!(state(database).await.under_way, Some(under_way(50, 15, 35)));

    let name = CloudFrontInvalidationId::from_trusted("I2");
    database
        .write(async |tx| {
            let batch = &made[1].batches[0].id;
            batches::claim(tx, batch, "l", at(50), at(99)).await?;
            batches::set_accepted(tx, batch, "l", &name, None, at(50), at(60)).await
        })
        .await;
    let find = async || database.get(async |conn| cloudtrail::find(conn, &id("E1"), &name).await).await;
    assert_eq!(find().await, Some(made[1].id.clone()));
    assert!(database.write(async |tx| cloudtrail::settle(tx, &made[1].id).await).await);
    assert!(
        !database.write(async |tx| cloudtrail::settle(tx, &made[1].id).await).await,
        "another replica did"
    );
    assert_eq!(find().await, None);

    let end = async |late| database.write(async |tx| cloudtrail::end(tx, at(late)).await).await;
    assert_eq!(end(30).await, 0, "it may still come");
    assert_eq!(state(database).await.under_way, None);
    assert_eq!(span(database, 0).await, Some((30, 40)));
    assert_eq!(end(99).await, 1, "the third was looked for, the fourth was not");
    assert_eq!(span(database, 0).await, Some((40, 40)));
}

async fn one_at_a_time_reads_on(database: &Database) {
    assert!(claim(database, 0, 60).await);
    assert!(!claim(database, 59, 99).await);
    let turn = async |held, next: Option<&str>, due| {
        database.write(async |tx| cloudtrail::turn_page(tx, at(held), next, at(due)).await).await
    };
    database.write(async |tx| cloudtrail::begin(tx, &under_way(0, 0, 9)).await).await;
    assert!(!turn(61, Some("x"), 70).await, "not the holder's");
    assert!(turn(60, Some("token"), 70).await);
    let now = state(database).await;
    assert_eq!((now.due_at, now.under_way.unwrap().next.as_deref()), (at(70), Some("token")));
    let denied = problem(ProblemKind::AccessDenied);
    database.write(async |tx| cloudtrail::fail(tx, &denied, at(71), at(99)).await).await;
    let failed = state(database).await;
    assert_eq!((failed.due_at, failed.failed_at), (at(99), Some(at(71))));
    assert_eq!(failed.problem, Some(Problem { request_id: None, ..denied }));
    assert!(failed.under_way.is_some(), "the place is kept");
    assert!(turn(99, None, 200).await);
    assert_eq!((state(database).await.failed_at, state(database).await.problem), (None, None));
}

async fn the_history_says_who_made_one(database: &Database) {
    distributions(database, &["E1"]).await;
    let new = request(database, "E1", 1, &[&["/a"]]).await;
    let maker = async || database.get(async |conn| audit::maker(conn, &new.id).await).await;
    assert_eq!(maker().await, None);
    let acting = Acting { actor: Actor::Outside { name: Some("arn:x".to_owned()) }, ..Acting::service() };
    let mut event = Event::new(at(2), &acting, Action::InvalidationTraced);
    event.invalidation = Some(new.id.clone());
    let sequence = database.append(event).await;
    assert_eq!(maker().await, Some(("arn:x".to_owned(), sequence)));
}

on_each_engine!(what_is_sought_is_found_or_given_up, one_at_a_time_reads_on, the_history_says_who_made_one,);
