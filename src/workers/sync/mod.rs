//! Keeps the catalogue of distributions, and sees invalidations that were made outside Unstale.
//!
//! All its calls keep the account's pace, and leave half of the burst to those that watch what is in progress.

mod backfill;
mod cloudtrail;
mod configs;
mod distributions;
mod found;
mod recent;
mod tags;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Mutex;

use crate::store::{StoreError, distributions::survey};

use super::{Next, WorkerContext};
use configs::PutOff;
use distributions::Listing;

pub(super) use cloudtrail::AFTER_REFUSAL;

/// What there is to do beside the catalogue.
const KINDS: usize = 5;

/// The worker that surveys.
#[derive(Debug, Clone)]
pub struct CloudFrontSync {
    context: WorkerContext,
    /// How far the list of distributions was read.
    listing: Arc<Mutex<Option<Listing>>>,
    /// The configurations that could not be read a moment ago.
    put_off: Arc<Mutex<PutOff>>,
    /// Whose turn it is: where the pace lets one call through, it is not always the same that waits.
    turn: Arc<AtomicUsize>,
}

impl CloudFrontSync {
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        Self { context, listing: Arc::default(), put_off: Arc::default(), turn: Arc::default() }
    }

    /// Reads a page of the distributions if that is due; else, in turns, one configuration, the tags of one
    /// distribution, looks through one for what was made outside, and asks who made it.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let context = &self.context;
        let due_at = survey::read(&mut *context.db.read().await?).await?.due_at;
        let mut next = if due_at <= context.clock.now() {
            distributions::read(context, &self.listing).await?
        } else {
            Next::At(due_at)
        };
        if next == Next::Again {
            return Ok(next);
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        for kind in turn..turn.saturating_add(KINDS) {
            next = next.or_sooner(self.look(kind % KINDS).await?);
        }
        Ok(next)
    }

    async fn look(&self, kind: usize) -> Result<Next, StoreError> {
        let context = &self.context;
        match kind {
            0 => configs::look(context, &self.put_off).await,
            1 => tags::look(context).await,
            2 => recent::look(context).await,
            3 => backfill::look(context).await,
            _ => cloudtrail::look(context).await,
        }
    }
}
