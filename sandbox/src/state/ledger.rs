//! Owns the invalidations of one distribution: caller references, both limits, order.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::invalidation::{Invalidation, wildcards};
use super::settings::{ConflictingReference, SameReference, Settings};
use crate::clock::{later, since};
use crate::id;

/// Items without a closing `*` that may be in progress at one time.
pub const ITEM_LIMIT: usize = 3_000;
/// Items with a closing `*` that may be in progress at one time.
pub const WILDCARD_LIMIT: usize = 15;

/// Why CloudFront takes no invalidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// `InvalidationBatchAlreadyExists`.
    ReferenceTaken,
    /// `InvalidArgument` about the caller reference.
    ReferenceUsed,
    /// More than 3,000 items would be in progress.
    TooManyItems,
    /// More than 15 wildcards would be in progress.
    TooManyWildcards,
}

/// An invalidation, and whether this call made it.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub invalidation: Invalidation,
    pub created: bool,
}

/// All invalidations of one distribution, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    all: Vec<Invalidation>,
    by_id: HashMap<String, usize>,
    by_reference: HashMap<String, usize>,
    in_progress: Vec<usize>,
    not_evicted: Vec<usize>,
}

impl Ledger {
    /// Says what becomes of a batch whose items are known to be well-formed. A new invalidation is not in the ledger
    /// before it is pushed there.
    pub fn consider(
        &mut self,
        distribution: &str,
        caller_reference: &str,
        items: &[String],
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        if let Some(earlier) = self.known(caller_reference, settings.forget_references_after(), now) {
            return repeated(earlier, items, settings);
        }
        self.check_limits(items, settings, now)?;
        let invalidation = Invalidation {
            id: id::invalidation(),
            distribution: distribution.to_owned(),
            caller_reference: caller_reference.to_owned(),
            items: items.to_vec(),
            made_by: String::new(),
            created_at: now,
            evict_at: later(now, settings.evict_after()),
            complete_at: later(now, settings.complete_after()),
        };
        Ok(Accepted { invalidation, created: true })
    }

    /// Adds one that was accepted before, in this run or an earlier one.
    pub fn push(&mut self, invalidation: Invalidation) {
        let index = self.all.len();
        self.by_id.insert(invalidation.id.clone(), index);
        self.by_reference.insert(invalidation.caller_reference.clone(), index);
        self.in_progress.push(index);
        self.not_evicted.push(index);
        self.all.push(invalidation);
    }

    pub fn all(&self) -> &[Invalidation] {
        &self.all
    }

    pub fn get(&self, id: &str) -> Option<&Invalidation> {
        self.by_id.get(id).map(|index| &self.all[*index])
    }

    /// One page, newest first, after the one named `marker`; `None` when that is not known.
    pub fn page(&self, marker: Option<&str>, size: usize) -> Option<(Vec<&Invalidation>, bool)> {
        let end = match marker {
            Some(marker) => *self.by_id.get(marker)?,
            None => self.all.len(),
        };
        let start = end.saturating_sub(size);
        Some((self.all[start..end].iter().rev().collect(), start > 0))
    }

    pub fn in_progress(&mut self, now: Timestamp) -> impl Iterator<Item = &Invalidation> {
        let all = &self.all;
        self.in_progress.retain(|index| now < all[*index].complete_at);
        self.in_progress.iter().map(|index| &self.all[*index])
    }

    /// Hands out, once each, the invalidations whose objects the edge has to let go of by `now`.
    pub fn due_at_the_edge(&mut self, now: Timestamp) -> Vec<Invalidation> {
        let all = &self.all;
        let due = self.not_evicted.extract_if(.., |index| all[*index].evict_at <= now);
        due.map(|index| all[index].clone()).collect()
    }

    fn known(&self, reference: &str, remembered: Option<Duration>, now: Timestamp) -> Option<&Invalidation> {
        let earlier = &self.all[*self.by_reference.get(reference)?];
        let forgotten = remembered.is_some_and(|time| since(earlier.created_at, now) >= time);
        (!forgotten).then_some(earlier)
    }

    fn check_limits(&mut self, items: &[String], settings: &Settings, now: Timestamp) -> Result<(), Refusal> {
        let (mut plain, mut wild) = (0, 0);
        for open in self.in_progress(now) {
            wild += open.wildcards();
            plain += open.items.len() - open.wildcards();
        }
        let more_wild = wildcards(items);
        if wild + more_wild > WILDCARD_LIMIT && more_wild > 0 {
            return Err(Refusal::TooManyWildcards);
        }
        let more_plain = items.len() - more_wild;
        if plain + more_plain > settings.item_limit && more_plain > 0 {
            return Err(Refusal::TooManyItems);
        }
        Ok(())
    }
}

fn repeated(earlier: &Invalidation, items: &[String], settings: &Settings) -> Result<Accepted, Refusal> {
    if earlier.names_the_same(items) {
        return match settings.same_reference {
            SameReference::Earlier => Ok(Accepted { invalidation: earlier.clone(), created: false }),
            SameReference::AlreadyExists => Err(Refusal::ReferenceTaken),
            SameReference::InvalidArgument => Err(Refusal::ReferenceUsed),
        };
    }
    Err(match settings.conflicting_reference {
        ConflictingReference::AlreadyExists => Refusal::ReferenceTaken,
        ConflictingReference::InvalidArgument => Refusal::ReferenceUsed,
    })
}
