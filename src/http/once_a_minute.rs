//! Limits how often refused requests are written to the history: once a minute for each kind.

use std::sync::{Mutex, PoisonError};

use crate::domain::{once_a_minute, time::Timestamp};

/// When each kind of event was last written to the history.
#[derive(Debug, Default)]
pub struct OnceAMinuteLog(Mutex<once_a_minute::OnceAMinute<&'static str>>);

impl OnceAMinuteLog {
    /// Whether this kind of event may be written to the history now.
    pub fn may_tell(&self, kind: &'static str, now: Timestamp) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).may_tell(kind, now)
    }
}
