//! Limits the open streams in all and for each person. A person's newest stream ends their oldest: a browser with
//! many tabs keeps working, and no person can use up the streams of the others.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use tokio_util::sync::CancellationToken;

use crate::domain::id::PersonId;

/// The maximum number of open streams.
const ALL: usize = 2_000;
/// The maximum number of open streams of one person.
const OWN: usize = 20;

/// The streams that are open. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct StreamLimit(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    last: u64,
    by_person: HashMap<PersonId, VecDeque<(u64, CancellationToken)>>,
}

/// One open stream. Dropping it frees its place.
#[derive(Debug)]
pub struct StreamPermit {
    streams: StreamLimit,
    person: PersonId,
    number: u64,
    /// Cancelled when a newer stream of the same person replaces this one.
    pub ended: CancellationToken,
}

impl StreamLimit {
    /// Opens a stream. `None` if the limit for all is reached; a person at their own limit replaces their oldest
    /// stream instead.
    pub fn open(&self, person: &PersonId) -> Option<StreamPermit> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by_person.get(person).map_or(0, VecDeque::len);
        if open.all >= ALL && own < OWN {
            return None;
        }
        open.all += 1;
        open.last += 1;
        let (number, ended) = (open.last, CancellationToken::new());
        let own = open.by_person.entry(person.clone()).or_default();
        own.push_back((number, ended.clone()));
        if own.len() > OWN
            && let Some((_, oldest)) = own.pop_front()
        {
            oldest.cancel();
        }
        Some(StreamPermit { streams: self.clone(), person: person.clone(), number, ended })
    }
}

impl StreamLimit {
    /// The number of open streams.
    pub fn count(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(own) = open.by_person.get_mut(&self.person) {
            own.retain(|(number, _)| *number != self.number);
            if own.is_empty() {
                open.by_person.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_newest_streams_end_their_oldest() {
        let (streams, ada) = (StreamLimit::default(), PersonId::from_trusted("ada"));
        let held: Vec<StreamPermit> =
            std::iter::repeat_with(|| streams.open(&ada).unwrap()).take(OWN + 2).collect();
        let ended = |stream: &StreamPermit| stream.ended.is_cancelled();
        assert!(held[..2].iter().all(ended) && !held[2..].iter().any(ended));
        drop(held);
        let open = streams.0.lock().unwrap();
        assert!(open.all == 0 && open.by_person.is_empty());
    }

    #[test]
    fn who_comes_last_finds_no_room() {
        let streams = StreamLimit::default();
        let person = |number: usize| PersonId::from_trusted(number.to_string().as_str());
        let held: Vec<StreamPermit> = (0..ALL).map_while(|number| streams.open(&person(number))).collect();
        assert_eq!(held.len(), ALL);
        assert!(streams.open(&person(ALL)).is_none());
    }
}
