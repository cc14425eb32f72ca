//! Lets something through once a minute: what strangers can cause without end is told, and does not fill the history.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::domain::time::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);

/// When each kind of thing was last told.
#[derive(Debug, Default)]
pub struct Minute(Mutex<BTreeMap<&'static str, Timestamp>>);

impl Minute {
    /// Is it time to tell this kind of thing?
    pub fn may_tell(&self, kind: &'static str, now: Timestamp) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = told.get(kind).is_none_or(|last| now.since(*last) >= MINUTE);
        if due {
            told.insert(kind, now);
        }
        due
    }
}
