//! Keeps the catalogue of distributions, and sees invalidations that were made outside Unstale.

mod catalogue;
mod found;
mod front;
mod older;
mod tags;
mod who;

use crate::store::{StoreError, survey};

use super::{Bench, Next};

pub(super) use who::AFTER_REFUSAL;

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

    /// Reads the distributions if that is due; else reads the tags of one distribution, looks through one for what was
    /// made outside, and asks who made it.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let bench = &self.bench;
        let now = bench.clock.now();
        let due_at = survey::read(&mut *bench.db.read().await?).await?.due_at;
        if due_at <= now {
            return catalogue::read(bench).await;
        }
        let next = Next::At(due_at).or_sooner(tags::look(bench).await?);
        let next = next.or_sooner(front::look(bench).await?).or_sooner(older::look(bench).await?);
        Ok(next.or_sooner(who::look(bench).await?))
    }
}
