//! Owns the edge's memory of objects: bounded, the least used go first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{ETAG, HeaderValue};
use jiff::Timestamp;

use super::items::Named;

/// Bytes of bodies that are kept over all distributions.
const MOST_BYTES: usize = 128 * 1024 * 1024;
/// Objects that are kept over all distributions.
const MOST_ENTRIES: usize = 20_000;

/// A cached answer of the origin.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As the origin gave it.
    pub response: Response<Bytes>,
    pub fetched_at: Timestamp,
    pub fresh_for: Duration,
    /// How long after that it may be served once more while it is fetched anew.
    pub stale_for: Duration,
    /// The header that named the tags when the object was cached: under another one they count for nothing.
    pub tag_header: Option<String>,
    /// In lower case.
    pub tags: Vec<String>,
}

impl Entry {
    pub fn etag(&self) -> Option<&HeaderValue> {
        self.response.headers().get(ETAG)
    }
}

/// What tells one cached object from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Its ID.
    pub distribution: String,
    /// The path as the viewer asked for it, with the query string where that is part of the key.
    pub target: String,
    /// The values of the headers that are part of the key, the encoding and the edge location. An invalidation evicts all variants of a path.
    pub variant: String,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    used: u64,
}

/// All that the edge has cached.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    slots: HashMap<Key, Slot>,
    by_use: BTreeMap<u64, Key>,
    bytes: usize,
    uses: u64,
    evictions: u64,
}

impl Cache {
    pub fn get(&mut self, key: &Key) -> Option<Arc<Entry>> {
        self.uses += 1;
        let slot = self.slots.get_mut(key)?;
        self.by_use.remove(&slot.used);
        slot.used = self.uses;
        self.by_use.insert(slot.used, key.clone());
        Some(slot.entry.clone())
    }

    pub fn put(&mut self, key: Key, entry: Arc<Entry>) {
        self.take(&key);
        self.uses += 1;
        self.bytes += entry.response.body().len();
        self.by_use.insert(self.uses, key.clone());
        self.slots.insert(key, Slot { entry, used: self.uses });
        while self.bytes > MOST_BYTES || self.slots.len() > MOST_ENTRIES {
            let Some((_, oldest)) = self.by_use.first_key_value() else {
                return;
            };
            let oldest = oldest.clone();
            self.take(&oldest);
        }
    }

    /// Counts evictions, so that an answer that was on its way during one is known to be too old to keep.
    pub fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Lets go of what the items of an invalidation name, except for the paths that `held` says yes to.
    pub fn evict(
        &mut self,
        distribution: &str,
        items: &[String],
        tag_header: Option<&str>,
        held: impl Fn(&str) -> bool,
    ) {
        let named = Named::of(items);
        self.take_all(|key, entry| {
            key.distribution == distribution
                && named.names(&key.target, entry, tag_header)
                && !held(&key.target)
        });
    }

    /// Lets go of everything of one distribution.
    pub fn forget(&mut self, distribution: &str) {
        self.take_all(|key, _| key.distribution == distribution);
    }

    fn take_all(&mut self, chosen: impl Fn(&Key, &Entry) -> bool) {
        self.evictions += 1;
        let slots = self.slots.iter();
        let keys: Vec<Key> =
            slots.filter(|(key, slot)| chosen(key, &slot.entry)).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.take(&key);
        }
    }

    fn take(&mut self, key: &Key) {
        if let Some(slot) = self.slots.remove(key) {
            self.bytes -= slot.entry.response.body().len();
            self.by_use.remove(&slot.used);
        }
    }
}
