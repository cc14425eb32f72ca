//! How many requests to sites are made in an hour.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::domain::time::Timestamp;

/// The most looks of this process in an hour. A look more is not made, and its URL says so.
const AN_HOUR: u32 = 20_000;

/// Counts looks, or what else asks sites.
#[derive(Debug)]
pub struct LookBudget {
    an_hour: u32,
    hour: Mutex<Hour>,
}

#[derive(Debug)]
struct Hour {
    began: Option<Timestamp>,
    left: u32,
}

impl Default for LookBudget {
    fn default() -> Self {
        Self::of(AN_HOUR)
    }
}

impl LookBudget {
    /// So many in an hour.
    pub const fn of(an_hour: u32) -> Self {
        Self { an_hour, hour: Mutex::new(Hour { began: None, left: an_hour }) }
    }

    /// Takes one look out of the hour's number. `false` if none is left.
    pub fn take(&self, now: Timestamp) -> bool {
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        if !hour.began.is_some_and(|began| now.is_soon_after(began, Duration::from_hours(1))) {
            *hour = Hour { began: Some(now), left: self.an_hour };
        }
        let is_left = hour.left > 0;
        hour.left = hour.left.saturating_sub(1);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_has_so_many_looks_and_the_next_one_as_many() {
        let budget = LookBudget::default();
        let start = Timestamp::from_micros(0);
        assert!((0..AN_HOUR).all(|_| budget.take(start)));
        assert!(!budget.take(start.plus(Duration::from_mins(59))));
        assert!(budget.take(start.plus(Duration::from_hours(1))));
        // The clock was put back.
        assert!(budget.take(start));
    }
}
