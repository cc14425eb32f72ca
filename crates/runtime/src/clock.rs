//! The clock: the system clock, or a manual clock that a test moves.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use unstale_domain::time::Timestamp;

/// Returns the time in whole microseconds, the finest resolution that both databases store.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is [advanced](Self::advance).
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.as_micros()))))
    }

    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Source::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Puts a manual clock back, as a time server does with one that was ahead.
    pub fn put_back(&self, span: Duration) {
        if let Source::Manual(micros) = &self.0 {
            micros.store(self.now().minus(span).as_micros(), Ordering::SeqCst);
        }
    }

    /// Moves a manual clock; the system's clock cannot be moved and stays as it is.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(micros) = &self.0 {
            micros.store(self.now().plus(span).as_micros(), Ordering::SeqCst);
        }
    }
}
