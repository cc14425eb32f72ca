//! Compares the rows of invalidations and proposals with their events. Pages show these rows, and rows can be
//! changed; the events are protected by the chain of hashes.
//!
//! Retention drops the oldest events. If the first event of an invalidation is still stored, all its later events
//! are too, so what no event states did not happen. If the first event was dropped, nothing can be compared.

use std::collections::HashMap;

use super::{
    Action, Chained, Event, ItemsRecord, Target,
    verify::{Broken, Flaw},
};
use crate::{
    id::{BatchId, CallerReference, InvalidationId},
    invalidations::{
        invalidation::{Batch, BatchState, Invalidation, InvalidationState},
        item::Item,
        proposal::{Proposal, ProposalState},
    },
};

/// The actions that the first event of an invalidation can have.
pub const BEGINNINGS: [Action; 4] = [
    Action::InvalidationRequested,
    Action::ProtectionOverridden,
    Action::ProposalApproved,
    Action::InvalidationSeen,
];

/// Compares an invalidation and its batches with all its events, oldest first. `Err` names the first event that the
/// rows disagree with.
pub fn compare_invalidation(
    events: &[Chained],
    row: Option<&Invalidation>,
    batches: &[Batch],
) -> Result<(), Broken> {
    let Some(first) = events.iter().find(|chained| begins(&chained.event)) else { return Ok(()) };
    let Some(row) = row else {
        return Err(broken(
            first.sequence,
            "the invalidation that it states is not in the database".to_owned(),
        ));
    };
    let mut found = FirstDisagreement::default();
    compare_request(first, row, &mut found);
    compare_items(first, events, batches, &mut found);
    for batch in batches {
        if batch.distribution != row.distribution {
            let number = batch.number;
            let what = format!("the distribution of batch {number} is not the one that the event states");
            found.add(first.sequence, &what);
        }
        compare_batch(first, events, batch, &mut found);
    }
    let of_a_batch = |chained: &&Chained| matches!(chained.event.target, Target::Batch(_));
    let stated = events.iter().filter(of_a_batch);
    for chained in stated.filter(|chained| !batches.iter().any(|batch| is_of(&chained.event, &batch.id))) {
        found.add(chained.sequence, "the batch that it states is not in the database");
    }
    compare_end(first, events, row, batches, &mut found);
    found.end()
}

/// Compares what lists show of an invalidation with its first event. The batches are not read. So if there are more
/// items than the event contains, only their number is compared.
fn compare_listed(first: &Chained, row: &Invalidation) -> Result<(), Broken> {
    let mut found = FirstDisagreement::default();
    compare_request(first, row, &mut found);
    let shown = &first.event.items.shown;
    if !shown.is_empty() && !shown.contains(&row.first_item) {
        found.add(first.sequence, "the first item of the invalidation is not one that it states");
    }
    found.end()
}

/// The rows, as lists show them, that do not agree with the first events of their invalidations. A row whose first event
/// was dropped by retention is compared with nothing.
#[must_use]
pub fn contradicted(first: &[Chained], rows: &[Invalidation]) -> Vec<InvalidationId> {
    let first: HashMap<_, _> = first
        .iter()
        .filter(|chained| begins(&chained.event))
        .filter_map(|chained| Some((chained.event.invalidation.as_ref()?, chained)))
        .collect();
    let differs =
        |row: &&Invalidation| first.get(&row.id).is_some_and(|first| compare_listed(first, row).is_err());
    rows.iter().filter(differs).map(|row| row.id.clone()).collect()
}

/// Whether this is the first event of an invalidation.
#[must_use]
pub fn begins(event: &Event) -> bool {
    BEGINNINGS.contains(&event.action) && event.invalidation.is_some()
}

/// Compares who asked for what, when and why.
fn compare_request(first: &Chained, row: &Invalidation, found: &mut FirstDisagreement) {
    let event = &first.event;
    let by = event.requested_by.as_ref().unwrap_or(&event.acting.actor);
    let facts = [
        ("distribution", event.distribution.as_ref() == Some(&row.distribution)),
        ("person or token", row.requested_by == *by),
        ("reason", row.reason == event.reason),
        ("time", row.requested_at == event.done_at()),
        ("number of items", row.item_count == event.items.count),
    ];
    for (what, _) in facts.iter().filter(|(_, same)| !same) {
        found.add(first.sequence, &format!("the {what} of the invalidation is not what it states"));
    }
}

/// Compares the items of the batches, without those that another batch took over.
fn compare_items(first: &Chained, events: &[Chained], batches: &[Batch], found: &mut FirstDisagreement) {
    let mut items: Vec<Item> = Vec::new();
    for batch in batches {
        match given_up(events, &batch.id) {
            None => items.extend(batch.items.iter().cloned()),
            Some(chained) if ItemsRecord::of(&batch.items).sha256 != chained.event.items.sha256 => {
                found.add(chained.sequence, "the items of its batch are not those that it states");
            }
            Some(_) => {}
        }
    }
    items.sort();
    if ItemsRecord::of(&items).sha256 != first.event.items.sha256 {
        found.add(first.sequence, "the items of the invalidation are not those that it states");
    }
}

/// The event in which other batches took over the items of a batch: a person gave it up, or it was cut in two.
fn given_up<'a>(events: &'a [Chained], batch: &BatchId) -> Option<&'a Chained> {
    let resolved = last(events, batch, Action::BatchResolved).filter(|chained| chained.event.items.count > 0);
    resolved.or_else(|| last(events, batch, Action::BatchCutInTwo))
}

fn last<'a>(events: &'a [Chained], batch: &BatchId, action: Action) -> Option<&'a Chained> {
    events.iter().rev().find(|chained| chained.event.action == action && is_of(&chained.event, batch))
}

fn is_of(event: &Event, batch: &BatchId) -> bool {
    matches!(&event.target, Target::Batch(id) if id == batch)
}

/// Compares what CloudFront did with a batch.
fn compare_batch(first: &Chained, events: &[Chained], batch: &Batch, found: &mut FirstDisagreement) {
    let number = batch.number;
    let seen = first.event.action == Action::InvalidationSeen;
    let resolved = last(events, &batch.id, Action::BatchResolved);
    let resolved = resolved.filter(|chained| !chained.event.cloudfront_id.is_empty());
    let accepted = last(events, &batch.id, Action::BatchAccepted);
    let taken = accepted.or(resolved).or_else(|| seen.then_some(first));
    let known = batch.cloudfront_id.as_ref().map(ToString::to_string).unwrap_or_default();
    match taken {
        Some(taken) if taken.event.cloudfront_id != known => {
            found.add(taken.sequence, &format!("CloudFront's ID of batch {number} is not what it states"));
        }
        Some(taken) => compare_acceptance(taken, batch, found),
        None if !known.is_empty() || batch.accepted_at.is_some() => {
            found.add(first.sequence, &format!("no event states that CloudFront accepted batch {number}"));
        }
        None => {}
    }
    if !seen && batch.caller_reference != CallerReference::of(&batch.id) {
        let what = format!("the caller reference of batch {number} is not the one that it was given");
        found.add(first.sequence, &what);
    }
    compare_completion(first, events, batch, found);
    if batch.is_cut() != last(events, &batch.id, Action::BatchCutInTwo).is_some() {
        found.add(
            first.sequence,
            &format!("whether batch {number} was cut in two is not what the history states"),
        );
    }
    if batch.merged_into.is_some() != is_sent_together(events, &batch.id) {
        let what =
            format!("whether batch {number} was sent together with others is not what the history states");
        found.add(first.sequence, &what);
    }
    if !is_stated(events, batch, taken.is_some()) {
        let state = batch.state.as_str();
        found.add(first.sequence, &format!("no event states that batch {number} is {state}"));
    }
}

/// Whether a batch was merged with others and not taken apart again, as its events state.
fn is_sent_together(events: &[Chained], batch: &BatchId) -> bool {
    let merged = last(events, batch, Action::BatchMerged).map(|chained| chained.sequence);
    let separated = last(events, batch, Action::BatchSeparated).map(|chained| chained.sequence);
    merged > separated
}

fn compare_completion(first: &Chained, events: &[Chained], batch: &Batch, found: &mut FirstDisagreement) {
    let done = last(events, &batch.id, Action::BatchCompleted);
    let seen = first.event.action == Action::InvalidationSeen;
    let over_when_seen = seen && first.event.new == InvalidationState::Completed.as_str();
    let as_stated = batch.completed_at == done.map(|done| done.event.at)
        && (batch.state == BatchState::Completed) == (done.is_some() || over_when_seen);
    if !as_stated {
        let sequence = done.map_or(first.sequence, |done| done.sequence);
        let number = batch.number;
        found.add(
            sequence,
            &format!("whether and when batch {number} completed is not what the history states"),
        );
    }
}

/// Whether the events of the batch state its current state.
fn is_stated(events: &[Chained], batch: &Batch, taken: bool) -> bool {
    let has = |action| last(events, &batch.id, action).is_some();
    match batch.state {
        BatchState::Queued | BatchState::Submitting => !taken,
        BatchState::InProgress | BatchState::Completed => taken,
        BatchState::Failed => has(if batch.is_cut() { Action::BatchCutInTwo } else { Action::BatchFailed }),
        // It is shown in the state of the batch that was sent for it. That one is missing.
        BatchState::Merged => false,
        BatchState::Lost => has(Action::BatchLost),
        BatchState::NeedsALook => has(Action::BatchNeedsALook),
        BatchState::Cancelled => {
            let taken_back = |chained: &Chained| chained.event.action == Action::InvalidationCancelled;
            given_up(events, &batch.id).is_some()
                || has(Action::BatchSkipped)
                || events.iter().any(taken_back)
        }
    }
}

fn compare_acceptance(taken: &Chained, batch: &Batch, found: &mut FirstDisagreement) {
    let event = &taken.event;
    let at = match event.action {
        // A person found the batch in CloudFront. The event does not say when CloudFront accepted it.
        Action::BatchResolved => batch.accepted_at,
        _ => Some(event.done_at()),
    };
    let request = batch.aws_request_id.as_deref().unwrap_or_default();
    let same_request = event.aws_request_id.is_empty() || event.aws_request_id == request;
    if batch.accepted_at != at || !same_request {
        let number = batch.number;
        let what =
            format!("when or with which AWS request batch {number} was accepted is not what it states");
        found.add(taken.sequence, &what);
    }
}

/// Compares the end of the invalidation, which follows from its batches.
fn compare_end(
    first: &Chained,
    events: &[Chained],
    row: &Invalidation,
    batches: &[Batch],
    found: &mut FirstDisagreement,
) {
    let uncut = batches.iter().filter(|batch| !batch.is_cut());
    let states: Vec<BatchState> = uncut.map(|batch| batch.state).collect();
    let completed = |state| state == InvalidationState::Completed;
    let sequence = events.last().map_or(first.sequence, |last| last.sequence);
    if !states.is_empty() && completed(row.state) != completed(InvalidationState::of(&states)) {
        found.add(sequence, "the state of the invalidation is not what its batches say");
    }
    // An invalidation that was first seen when it was already completed has no known end.
    if first.event.action != Action::InvalidationSeen && completed(row.state) && row.ended_at.is_none() {
        found.add(sequence, "the invalidation is completed, and when it ended is not in the database");
    }
    let running = matches!(row.state, InvalidationState::Queued | InvalidationState::InProgress);
    if running && row.ended_at.is_some() {
        found.add(sequence, "the invalidation goes on, and is said to have ended");
    }
    let ended = row.ended_at.filter(|_| completed(row.state));
    if ended.is_some_and(|at| !events.iter().any(|chained| chained.event.at == at)) {
        found.add(sequence, "no event of the invalidation is of the time at which it is said to have ended");
    }
}

/// Compares a proposal with the event in which it was made.
pub fn compare_proposal(asked: &Chained, row: &Proposal) -> Result<(), Broken> {
    let mut found = FirstDisagreement::default();
    let event = &asked.event;
    let facts = [
        ("distribution", event.distribution.as_ref() == Some(&row.distribution)),
        ("person or token", row.asked_by == event.acting.actor),
        ("reason", row.reason == event.reason),
        ("time", row.asked_at == event.at),
        ("list of items", ItemsRecord::of(&row.items).sha256 == event.items.sha256),
    ];
    for (what, _) in facts.iter().filter(|(_, same)| !same) {
        found.add(asked.sequence, &format!("the {what} of the request for approval is not what it states"));
    }
    found.end()
}

/// Compares the decision on a proposal with the event that states it. If `decided` is `None`, an error names the
/// event `asked`.
pub fn compare_decision(asked: i64, decided: Option<&Chained>, row: &Proposal) -> Result<(), Broken> {
    let mut found = FirstDisagreement::default();
    let Some(chained) = decided else {
        if matches!(row.state, ProposalState::Approved | ProposalState::Declined) {
            found.add(asked, "no event states what was decided on the request for approval");
        }
        return found.end();
    };
    let event = &chained.event;
    let approved = event.action == Action::ProposalApproved;
    let state = if approved { ProposalState::Approved } else { ProposalState::Declined };
    let same = row.state == state
        && row.decided_by.as_ref() == Some(&event.acting.actor)
        && row.decided_at == Some(event.at)
        && row.invalidation == event.invalidation;
    if !same {
        found.add(chained.sequence, "what was decided on the request for approval is not what it states");
    }
    found.end()
}

/// The first event that the tables disagree with.
#[derive(Debug, Default)]
struct FirstDisagreement(Option<(i64, String)>);

impl FirstDisagreement {
    fn add(&mut self, sequence: i64, what: &str) {
        if self.0.as_ref().is_none_or(|(first, _)| sequence < *first) {
            self.0 = Some((sequence, what.to_owned()));
        }
    }

    fn end(self) -> Result<(), Broken> {
        self.0.map_or(Ok(()), |(sequence, what)| Err(broken(sequence, what)))
    }
}

/// The error that the tables disagree with an event.
#[must_use]
pub const fn broken(sequence: i64, what: String) -> Broken {
    Broken { sequence, flaw: Flaw::Tables(what) }
}
