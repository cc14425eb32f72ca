//! Merges the batch that is about to be claimed with others of its distribution that wait, so that what they have in
//! common is sent once.

use std::collections::BTreeSet;

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
        id::{BatchId, CallerReference},
        invalidations::{
            batching::{Limits, Load},
            invalidation::NewBatch,
            item::Item,
            merging::{self, ServedBatch, together},
            queue::Candidate,
        },
        time::Timestamp,
    },
    failpoint,
    store::{
        StoreError, Tx, audit,
        invalidations::{
            self,
            batches::{self, UnsentBatch},
        },
    },
};

use super::claim::is_held_back;

/// No more items are read for one claim.
const ITEMS_MAX: usize = 20_000;

/// Batches that wait and can be sent as one.
pub(super) struct WaitingTogether {
    parts: Vec<UnsentBatch>,
    items: Vec<Item>,
}

/// What the chosen batch can be merged with. `None` if it is sent by itself.
pub(super) async fn of(
    tx: &mut Tx,
    chosen: &Candidate,
    candidates: &[Candidate],
    in_flight: Load,
    limits: Limits,
) -> Result<Option<WaitingTogether>, StoreError> {
    let waiting: Vec<&Candidate> = candidates.iter().filter(|one| one.may_merge).collect();
    if !chosen.may_merge || waiting.len() < 2 {
        return Ok(None);
    }
    let any_wildcard = waiting.iter().any(|one| one.load.wildcards > 0);
    let mut ids = vec![&chosen.id];
    let mut items = chosen.load.total();
    for other in waiting.into_iter().filter(|one| one.id != chosen.id) {
        let fits = merging::may_join(chosen.load, other.load, any_wildcard, in_flight, limits);
        if fits && items + other.load.total() <= ITEMS_MAX {
            items += other.load.total();
            ids.push(&other.id);
        }
    }
    let unsent = batches::unsent(tx, &ids).await?;
    if unsent.first().is_none_or(|first| first.batch.id != chosen.id) {
        return Ok(None);
    }
    let lists: Vec<&[Item]> = unsent.iter().map(|one| one.items.as_slice()).collect();
    let Some(merged) = merging::merge(&lists, in_flight, limits) else { return Ok(None) };
    let parts = merged.joined.iter().map(|index| unsent[*index].clone()).collect();
    Ok(Some(WaitingTogether { parts, items: merged.items }))
}

impl WaitingTogether {
    /// Takes a request among them back whose actor may not make it any more, or puts it off until a freeze window ends.
    /// `true` if it did.
    pub(super) async fn holds_one_back(&self, tx: &mut Tx, now: Timestamp) -> Result<bool, StoreError> {
        let mut asked = BTreeSet::new();
        for part in &self.parts {
            let first = asked.insert(&part.batch.invalidation);
            if first && is_held_back(tx, &part.batch.id, now).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Ends the batches and writes the one that is sent in their place. `None` if one of them changed meanwhile.
    pub(super) async fn write(self, tx: &mut Tx, now: Timestamp) -> Result<Option<BatchId>, StoreError> {
        let id = BatchId::new(uuid::Uuid::now_v7());
        let caller_reference = CallerReference::of(&id);
        let new = NewBatch { id, caller_reference, items: self.items };
        if !batches::merge(tx, &self.parts, &new).await? {
            return Ok(None);
        }
        failpoint::hit("merging");
        let served: Vec<ServedBatch> = self.parts.into_iter().map(|part| part.batch).collect();
        let of = served.iter().map(|batch| batch.invalidation.clone());
        let states = invalidations::refresh_states(tx, of, now).await?;
        let mut event = Event::new(now, &Acting::service(), Action::BatchMerged);
        event.note = format!("{}, as {}", together(served.len()).unwrap_or_default(), new.caller_reference);
        for event in event.of_each(&served, &states) {
            audit::append(tx, event);
        }
        Ok(Some(new.id))
    }
}
