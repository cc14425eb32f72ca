//! Keeps how much is used of the quotas and of the queue, where one process writes (SQLite).
//!
//! It is never less than the truth: what a request was let through for is added at once, whether or not its transaction
//! is committed. So the database is asked again only where there is no room by what is kept. Whatever else queues batches
//! [clears](UsageCache::clear) it within its transaction. Only the submitter does not, where it cuts a batch in two: each
//! cut adds one batch to the queue that is counted when the database is asked again.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::{
    actor::Actor,
    invalidations::quotas::{QUEUE, QuotaUsage, Quotas},
};

/// The most actors that are kept.
const ACTORS: usize = 10_000;

/// The cache. Clones share it.
#[derive(Debug, Clone, Default)]
pub(in crate::commands) struct UsageCache(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    /// Batches that wait to be sent. `None` until the database was asked.
    waiting: Option<usize>,
    /// The items of the last day, by actor.
    spent: HashMap<String, u64>,
}

/// What a request adds to the usage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share<'a> {
    pub actor: &'a Actor,
    pub items: usize,
    pub batches: usize,
}

impl UsageCache {
    /// Adds the request and returns `true` if there is room for it by what is kept.
    pub(super) fn take(&self, quotas: Quotas, share: Share<'_>) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(waiting), Some(spent)) = (counts.waiting, counts.spent.get(&name(share.actor))) else {
            return false;
        };
        let spent = QuotaUsage { items: *spent, since: None };
        let fits = waiting + share.batches <= QUEUE && quotas.refusal(share.items, spent).is_none();
        if fits {
            counts.set(share, waiting, spent.items);
        }
        fits
    }

    /// Makes the next request ask the database.
    pub(in crate::commands) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Counts::default();
    }

    /// Keeps what the database says, with the request added.
    pub(super) fn set(&self, share: Share<'_>, waiting: usize, spent: QuotaUsage) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).set(share, waiting, spent.items);
    }
}

impl Counts {
    fn set(&mut self, share: Share<'_>, waiting: usize, spent: u64) {
        if self.spent.len() >= ACTORS {
            self.spent.clear();
        }
        self.waiting = Some(waiting + share.batches);
        let items = u64::try_from(share.items).unwrap_or(u64::MAX);
        self.spent.insert(name(share.actor), spent.saturating_add(items));
    }
}

fn name(actor: &Actor) -> String {
    format!("{} {}", actor.kind().as_str(), actor.id())
}
