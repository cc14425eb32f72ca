//! Batches that are sent together.

use unstale::{
    domain::{
        id::{BatchId, CallerReference},
        invalidations::{
            invalidation::{BatchState, InvalidationState, NewBatch, NewInvalidation},
            item::Item,
            problem::ProblemKind,
        },
    },
    store::invalidations::{
        self,
        batches::{self, Afterwards, NotAccepted, UnsentBatch},
    },
};

use super::{
    batches::{accept, claim, complete},
    given,
};
use crate::support::{Database, at, items, new_batch, on_each_engine, problem};

async fn unsent(database: &Database, of: &[&NewInvalidation]) -> Vec<UnsentBatch> {
    let ids: Vec<&BatchId> = of.iter().map(|new| &new.batches[0].id).collect();
    database.get(async |conn| batches::unsent(conn, &ids).await).await
}

async fn merge(database: &Database, parts: &[UnsentBatch]) -> Option<NewBatch> {
    let new = new_batch(&["/a", "/b"]);
    database.write(async |tx| batches::merge(tx, parts, &new).await).await.then_some(new)
}

async fn states(database: &Database, of: &[&NewInvalidation]) -> Vec<InvalidationState> {
    let mut states = Vec::new();
    for new in of {
        states.push(database.write(async |tx| invalidations::refresh_state(tx, &new.id, at(9)).await).await);
    }
    states
}

async fn a_merged_batch_is_shown_as_what_was_sent_for_it(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"]]).await;
    let second = given::request(database, "E1", 1, &[&["/a", "/b"]]).await;
    let all = [&first, &second];
    let parts = unsent(database, &all).await;
    assert_eq!(parts.len(), 2);
    let merged = merge(database, &parts).await.unwrap();
    assert_eq!(unsent(database, &all).await, [], "neither may be merged again");
    accept(database, &merged.id, "I1", 5).await;
    assert_eq!(states(database, &all).await, [InvalidationState::InProgress; 2]);
    let shown = async |new: &NewInvalidation| {
        database.get(async |conn| batches::of_invalidation(conn, &new.id).await).await.remove(0)
    };
    let one = shown(&second).await;
    assert_eq!((one.state, one.attempts, one.accepted_at), (BatchState::InProgress, 1, Some(at(5))));
    assert_eq!(
        (one.merged_into.as_ref(), one.sent_under()),
        (Some(&merged.caller_reference), &merged.caller_reference)
    );
    assert_eq!(one.items, items(&["/a", "/b"]), "its own");
    assert_eq!(
        database.get(async |conn| batches::find(conn, &merged.id).await).await,
        None,
        "it is nobody's own"
    );
    let sent = database.get(async |conn| batches::sent_for(conn, &one.id).await).await.unwrap();
    assert!(sent.is_merged && sent.id == merged.id && sent.serves.len() == 2);
    let others = database.get(async |conn| batches::sent_together(conn, &first.id).await).await;
    assert_eq!(others, std::slice::from_ref(&second.id));
    assert!(complete(database, &merged.id, 8).await);
    assert_eq!(states(database, &all).await, [InvalidationState::Completed; 2]);
    assert_eq!(shown(&first).await.completed_at, Some(at(8)));
    let covered = database.get(async |conn| batches::refreshed(conn, &first.distribution, 9).await).await;
    assert_eq!(covered.last_of(&Item::from_trusted("/b")), Some(at(5)));
}

async fn what_was_claimed_or_cancelled_meanwhile_is_not_merged(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"]]).await;
    let claimed = given::request(database, "E1", 1, &[&["/b"]]).await;
    let cancelled = given::request(database, "E1", 2, &[&["/b"]]).await;
    let with_claimed = unsent(database, &[&first, &claimed]).await;
    let with_cancelled = unsent(database, &[&first, &cancelled]).await;
    assert!(claim(database, &claimed.batches[0].id, "lease", 1).await);
    database.write(async |tx| batches::cancel_queued(tx, &cancelled.id).await).await;
    for parts in [with_claimed, with_cancelled] {
        assert_eq!(merge(database, &parts).await, None);
    }
    assert_eq!(given::states(database, &first.id).await, ["queued"]);
    assert_eq!(unsent(database, &[&first, &claimed, &cancelled]).await.len(), 1);
}

async fn what_is_taken_apart_waits_under_its_own_reference(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"]]).await;
    let second = given::request(database, "E1", 1, &[&["/b"]]).await;
    let all = [&first, &second];
    for afterwards in [Afterwards::MayMergeAgain, Afterwards::Alone] {
        let merged = merge(database, &unsent(database, &all).await).await.unwrap();
        let parts =
            database.write(async |tx| batches::separate(tx, &merged.id, afterwards, at(4)).await).await;
        assert_eq!(parts.len(), 2);
        for (new, part) in all.iter().zip(&parts) {
            let found = database.get(async |conn| batches::find(conn, &part.id).await).await.unwrap();
            assert_eq!((found.state, found.attempts, found.merged_into), (BatchState::Queued, 0, None));
            assert_eq!(found.caller_reference, CallerReference::of(&new.batches[0].id));
        }
        let again = if afterwards == Afterwards::Alone { 0 } else { 2 };
        assert_eq!(unsent(database, &all).await.len(), again, "{afterwards:?}");
    }
}

async fn what_is_cancelled_leaves_what_it_waited_with(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"]]).await;
    let second = given::request(database, "E1", 1, &[&["/b"]]).await;
    let merged = merge(database, &unsent(database, &[&first, &second]).await).await.unwrap();
    let served = database.get(async |conn| batches::served(conn, &merged.id).await).await;
    assert_eq!(
        served.iter().map(|one| &one.id).collect::<Vec<_>>(),
        [&first.batches[0].id, &second.batches[0].id]
    );
    assert!(claim(database, &merged.id, "lease", 1).await);
    let cancel = async || {
        database.write(async |tx| invalidations::cancel_waiting(tx, &[&second.id], at(4)).await).await
    };
    let too_late = cancel().await;
    assert_eq!((too_late.count(&second.id), too_late.separated.len()), (0, 0), "it is being sent");
    let trouble = problem(ProblemKind::Throttled);
    let later = NotAccepted::Postponed(at(50));
    assert!(
        database
            .write(async |tx| batches::set_not_accepted(tx, &merged.id, "lease", later, &trouble).await)
            .await
    );
    let cancelled = cancel().await;
    assert_eq!((cancelled.count(&second.id), cancelled.separated), (1, served));
    assert_eq!(cancelled.states[&first.id], InvalidationState::Queued);
    assert_eq!(cancelled.states[&second.id], InvalidationState::Cancelled);
    assert!(!claim(database, &merged.id, "later", 60).await, "it is over");
    assert!(claim(database, &first.batches[0].id, "later", 60).await);
    let nothing = database.write(async |tx| batches::separate_waiting(tx, &[&first.id], at(70)).await).await;
    assert_eq!(nothing, []);
}

async fn the_states_of_several_are_refreshed_at_once(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"]]).await;
    let second = given::request(database, "E1", 1, &[&["/b"]]).await;
    database.write(async |tx| batches::cancel_queued(tx, &second.id).await).await;
    let ids = [second.id.clone(), first.id.clone(), second.id.clone()];
    let states = database.write(async |tx| invalidations::refresh_states(tx, ids, at(2)).await).await;
    assert_eq!(states.len(), 2);
    assert_eq!(
        (states[&first.id], states[&second.id]),
        (InvalidationState::Queued, InvalidationState::Cancelled)
    );
}

/// Somebody cancels in a transaction that is still open: whoever merges does not wait for it.
async fn merging_waits_for_no_other_transaction(database: &Database) {
    if !database.db.is_shared() {
        return;
    }
    given::distributions(database, &["E1"]).await;
    let first = given::request(database, "E1", 0, &[&["/a"]]).await;
    let second = given::request(database, "E1", 1, &[&["/b"]]).await;
    let parts = unsent(database, &[&first, &second]).await;
    let mut open = database.begin().await;
    batches::cancel_queued(&mut open, &second.id).await.unwrap();
    assert_eq!(merge(database, &parts).await, None);
    open.commit().await.unwrap();
    assert_eq!(given::states(database, &second.id).await, ["cancelled"]);
}

on_each_engine!(
    a_merged_batch_is_shown_as_what_was_sent_for_it,
    what_was_claimed_or_cancelled_meanwhile_is_not_merged,
    what_is_taken_apart_waits_under_its_own_reference,
    what_is_cancelled_leaves_what_it_waited_with,
    the_states_of_several_are_refreshed_at_once,
    merging_waits_for_no_other_transaction,
);
