//! Owns one rule in force: what is left of it, and its dice.

use std::time::Duration;

use jiff::Timestamp;

use super::Fault;
use crate::clock::later;

#[derive(Debug)]
pub(super) struct Rule {
    fault: Fault,
    until: Option<Timestamp>,
    dice: fastrand::Rng,
}

impl Rule {
    pub fn new(fault: Fault, now: Timestamp) -> Self {
        Self {
            until: fault.for_ms.map(|ms| later(now, Duration::from_millis(ms))),
            dice: fastrand::Rng::with_seed(fault.seed),
            fault,
        }
    }

    pub fn remaining(&self) -> Fault {
        self.fault.clone()
    }

    pub fn meet(&mut self, operation: &str, distribution: Option<&str>, now: Timestamp) -> Option<Fault> {
        if !self.matches(operation, distribution, now) {
            return None;
        }
        // The dice are thrown only for calls that match, so that a seed gives the same run again.
        if self.fault.probability.is_some_and(|limit| self.dice.f64() >= limit) {
            return None;
        }
        if let Some(times) = &mut self.fault.times {
            *times -= 1;
        }
        Some(self.fault.clone())
    }

    fn matches(&self, operation: &str, distribution: Option<&str>, now: Timestamp) -> bool {
        let fault = &self.fault;
        (fault.operation == "*" || fault.operation == operation)
            && (fault.distribution.is_none() || fault.distribution.as_deref() == distribution)
            && fault.times != Some(0)
            && self.until.is_none_or(|until| now < until)
    }
}
