//! Keeps the catalogue of distributions, and sees invalidations that were made outside Unstale.

mod catalogue;
mod outside;
mod tags;

use crate::store::{StoreError, survey};

use super::{Bench, Next};

/// The worker that surveys.
#[derive(Debug, Clone)]
pub struct Surveyor {
    bench: Bench,
}

impl Surveyor {
    #[must_use]
    pub const fn new(bench: Bench) -> Self {
        Self { bench }
    }

    /// Reads the distributions if that is due; else reads the tags of one distribution, or looks through one for what
    /// was made outside.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let now = self.bench.clock.now();
        let due_at = survey::read(&mut *self.bench.db.read().await?).await?.due_at;
        if due_at <= now {
            return catalogue::read(&self.bench).await;
        }
        match tags::look(&self.bench).await? {
            Next::Idle => {}
            next => return Ok(next),
        }
        Ok(match outside::look(&self.bench).await? {
            Next::Idle => Next::At(due_at),
            next => next,
        })
    }
}
