//! A limit on concurrent work: a maximum in total, and a lower maximum for one key, such as a client's address or a
//! person.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// The limit. Clones share the permits.
#[derive(Debug)]
pub struct KeyedLimit<K> {
    all: usize,
    for_one: usize,
    taken: Arc<Mutex<Taken<K>>>,
}

#[derive(Debug)]
struct Taken<K> {
    all: usize,
    by_key: HashMap<K, usize>,
}

/// Why there is no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitReached {
    /// This key holds the maximum for one key.
    ForOne,
    /// All permits are in use.
    InAll,
}

/// A permit. Dropping it releases it.
#[derive(Debug)]
pub struct Permit<K: Eq + Hash> {
    limit: KeyedLimit<K>,
    key: K,
}

impl<K> Clone for KeyedLimit<K> {
    fn clone(&self) -> Self {
        Self { taken: Arc::clone(&self.taken), ..*self }
    }
}

impl<K: Eq + Hash + Clone> KeyedLimit<K> {
    #[must_use]
    pub fn new(all: usize, for_one: usize) -> Self {
        Self { all, for_one, taken: Arc::new(Mutex::new(Taken { all: 0, by_key: HashMap::new() })) }
    }

    /// Takes a permit for this key.
    pub fn acquire(&self, key: K) -> Result<Permit<K>, LimitReached> {
        self.acquire_of(key, self.for_one)
    }

    /// Takes a permit for a key that many clients share, such as a proxy. Only the total maximum applies.
    pub fn acquire_for_many(&self, key: K) -> Result<Permit<K>, LimitReached> {
        self.acquire_of(key, usize::MAX)
    }

    fn acquire_of(&self, key: K, for_one: usize) -> Result<Permit<K>, LimitReached> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_key.get(&key).copied().unwrap_or_default();
        if own >= for_one {
            return Err(LimitReached::ForOne);
        }
        if taken.all >= self.all {
            return Err(LimitReached::InAll);
        }
        taken.all += 1;
        taken.by_key.insert(key.clone(), own + 1);
        drop(taken);
        Ok(Permit { limit: self.clone(), key })
    }
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut taken = self.limit.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by_key.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.by_key.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_gets_a_part_and_permits_come_back() {
        let limit = KeyedLimit::new(5, 3);
        let mut held: Vec<Permit<&str>> = std::iter::from_fn(|| limit.acquire("greedy").ok()).collect();
        assert_eq!(held.len(), 3);
        assert_eq!(limit.acquire("greedy").unwrap_err(), LimitReached::ForOne);
        held.extend([limit.acquire("other").unwrap(), limit.acquire("other").unwrap()]);
        assert_eq!(limit.acquire("other").unwrap_err(), LimitReached::InAll);
        held.remove(0);
        held.push(limit.acquire("greedy").unwrap());
        drop(held);
        let many: Vec<Permit<&str>> = std::iter::from_fn(|| limit.acquire_for_many("proxy").ok()).collect();
        assert_eq!(many.len(), 5);
        drop(many);
        let taken = limit.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.by_key.is_empty());
    }
}
