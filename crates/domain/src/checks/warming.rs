//! Warming: the URLs of an invalidation are fetched once when it has completed, so that the next viewer need not wait
//! for the origin.

mod outcome;
mod plan;
mod refusal;

pub use outcome::{WarmingEnd, WarmingFailure, WarmingRemark};
pub use plan::{SITEMAPS_MAX, WARMING_MAX, WarmingPlan, WarmingPlanner};
pub use refusal::WarmingRefusal;

use std::collections::BTreeMap;

use crate::{
    id::{DistributionId, InvalidationId},
    time::Timestamp,
};

/// How far a warming is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmingState {
    /// CloudFront has not completed the invalidation, or it is not known yet what to fetch.
    Waiting,
    /// Its URLs are known, and are fetched one after the other.
    Running,
    Done,
}

impl WarmingState {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Running, Self::Done];

    /// The stable word, in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// The warming of one invalidation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warming {
    pub invalidation: InvalidationId,
    pub distribution: DistributionId,
    pub state: WarmingState,
    /// When the next URL is fetched. `None` if nothing is due.
    pub due_at: Option<Timestamp>,
    /// How many URLs are fetched in all.
    pub planned: usize,
    pub fetched: usize,
    pub failed: usize,
    /// How many URLs are known that are not fetched: there were too many.
    pub left_out: usize,
    /// What the failures were, with how many there were of each.
    pub failures: BTreeMap<WarmingFailure, usize>,
    pub remarks: Vec<WarmingRemark>,
    /// Why it ended. `None` before that.
    pub ended: Option<WarmingEnd>,
    pub finished_at: Option<Timestamp>,
}

impl Warming {
    /// One that waits until CloudFront has completed the invalidation.
    #[must_use]
    pub const fn waiting(invalidation: InvalidationId, distribution: DistributionId) -> Self {
        Self {
            invalidation,
            distribution,
            state: WarmingState::Waiting,
            due_at: None,
            planned: 0,
            fetched: 0,
            failed: 0,
            left_out: 0,
            failures: BTreeMap::new(),
            remarks: Vec::new(),
            ended: None,
            finished_at: None,
        }
    }

    /// How many URLs were fetched, or failed: the place of the next one in their list.
    #[must_use]
    pub const fn tried(&self) -> usize {
        self.fetched + self.failed
    }

    /// Counts what became of one more URL.
    pub fn count(&mut self, outcome: Result<(), WarmingFailure>) {
        match outcome {
            Ok(()) => self.fetched += 1,
            Err(failure) => {
                self.failed += 1;
                *self.failures.entry(failure).or_default() += 1;
            }
        }
    }

    /// How it stands, in sentences: `12 of 14 URLs fetched, 2 failed (404).`
    #[must_use]
    pub fn describe(&self) -> String {
        let progress = self.state == WarmingState::Running || self.planned > 0;
        let sentences = [
            self.waits_for().map(str::to_owned),
            self.ended.and_then(WarmingEnd::describe).map(str::to_owned),
            progress.then(|| self.counted()),
            (self.left_out > 0).then(|| format!("{} more were left out: too many.", self.left_out)),
        ];
        let remarks = self.remarks.iter().map(|remark| remark.describe().to_owned());
        sentences.into_iter().flatten().chain(remarks).collect::<Vec<_>>().join(" ")
    }

    /// What it waits for. `None` if it has begun.
    fn waits_for(&self) -> Option<&'static str> {
        match (self.state, self.due_at) {
            (WarmingState::Waiting, None) => {
                Some("The URLs are fetched when CloudFront has completed the invalidation.")
            }
            (WarmingState::Waiting, Some(_)) => Some("Unstale finds out which URLs there are to fetch."),
            (WarmingState::Running | WarmingState::Done, _) => None,
        }
    }

    fn counted(&self) -> String {
        let urls = if self.planned == 1 { "URL" } else { "URLs" };
        let fetched = format!("{} of {} {urls} fetched", self.fetched, self.planned);
        if self.failed == 0 {
            return format!("{fetched}.");
        }
        let mut causes: Vec<(&WarmingFailure, &usize)> = self.failures.iter().collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let more = causes.len().saturating_sub(CAUSES_SHOWN);
        let causes: Vec<String> = match &causes[..] {
            [(one, _)] => vec![one.label()],
            several => several
                .iter()
                .take(CAUSES_SHOWN)
                .map(|(failure, count)| format!("{count} {}", failure.label()))
                .collect(),
        };
        let others = if more > 0 { ", and others" } else { "" };
        format!("{fetched}, {} failed ({}{others}).", self.failed, causes.join(", "))
    }
}

/// So many kinds of failures are told.
const CAUSES_SHOWN: usize = 3;

/// The note of an event with what follows the completion.
#[must_use]
pub fn noted(note: &str) -> String {
    let clause = "each URL is fetched once when it has completed";
    if note.is_empty() { clause.to_owned() } else { format!("{note}; {clause}") }
}

#[cfg(test)]
mod tests;
