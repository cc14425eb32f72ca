//! Which workers go on: each notes when it last came to the end of a step.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// When each worker last came to the end of a step; `None` for one that has ended. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Heartbeats(Arc<Mutex<BTreeMap<&'static str, Option<Instant>>>>);

impl Heartbeats {
    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a worker begins. It counts as ended as soon as what this gives is dropped, by a panic too.
    #[must_use]
    pub fn of(&self, worker: &'static str) -> Heartbeat {
        let heartbeat = Heartbeat { worker, all: self.clone() };
        heartbeat.beat();
        heartbeat
    }

    /// The workers that did no step for so long, or have ended.
    #[must_use]
    pub fn silent_for(&self, span: Duration) -> Vec<&'static str> {
        let silent = |at: &Option<Instant>| at.is_none_or(|at| at.elapsed() >= span);
        self.all().iter().filter(|(_, at)| silent(at)).map(|(worker, _)| *worker).collect()
    }
}

/// A worker's own note.
#[derive(Debug)]
pub struct Heartbeat {
    worker: &'static str,
    all: Heartbeats,
}

impl Heartbeat {
    /// Notes that a step was done without an error.
    pub fn beat(&self) {
        self.all.all().insert(self.worker, Some(Instant::now()));
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.all.all().insert(self.worker, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_did_nothing_for_so_long_or_has_ended_is_named() {
        let heartbeats = Heartbeats::default();
        assert_eq!(heartbeats.silent_for(Duration::ZERO), [""; 0]);
        let poller = heartbeats.of("poller");
        let submitter = heartbeats.clone().of("submitter");
        assert_eq!(heartbeats.silent_for(Duration::ZERO), ["poller", "submitter"]);
        assert_eq!(heartbeats.silent_for(Duration::from_hours(1)), [""; 0]);
        drop(poller);
        assert_eq!(heartbeats.silent_for(Duration::from_hours(1)), ["poller"]);
        submitter.beat();
    }
}
