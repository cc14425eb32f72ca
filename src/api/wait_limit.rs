//! Limits of how many requests wait or listen at one time: so many in all, and only a part of them for one token or person.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::actor::Actor;

use super::problem::{ApiError, ProblemType};

/// What the places are for, and how many there are. Clones share them.
#[derive(Debug, Clone)]
pub struct WaitLimit {
    what: &'static str,
    all: usize,
    one: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_caller: HashMap<String, usize>,
}

/// One place; it is free again when dropped.
#[derive(Debug)]
pub struct WaitPermit {
    places: WaitLimit,
    caller: String,
}

impl WaitLimit {
    pub fn new(what: &'static str, all: usize, one: usize) -> Self {
        Self { what, all, one, taken: Arc::default() }
    }

    /// Takes a place for a token or person, or says why there is none.
    pub fn take(&self, actor: &Actor) -> Result<WaitPermit, ApiError> {
        let caller = format!("{} {}", actor.kind.as_str(), actor.id);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_caller.get(&caller).copied().unwrap_or_default();
        if own >= self.one {
            let detail = format!(
                "One token or person may have {} {} open at a time. Close one, or try again a little later.",
                self.one, self.what
            );
            return Err(ApiError::new(ProblemType::TooManyOfYours, detail));
        }
        if taken.all >= self.all {
            let detail = format!("Too many {} are open. Try again a little later.", self.what);
            return Err(ApiError::new(ProblemType::TooManyWaiting, detail));
        }
        taken.all += 1;
        taken.by_caller.insert(caller.clone(), own + 1);
        drop(taken);
        Ok(WaitPermit { places: self.clone(), caller })
    }
}

impl Drop for WaitPermit {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by_caller.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                taken.by_caller.remove(&self.caller);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{actor::ActorKind, id::PersonId};

    #[test]
    fn one_caller_gets_a_part_and_places_come_back() {
        let places = WaitLimit::new("streams", 5, 3);
        let ada = Actor::person(&PersonId::from_trusted("1"), "ada@example.com");
        let token = Actor { kind: ActorKind::Token, ..ada.clone() };
        let mut held: Vec<WaitPermit> = std::iter::from_fn(|| places.take(&ada).ok()).collect();
        assert_eq!(held.len(), 3);
        assert_eq!(places.take(&ada).unwrap_err().kind(), ProblemType::TooManyOfYours);
        held.extend([places.take(&token).unwrap(), places.take(&token).unwrap()]);
        assert_eq!(places.take(&token).unwrap_err().kind(), ProblemType::TooManyWaiting);
        held.remove(0);
        held.push(places.take(&ada).unwrap());
        drop(held);
        let taken = places.taken.lock().unwrap();
        assert!(taken.all == 0 && taken.by_caller.is_empty());
    }
}
