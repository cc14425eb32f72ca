//! Records when each worker last finished a step, to find workers that have stopped.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// When each worker last finished a step. `None` for a worker that has ended. Clones share the state.
#[derive(Debug, Clone, Default)]
pub struct Heartbeats(Arc<Mutex<BTreeMap<&'static str, Option<Instant>>>>);

impl Heartbeats {
    fn all(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a worker starts. The worker counts as ended when the returned value is dropped, also by a
    /// panic.
    #[must_use]
    pub fn of(&self, worker: &'static str) -> Heartbeat {
        let heartbeat = Heartbeat { worker, all: self.clone() };
        heartbeat.beat();
        heartbeat
    }

    /// How long ago each worker finished its last step. `None` for one that has ended.
    #[must_use]
    pub fn ages(&self) -> Vec<(&'static str, Option<Duration>)> {
        self.all().iter().map(|(worker, at)| (*worker, at.map(|at| at.elapsed()))).collect()
    }

    /// The workers that have finished no step for at least `span`, or have ended.
    #[must_use]
    pub fn silent_for(&self, span: Duration) -> Vec<&'static str> {
        let is_silent = |age: &Option<Duration>| age.is_none_or(|age| age >= span);
        self.ages().into_iter().filter(|(_, age)| is_silent(age)).map(|(worker, _)| worker).collect()
    }
}

/// The heartbeat of one worker.
#[derive(Debug)]
pub struct Heartbeat {
    worker: &'static str,
    all: Heartbeats,
}

impl Heartbeat {
    /// Records that a step was finished without an error.
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
