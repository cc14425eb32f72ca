//! The transitions of a batch, each from every state.

use std::{fs, path::Path};

use unstale::{
    domain::{
        id::{BatchId, CallerReference},
        invalidations::{
            invalidation::{BatchState, NewBatch, NewInvalidation},
            merging::ServedBatch,
            problem::ProblemKind,
            transition::Transition,
        },
        time::Timestamp,
    },
    store::{
        StoreError, Tx,
        invalidations::{
            batches::{self, Afterwards, NotAccepted, UnsentBatch},
            needs_a_look,
        },
    },
};

use super::{super::layers::rust_files, batches::cloudfront_id, given};
use crate::support::{Database, Raw, at, on_each_engine, problem};

/// Does with the first batch of a request what the transition is for; `taken` is CloudFront's ID of it. Is it done?
async fn carry_out(
    tx: &mut Tx,
    transition: Transition,
    of: &NewInvalidation,
    taken: &str,
) -> Result<bool, StoreError> {
    let (batch, taken) = (&of.batches[0].id, cloudfront_id(taken));
    let lost = problem(ProblemKind::NoSuchInvalidation);
    match transition {
        Transition::Claim => batches::claim(tx, batch, "lease", at(9), at(60)).await,
        Transition::Merge => merge(tx, of).await,
        Transition::Separate => {
            let separated = batches::separate(tx, &merged(of), Afterwards::Alone, at(9)).await?;
            Ok(!separated.is_empty())
        }
        Transition::Accept => {
            batches::set_accepted(tx, batch, "lease", &taken, Some("aws"), at(9), at(10)).await
        }
        Transition::Postpone => not_accepted(tx, of, NotAccepted::Postponed(at(20))).await,
        Transition::AskAgain => not_accepted(tx, of, NotAccepted::Unknown(at(20))).await,
        Transition::Refuse => not_accepted(tx, of, NotAccepted::Failed).await,
        Transition::CutInTwo => {
            let refused = problem(ProblemKind::InvalidArgument);
            batches::set_cut_in_two(tx, batch, "lease", &refused, 2).await
        }
        Transition::Escalate => not_accepted(tx, of, NotAccepted::NeedsALook).await,
        Transition::Cancel => batches::cancel_queued(tx, &of.id).await.map(|changed| changed == 1),
        Transition::Skip => batches::set_skipped(tx, batch, "lease").await,
        Transition::Retry => batches::requeue_failed(tx, &of.id, at(9)).await.map(|changed| changed == 1),
        Transition::Complete => batches::set_completed(tx, batch, at(9)).await,
        Transition::Lose => batches::set_lost(tx, batch, &lost).await,
        Transition::ResolveFound => needs_a_look::set_found(tx, batch, &taken, at(9)).await,
        Transition::ResolveNotThere => needs_a_look::set_given_up(tx, batch).await,
    }
}

async fn not_accepted(tx: &mut Tx, of: &NewInvalidation, what: NotAccepted) -> Result<bool, StoreError> {
    let trouble = problem(ProblemKind::Throttled);
    batches::set_not_accepted(tx, &of.batches[0].id, "lease", what, &trouble).await
}

/// The batch that the first batch of a request is merged into.
fn merged(of: &NewInvalidation) -> BatchId {
    BatchId::from_trusted(format!("with {}", of.batches[0].id))
}

async fn merge(tx: &mut Tx, of: &NewInvalidation) -> Result<bool, StoreError> {
    let own = &of.batches[0];
    let part = UnsentBatch {
        batch: ServedBatch {
            id: own.id.clone(),
            invalidation: of.id.clone(),
            distribution: of.distribution.clone(),
            number: 1,
        },
        items: own.items.clone(),
        created_at: at(0),
        due_at: at(0),
    };
    let id = merged(of);
    let new = NewBatch { caller_reference: CallerReference::of(&id), id, items: own.items.clone() };
    batches::merge(tx, &[part], &new).await
}

/// Puts a batch in a state. Its lease names its holder and has run out, so that no lease is in the way of a transition.
async fn put(raw: &mut Raw, of: &NewInvalidation, state: BatchState, lease_until: Timestamp) {
    let into = if state == BatchState::Merged { format!("'{}'", merged(of)) } else { "NULL".to_owned() };
    let (state, id, until) = (state.as_str(), &of.batches[0].id, lease_until.as_micros());
    let sql = format!(
        "UPDATE batch SET state = '{state}', merged_into = {into}, lease = 'lease', lease_until = {until} WHERE id = '{id}'"
    );
    raw.run(&sql).await.unwrap();
}

/// All that changes of a batch.
async fn row(raw: &mut Raw, of: &NewInvalidation) -> String {
    let columns =
        "state, attempts, due_at, lease, lease_until, first_sent_at, accepted_at, look_at, completed_at,
        cloudfront_id, aws_request_id, problem_kind, problem_code, problem_message, cut_into, merged_into";
    let list: Vec<_> =
        columns.split(',').map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')")).collect();
    let id = &of.batches[0].id;
    raw.texts(&format!("SELECT {} FROM batch WHERE id = '{id}'", list.join(" || ' ' || "))).await.remove(0)
}

async fn a_transition_changes_only_a_batch_that_is_in_a_state_it_starts_from(database: &Database) {
    given::distributions(database, &["E1"]).await;
    let mut raw = database.raw().await;
    let mut round = 0;
    for transition in Transition::ALL {
        for state in BatchState::ALL {
            round += 1;
            let of = given::request(database, "E1", 0, &[&["/a"]]).await;
            put(&mut raw, &of, state, at(1)).await;
            let before = row(&mut raw, &of).await;
            let taken = format!("I{round}");
            let done = database.write(async |tx| carry_out(tx, transition, &of, &taken).await).await;
            let after = row(&mut raw, &of).await;
            if transition.from().contains(&state) {
                assert!(done, "{transition:?} from {state:?}");
                assert_ne!(after, before, "{transition:?} from {state:?}");
                assert!(after.starts_with(&format!("{} ", transition.to().as_str())), "{after}");
            } else {
                assert!(!done, "{transition:?} from {state:?}");
                assert_eq!(after, before, "{transition:?} from {state:?}");
            }
        }
    }
}

/// All else of the store that writes to batches leaves their state alone.
#[test]
fn no_statement_changes_the_state_of_a_batch_but_by_a_transition() {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/store/src");
    let mut statements = 0;
    for file in rust_files(&store) {
        let text = fs::read_to_string(&file).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for statement in text.split("UPDATE batch SET ").skip(1) {
            statements += 1;
            let set = statement.split(" WHERE ").next().unwrap();
            let is_transition = file.ends_with("batches/transitions.rs");
            assert!(is_transition || !set.contains("state ="), "{}: UPDATE batch SET {set}", file.display());
        }
    }
    assert!(
        statements > 4,
        "only {statements} statements were found: does this test still look in the right place?"
    );
}

on_each_engine!(a_transition_changes_only_a_batch_that_is_in_a_state_it_starts_from);
