//! What the pages tell of strangers, once a minute for each kind of thing.

use std::sync::{Mutex, PoisonError};

use crate::domain::{once_a_minute, time::Timestamp};

/// When each kind of thing was last told.
#[derive(Debug, Default)]
pub struct OnceAMinuteLog(Mutex<once_a_minute::OnceAMinute<&'static str>>);

impl OnceAMinuteLog {
    /// Is it time to tell this kind of thing?
    pub fn may_tell(&self, kind: &'static str, now: Timestamp) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).may_tell(kind, now)
    }
}
