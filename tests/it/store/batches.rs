//! Batches: how they are written and what comes of them.

use std::{collections::HashSet, time::Duration};

use unstale::{
    domain::{
        audit::{Action, Event},
        distributions::flat_rate_plan::FlatRatePlan,
        id::{BatchId, CallerReference, CloudFrontInvalidationId, InvalidationId},
        invalidations::{
            batching::Load,
            invalidation::{Batch, BatchState},
            plan::UnfinishedItems,
            problem::{Problem, ProblemKind},
        },
    },
    store::{
        StoreError, audit,
        distributions::flat_rate_plans,
        invalidations::batches::{self, NotAccepted, OutsideBatch},
    },
};

use super::given::{self, ACCOUNT, id, states};
use crate::support::{
    Database, acting, at, items, new_batch, new_invalidation, on_each_engine, problem, uuid,
};

pub fn cloudfront_id(text: &str) -> CloudFrontInvalidationId {
    CloudFrontInvalidationId::from_trusted(text)
}

pub async fn claim(database: &Database, batch: &BatchId, lease: &str, now: u64) -> bool {
    database.write(async |tx| batches::claim(tx, batch, lease, at(now), at(now + 60)).await).await
}

/// Claims a batch and has it accepted.
pub async fn accept(database: &Database, batch: &BatchId, taken: &str, now: u64) {
    assert!(claim(database, batch, "lease", now).await);
    let taken = cloudfront_id(taken);
    let held = database
        .write(async |tx| {
            batches::set_accepted(tx, batch, "lease", &taken, Some("aws"), at(now), at(now + 1)).await
        })
        .await;
    assert!(held);
}

pub async fn complete(database: &Database, batch: &BatchId, now: u64) -> bool {
    database.write(async |tx| batches::set_completed(tx, batch, at(now)).await).await
}

async fn find(database: &Database, batch: &BatchId) -> Batch {
    database.get(async |conn| batches::find(conn, batch).await).await.unwrap()
}

async fn a_batch_is_read_as_it_was_written(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 3, &[&["/a", "/b*", "#tag"], &["/ü"]]).await;
    let first = find(database, &new.batches[0].id).await;
    let expected = Batch {
        id: new.batches[0].id.clone(),
        invalidation: new.id.clone(),
        distribution: id("E1"),
        number: 1,
        caller_reference: new.batches[0].caller_reference.clone(),
        items: items(&["/a", "/b*", "#tag"]),
        state: BatchState::Queued,
        attempts: 0,
        due_at: at(3),
        created_at: at(3),
        first_sent_at: None,
        accepted_at: None,
        completed_at: None,
        cloudfront_id: None,
        aws_request_id: None,
        problem: None,
        cut_into: None,
        merged_into: None,
    };
    assert_eq!(first, expected);
    let all = database.get(async |conn| batches::of_invalidation(conn, &new.id).await).await;
    assert_eq!(all.iter().map(|batch| batch.number).collect::<Vec<_>>(), [1, 2]);
    let nothing = BatchId::from_trusted(uuid());
    assert_eq!(database.get(async |conn| batches::find(conn, &nothing).await).await, None);
}

async fn a_caller_reference_belongs_to_one_batch_of_a_distribution(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let new = given::request(database, "E1", 0, &[&["/a"]]).await;
    let reference = &new.batches[0].caller_reference;
    let found = async |distribution: &str, reference: &CallerReference| {
        database.get(async |conn| batches::is_known_reference(conn, &id(distribution), reference).await).await
    };
    assert!(found("E1", reference).await);
    assert!(!found("E2", reference).await);
    assert!(!found("E1", &CallerReference::from_trusted("other")).await);
    let mut again = new_invalidation("E1", vec![items(&["/b"])]);
    again.batches[0].caller_reference = reference.clone();
    let written = database.try_write(async |tx| given::write(tx, &again, 4).await).await;
    assert!(matches!(written, Err(StoreError::Duplicate(_))), "{written:?}");
}

async fn an_accepted_batch_is_watched_until_it_is_completed(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
    let look = async || database.get(async |conn| batches::next_look(conn).await).await;
    assert_eq!(look().await, None);
    accept(database, &batch, "I1", 5).await;
    let found = find(database, &batch).await;
    assert_eq!(found.state, BatchState::InProgress);
    assert_eq!((found.first_sent_at, found.accepted_at), (Some(at(5)), Some(at(5))));
    assert_eq!(found.cloudfront_id, Some(cloudfront_id("I1")));
    assert_eq!(found.aws_request_id.as_deref(), Some("aws"));
    assert_eq!(look().await, Some(at(6)));
    let watched = async |distribution: &str| {
        database.get(async |conn| batches::watched(conn, &id(distribution)).await).await
    };
    assert_eq!(watched("E2").await, []);
    let one = watched("E1").await.remove(0);
    assert_eq!((one.batch, one.invalidation), (batch.clone(), Some(found.invalidation)));
    assert_eq!((one.cloudfront_id, one.accepted_at, one.look_at), (cloudfront_id("I1"), at(5), at(6)));
    database.write(async |tx| batches::set_look_at(tx, &batch, at(9)).await).await;
    assert_eq!(look().await, Some(at(9)));
    assert!(complete(database, &batch, 10).await);
    assert!(!complete(database, &batch, 11).await, "it was written already");
    let found = find(database, &batch).await;
    assert_eq!((found.state, found.completed_at), (BatchState::Completed, Some(at(10))));
    assert_eq!(look().await, None);
    assert_eq!(watched("E1").await, []);
}

async fn the_newest_is_watched_first(database: &Database) {
    given::distributions(database, &["E1"]).await;
    for (second, taken) in [(1, "I1"), (3, "I3"), (2, "I2")] {
        let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
        accept(database, &batch, taken, second).await;
    }
    let watched = database.get(async |conn| batches::watched(conn, &id("E1")).await).await;
    let order: Vec<_> = watched.iter().map(|one| one.cloudfront_id.as_str()).collect();
    assert_eq!(order, ["I3", "I2", "I1"]);
}

async fn what_cloudfront_no_longer_knows_is_lost(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
    let gone = problem(ProblemKind::NoSuchInvalidation);
    let lose = async || database.write(async |tx| batches::set_lost(tx, &batch, &gone).await).await;
    assert!(!lose().await, "it is not in progress");
    accept(database, &batch, "I1", 1).await;
    assert!(lose().await);
    assert!(!lose().await);
    let found = find(database, &batch).await;
    assert_eq!(found.state, BatchState::Lost);
    assert_eq!(found.problem, Some(Problem { request_id: None, ..gone.clone() }));
}

async fn what_was_not_accepted_waits_or_ends(database: &Database) {
    given::distributions(database, &["E1"]).await;
    for (what, state, due) in [
        (NotAccepted::Postponed(at(9)), BatchState::Queued, at(9)),
        (NotAccepted::Unknown(at(9)), BatchState::Submitting, at(9)),
        (NotAccepted::Failed, BatchState::Failed, at(0)),
        (NotAccepted::NeedsALook, BatchState::NeedsALook, at(0)),
    ] {
        let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
        assert!(claim(database, &batch, "lease", 1).await);
        let trouble = problem(ProblemKind::Throttled);
        let held = async |lease: &str| {
            database
                .write(async |tx| batches::set_not_accepted(tx, &batch, lease, what, &trouble).await)
                .await
        };
        assert!(!held("another").await, "only its holder may say");
        assert!(held("lease").await);
        assert!(!held("lease").await, "the lease is gone with it");
        let found = find(database, &batch).await;
        assert_eq!((found.state, found.due_at, found.attempts), (state, due, 1));
        assert_eq!(found.aws_request_id.as_deref(), Some("aws-request"));
        assert_eq!(found.problem, Some(Problem { request_id: None, ..trouble.clone() }));
    }
}

async fn only_what_is_queued_is_cancelled(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/1"], &["/2"], &["/3"]]).await;
    assert!(claim(database, &new.batches[0].id, "lease", 1).await);
    let cancel = async || database.write(async |tx| batches::cancel_queued(tx, &new.id).await).await;
    assert_eq!(cancel().await, 2);
    assert_eq!(cancel().await, 0);
    assert_eq!(states(database, &new.id).await, ["submitting", "cancelled", "cancelled"]);
    assert!(!claim(database, &new.batches[1].id, "lease", 1).await, "what is cancelled is not sent");
}

async fn what_was_refused_is_queued_again_with_its_reference(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let new = given::request(database, "E1", 0, &[&["/1"], &["/2"]]).await;
    let batch = &new.batches[0];
    assert!(claim(database, &batch.id, "lease", 1).await);
    let denied = problem(ProblemKind::AccessDenied);
    database
        .write(async |tx| {
            batches::set_not_accepted(tx, &batch.id, "lease", NotAccepted::Failed, &denied).await
        })
        .await;
    let requeue = async || database.write(async |tx| batches::requeue_failed(tx, &new.id, at(8)).await).await;
    assert_eq!(requeue().await, 1);
    assert_eq!(requeue().await, 0);
    let found = find(database, &batch.id).await;
    assert_eq!((found.state, found.due_at), (BatchState::Queued, at(8)));
    assert_eq!(found.caller_reference, batch.caller_reference);
}

async fn what_was_made_outside_is_kept_beside_ours(database: &Database) {
    given::distributions(database, &["E1"]).await;
    for (taken, completed) in [("I1", true), ("I2", false)] {
        let new = given::bare_request(database, "E1", 0).await;
        let seen = OutsideBatch {
            batch: new_batch(&["/a", "/b*"]),
            cloudfront_id: cloudfront_id(taken),
            created_at: at(2),
            completed,
            look_at: at(7),
        };
        database.write(async |tx| batches::insert_outside(tx, &seen, &new.id, &id("E1")).await).await;
        let found = find(database, &seen.batch.id).await;
        assert_eq!((found.number, found.attempts), (1, 0));
        assert_eq!((found.created_at, found.accepted_at), (at(2), Some(at(2))));
        assert_eq!((found.first_sent_at, found.completed_at), (None, None), "nobody saw it happen");
        let state = if completed { BatchState::Completed } else { BatchState::InProgress };
        assert_eq!((found.state, found.cloudfront_id), (state, Some(cloudfront_id(taken))));
    }
    assert_eq!(database.get(async |conn| batches::next_look(conn).await).await, Some(at(7)));
    let asked = ["I0", "I1", "I2", "I3"].map(cloudfront_id);
    let known = database.get(async |conn| batches::known(conn, &id("E1"), &asked).await).await;
    assert_eq!(known, HashSet::from([cloudfront_id("I1"), cloudfront_id("I2")]));
    assert!(database.get(async |conn| batches::known(conn, &id("E2"), &asked).await).await.is_empty());
}

async fn what_was_taken_before_a_request_is_told_from_the_history(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let event = |action: Action, of: &InvalidationId| {
        let mut event = Event::new(at(1), &acting(), action);
        event.distribution = Some(id("E1"));
        event.invalidation = Some(of.clone());
        event
    };
    let note = async |event: Event| {
        database
            .write(async |tx| {
                audit::append(tx, event.clone());
                Ok(())
            })
            .await;
    };
    let [early, meanwhile, late, unheard] =
        ["early", "meanwhile", "late", "unheard"].map(InvalidationId::from_trusted);
    note(event(Action::InvalidationRequested, &early)).await;
    note(event(Action::InvalidationRequested, &meanwhile)).await;
    for taken in ["I1", "I2"] {
        note(Event { cloudfront_id: taken.to_owned(), ..event(Action::BatchAccepted, &early) }).await;
    }
    note(event(Action::InvalidationRequested, &late)).await;
    note(Event { cloudfront_id: "I3".to_owned(), ..event(Action::BatchAccepted, &late) }).await;
    let before = async |distribution: &str, of: &InvalidationId| {
        database.get(async |conn| batches::taken_before(conn, &id(distribution), of).await).await
    };
    assert_eq!(before("E1", &late).await, Some(cloudfront_id("I2")));
    assert_eq!(before("E1", &meanwhile).await, None, "it may have been sent before");
    assert_eq!(before("E2", &late).await, None);
    assert_eq!(before("E1", &unheard).await, None);
}

async fn what_is_billed_is_what_was_accepted_this_month(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let billed = async |from| {
        database
            .get(async |conn| batches::taken_between(conn, ACCOUNT, at(from), at(10_000)).await)
            .await
            .billed
    };
    assert_eq!(billed(0).await, 0);
    let one = given::request(database, "E1", 0, &[&["/a", "/b*", "#c"]]).await.batches.remove(0).id;
    let two = given::request(database, "E2", 0, &[&["/a"]]).await.batches.remove(0).id;
    given::request(database, "E2", 0, &[&["/never", "/sent"]]).await;
    accept(database, &one, "I1", 10).await;
    accept(database, &two, "I2", 20).await;
    assert!(complete(database, &two, 30).await);
    assert_eq!(billed(0).await, 4);
    assert_eq!(billed(10).await, 4);
    assert_eq!(billed(11).await, 1);
    let other = database.get(async |conn| batches::taken_between(conn, "999", at(0), at(10_000)).await).await;
    assert_eq!((other.billed, other.on_flat_rate_plans), (0, 0));
    let plan = [(id("E1"), FlatRatePlan::parse("PRO"))];
    database.write(async |tx| flat_rate_plans::replace(tx, &plan).await).await;
    let taken =
        database.get(async |conn| batches::taken_between(conn, ACCOUNT, at(0), at(10_000)).await).await;
    assert_eq!((taken.billed, taken.on_flat_rate_plans), (1, 3), "nobody knows how these are billed");
}

async fn the_usual_time_is_the_middle_of_the_last_ones(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let usual = async || database.get(async |conn| batches::usual_time(conn, &id("E1")).await).await;
    assert_eq!(usual().await, None);
    for (number, took) in [5, 90, 10, 8, 70].into_iter().enumerate() {
        assert_eq!(usual().await, None, "{number} are too few");
        let batch = given::request(database, "E1", 0, &[&["/a"]]).await.batches.remove(0).id;
        accept(database, &batch, &format!("I{number}"), 100).await;
        assert!(complete(database, &batch, 100 + took).await);
    }
    assert_eq!(usual().await, Some(Duration::from_secs(10)));
    for number in 5..10 {
        let batch = given::request(database, "E2", 0, &[&["/a"]]).await.batches.remove(0).id;
        accept(database, &batch, &format!("I{number}"), 100).await;
        assert!(complete(database, &batch, 107).await);
    }
    let several = [&id("E1"), &id("E1"), &id("E2"), &id("E3")];
    let all = database.get(async |conn| batches::usual_times(conn, &several).await).await;
    assert_eq!(all, [(id("E1"), Duration::from_secs(10)), (id("E2"), Duration::from_secs(7))].into());
}

async fn what_is_in_flight_is_counted_by_kind(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let load = async || database.get(async |conn| batches::in_flight(conn, &id("E1")).await).await;
    let new = given::request(database, "E1", 0, &[&["/a", "/b*", "#c"], &["/d"], &["/e"]]).await;
    let other = given::request(database, "E2", 0, &[&["/other"]]).await;
    assert_eq!(load().await, Load::default(), "what is queued is not in flight");
    accept(database, &new.batches[0].id, "I1", 1).await;
    assert!(claim(database, &new.batches[1].id, "lease", 1).await);
    assert_eq!(load().await, Load { paths: 3, wildcards: 1 }, "what may have been sent counts too");
    assert!(complete(database, &new.batches[0].id, 2).await);
    assert_eq!(load().await, Load { paths: 1, wildcards: 0 });
    accept(database, &other.batches[0].id, "I2", 3).await;
    let several = [&id("E1"), &id("E1"), &id("E2"), &id("E3")];
    let all = database.get(async |conn| batches::loads_in_flight(conn, &several).await).await;
    let one = Load { paths: 1, wildcards: 0 };
    assert_eq!(all, [(id("E1"), one), (id("E2"), one)].into(), "one that is named twice counts once");
}

async fn what_has_not_ended_is_told_by_item(database: &Database) {
    given::distributions(database, &["E1", "E2"]).await;
    let unfinished = async || database.get(async |conn| batches::unfinished(conn, &id("E1")).await).await;
    assert_eq!(unfinished().await, UnfinishedItems::default());
    let new = given::request(database, "E1", 0, &[&["/a", "/b*"], &["/c"], &["/d", "#Tag"], &["/e"]]).await;
    given::request(database, "E2", 0, &[&["/other"]]).await;
    let mut later = new_invalidation("E1", vec![items(&["/later"])]);
    later.not_before = Some(at(90));
    database.write(async |tx| given::write(tx, &later, 1).await).await;
    let [accepted, sent, _, ended] = [0, 1, 2, 3].map(|number| &new.batches[number].id);
    accept(database, accepted, "I1", 3).await;
    assert!(claim(database, sent, "lease", 5).await);
    accept(database, ended, "I2", 6).await;
    assert!(complete(database, ended, 7).await);
    let found = unfinished().await;
    assert_eq!((found.joinable.paths.last("/d"), found.joinable.paths.len()), (Some(at(0)), 1));
    let tag = &items(&["#tag"])[0];
    assert_eq!((found.joinable.last_of(tag), found.sent.last_of(tag)), (Some(at(0)), None));
    assert_eq!((found.waiting.paths.last("/later"), found.waiting.paths.len()), (Some(at(1)), 1));
    assert_eq!(
        (found.sent.paths.last("/a"), found.sent.paths.last("/bc"), found.sent.paths.last("/c")),
        (Some(at(3)), Some(at(3)), Some(at(5)))
    );
    assert_eq!(found.sent.paths.len(), 3);
}

async fn of_very_many_unfinished_items_the_newest_are_told(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let many: Vec<String> = (0..3_000).map(|number| format!("/{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    given::request(database, "E1", 1, &[&["/oldest"]]).await;
    for when in 2..6 {
        given::request(database, "E1", when, &[&many]).await;
    }
    given::request(database, "E1", 6, &[&["/newest"]]).await;
    let found = database.get(async |conn| batches::unfinished(conn, &id("E1")).await).await.joinable.paths;
    assert_eq!((found.last("/newest"), found.last("/7")), (Some(at(6)), Some(at(5))));
    assert_eq!((found.last("/oldest"), found.first()), (None, Some(at(3))));
}

on_each_engine!(
    a_batch_is_read_as_it_was_written,
    a_caller_reference_belongs_to_one_batch_of_a_distribution,
    an_accepted_batch_is_watched_until_it_is_completed,
    the_newest_is_watched_first,
    what_cloudfront_no_longer_knows_is_lost,
    what_was_not_accepted_waits_or_ends,
    only_what_is_queued_is_cancelled,
    what_was_refused_is_queued_again_with_its_reference,
    what_was_made_outside_is_kept_beside_ours,
    what_was_taken_before_a_request_is_told_from_the_history,
    what_is_billed_is_what_was_accepted_this_month,
    the_usual_time_is_the_middle_of_the_last_ones,
    what_is_in_flight_is_counted_by_kind,
    what_has_not_ended_is_told_by_item,
    of_very_many_unfinished_items_the_newest_are_told,
);
