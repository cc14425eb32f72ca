//! What the service knows of its own backups: the worker records it, the page of the system shows it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use unstale_domain::time::Timestamp;

/// Why a backup was not made, or older ones were not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupProblem {
    pub at: Timestamp,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub fix: String,
}

/// What is known of the backups since the service started. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct BackupStatus(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    newest: Option<Timestamp>,
    failure: Option<BackupProblem>,
    removal: Option<BackupProblem>,
}

impl BackupStatus {
    /// Records when the newest backup was begun that is there.
    pub fn found(&self, newest: Timestamp) {
        self.known().newest = Some(newest);
    }

    /// Records that a backup was made that was begun at this time.
    pub fn made(&self, begun: Timestamp) {
        let mut known = self.known();
        (known.newest, known.failure) = (Some(begun), None);
    }

    /// Records why the last backup failed.
    pub fn failed(&self, problem: BackupProblem) {
        self.known().failure = Some(problem);
    }

    /// Records why older backups could not be removed. `None` if they were.
    pub fn removed(&self, problem: Option<BackupProblem>) {
        self.known().removal = problem;
    }

    /// When the newest backup was begun that the service knows of.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.known().newest
    }

    /// Why the last backup failed. `None` if it did not.
    #[must_use]
    pub fn failure(&self) -> Option<BackupProblem> {
        self.known().failure.clone()
    }

    /// Why older backups could not be removed after the last one.
    #[must_use]
    pub fn removal_problem(&self) -> Option<BackupProblem> {
        self.known().removal.clone()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_was_made_ends_the_failure_before_it() {
        let status = BackupStatus::default();
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let problem =
            |message: &str| BackupProblem { at: at(9), message: message.into(), fix: String::new() };
        status.found(at(1));
        status.failed(problem("the disk is full"));
        let seen = status.clone();
        assert_eq!((seen.newest(), seen.failure()), (Some(at(1)), Some(problem("the disk is full"))));
        status.made(at(10));
        status.removed(Some(problem("denied")));
        assert_eq!((seen.newest(), seen.failure()), (Some(at(10)), None));
        assert_eq!(seen.removal_problem(), Some(problem("denied")));
        status.removed(None);
        assert_eq!(seen.removal_problem(), None);
    }
}
