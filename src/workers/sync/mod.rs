//! Keeps the catalogue of distributions up to date, and finds invalidations that were made outside Unstale.
//!
//! Its calls to CloudFront keep the account's pace. Most of them leave half of the burst to the poller.

mod backfill;
mod cache_policies;
mod cloudtrail;
mod configs;
mod deployment_policies;
mod distributions;
mod flat_rate_plans;
mod found;
mod optional_reading;
mod policy_list;
mod recent;
mod tags;
mod traffic;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Mutex;

use crate::store::{StoreError, distributions::survey};

use super::{Next, WorkerContext};
use cache_policies::CachePolicies;
use configs::PutOff;
use deployment_policies::DeploymentPolicies;
use distributions::Listing;
use policy_list::NotBefore;

pub(super) use cloudtrail::AFTER_REFUSAL;

/// The number of kinds of work besides the list of distributions: see [`CloudFrontSync::look`].
const KINDS: usize = 9;

/// The worker that reads from CloudFront what changed there.
#[derive(Debug, Clone)]
pub struct CloudFrontSync {
    context: WorkerContext,
    /// The position in the list of distributions, while it is being read.
    listing: Arc<Mutex<Option<Listing>>>,
    /// The configurations that could not be read, and wait.
    put_off: Arc<Mutex<PutOff>>,
    /// When the cache policies may be read next.
    policies: Arc<Mutex<NotBefore>>,
    /// When the continuous deployment policies may be read next.
    deployments: Arc<Mutex<NotBefore>>,
    /// The kind of work that comes first in the next tick. If the pace allows only one call, another kind gets it
    /// each time.
    turn: Arc<AtomicUsize>,
}

impl CloudFrontSync {
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        Self {
            context,
            listing: Arc::default(),
            put_off: Arc::default(),
            policies: Arc::default(),
            deployments: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// Reads a page of the list of distributions if that is due. Otherwise does one step of each kind of work:
    /// reads one configuration, the policies that it names, the tags of one distribution, the first page of one
    /// distribution's invalidations, and invalidations further back, asks CloudTrail who made them, and what needs an
    /// optional permission of all distributions: their traffic and flat-rate plans.
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
            4 => policy_list::look::<CachePolicies>(context, &self.policies).await,
            5 => flat_rate_plans::look(context).await,
            6 => traffic::look(context).await,
            7 => policy_list::look::<DeploymentPolicies>(context, &self.deployments).await,
            _ => cloudtrail::look(context).await,
        }
    }
}
