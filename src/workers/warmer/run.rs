//! Does one warming: finds out what to fetch, fetches it in pairs, and says in the history how it ended.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome},
        checks::{
            CheckSettings, Warming, WarmingEnd, WarmingFailure, WarmingPlan, WarmingPlanner, WarmingState,
        },
        distributions::distribution::Distribution,
        invalidations::invalidation::{Batch, Invalidation, InvalidationState},
    },
    store::{
        StoreError, audit,
        checks::{
            settings,
            warming::{self, ClaimedWarming},
        },
        distributions,
        invalidations::{self, batches},
    },
};

use super::{super::checker::open_own, LEASE, REST, Shared, edges::Site};

/// The URLs that are fetched at the same time.
const PAIR: usize = 2;
/// The shortest time for a pair: four URLs a second.
pub(super) const PAUSE: Duration = Duration::from_millis(500);
/// After so many URLs without an answer in time, no other one is fetched.
const HANGING: usize = 2;
/// How long one process fetches for one warming.
const WHOLE: Duration = Duration::from_mins(30);
/// The bytes that one process reads for one warming.
const BYTES_MAX: u64 = 4 << 30;

/// What the fetching came to.
enum Step {
    /// Another process holds the warming, or it waits again.
    Lost,
    /// So many URLs were fetched in this hour that the rest has to wait.
    Rest,
    End(WarmingEnd),
}

/// What is known of a warming.
struct Found {
    warming: Warming,
    invalidation: Invalidation,
    distribution: Option<Distribution>,
    settings: CheckSettings,
    batches: Vec<Batch>,
    /// Empty unless it has begun.
    urls: Vec<String>,
}

/// What is spent on a warming in this process.
struct Spent {
    deadline: Instant,
    bytes: u64,
    hanging: usize,
}

impl Shared {
    /// Does what is due of a warming.
    pub(super) async fn warm(&self, claimed: &ClaimedWarming) -> Result<(), StoreError> {
        let Some(found) = self.find(claimed).await? else { return Ok(()) };
        let Found { mut warming, invalidation, distribution, settings, batches, urls } = found;
        if let Some(ended) = hindrance(&invalidation) {
            return self.end(claimed, &warming, ended).await;
        }
        let Some(distribution) = distribution.filter(|distribution| settings.cover(distribution)) else {
            return self.end(claimed, &warming, WarmingEnd::NotAsked).await;
        };
        let secrets = open_own(&settings.headers.secret, &distribution.id, self.secrets_key.as_deref());
        let site = Site { distribution: &distribution, settings: &settings, secrets: secrets.as_ref() };
        let urls = if warming.state == WarmingState::Running {
            urls
        } else {
            let plan = match WarmingPlanner::new(&distribution, &settings, &batches) {
                Some(planner) => self.plan(site, planner).await,
                None => WarmingPlan::default(),
            };
            if !self.begin(claimed, &mut warming, &plan).await? {
                return Ok(());
            }
            plan.urls
        };
        match self.fetch_all(claimed, &mut warming, site, &urls).await? {
            Step::Lost => Ok(()),
            Step::Rest => self.rest(claimed).await,
            Step::End(ended) => self.end(claimed, &warming, ended).await,
        }
    }

    async fn find(&self, claimed: &ClaimedWarming) -> Result<Option<Found>, StoreError> {
        let id = &claimed.invalidation;
        let mut conn = self.context.db.read().await?;
        let Some(warming) = warming::find(&mut conn, id).await? else { return Ok(None) };
        let Some(invalidation) = invalidations::find(&mut conn, id).await? else { return Ok(None) };
        Ok(Some(Found {
            distribution: distributions::find(&mut conn, &warming.distribution).await?,
            settings: settings::find(&mut conn, &warming.distribution).await?,
            batches: batches::of_invalidation(&mut conn, id).await?,
            urls: warming::urls(&mut conn, id).await?,
            warming,
            invalidation,
        }))
    }

    /// Stores what is to be fetched, so that it is found out once. `false` if the lease was lost.
    async fn begin(
        &self,
        claimed: &ClaimedWarming,
        warming: &mut Warming,
        plan: &WarmingPlan,
    ) -> Result<bool, StoreError> {
        (warming.planned, warming.left_out) = (plan.urls.len(), plan.left_out);
        (warming.state, warming.remarks) = (WarmingState::Running, plan.remarks.clone());
        let mut tx = self.context.db.begin().await?;
        let is_held = warming::begin(&mut tx, claimed, plan).await?
            && warming::set_tried(&mut tx, claimed, warming, self.context.clock.now().plus(LEASE)).await?;
        tx.commit().await?;
        Ok(is_held)
    }

    /// Fetches the URLs that were not tried yet.
    async fn fetch_all(
        &self,
        claimed: &ClaimedWarming,
        warming: &mut Warming,
        site: Site<'_>,
        urls: &[String],
    ) -> Result<Step, StoreError> {
        if urls.is_empty() {
            return Ok(Step::End(WarmingEnd::NothingKnown));
        }
        let mut spent = Spent { deadline: Instant::now() + WHOLE, bytes: 0, hanging: 0 };
        let rest = urls.get(warming.tried()..).unwrap_or_default();
        let mut pairs = rest.chunks(PAIR).peekable();
        while let Some(pair) = pairs.next() {
            let begun = Instant::now();
            if let Some(step) = self.fetch_pair(warming, site, pair, &mut spent).await {
                return Ok(step);
            }
            if !self.store_tried(claimed, warming).await? {
                return Ok(Step::Lost);
            }
            if pairs.peek().is_some() {
                tokio::time::sleep(PAUSE.saturating_sub(begun.elapsed())).await;
            }
        }
        Ok(Step::End(WarmingEnd::Finished))
    }

    /// Fetches these URLs, and counts what became of them. `Some` says why they were not fetched.
    async fn fetch_pair(
        &self,
        warming: &mut Warming,
        site: Site<'_>,
        pair: &[String],
        spent: &mut Spent,
    ) -> Option<Step> {
        if spent.hanging >= HANGING {
            return Some(Step::End(WarmingEnd::SiteHangs));
        }
        if spent.bytes >= BYTES_MAX || Instant::now() >= spent.deadline {
            return Some(Step::End(WarmingEnd::TooMuch));
        }
        let now = self.context.clock.now();
        if !pair.iter().all(|_| self.budget.take(now)) {
            return Some(Step::Rest);
        }
        for outcome in join_all(pair.iter().map(|url| self.edges.fetch(site, url))).await {
            spent.bytes += outcome.unwrap_or_default();
            spent.hanging += usize::from(outcome.is_err_and(WarmingFailure::hung));
            warming.count(outcome.map(drop));
        }
        None
    }

    async fn store_tried(&self, claimed: &ClaimedWarming, warming: &Warming) -> Result<bool, StoreError> {
        let mut tx = self.context.db.begin().await?;
        let until = self.context.clock.now().plus(LEASE);
        let is_held = warming::set_tried(&mut tx, claimed, warming, until).await?;
        tx.commit().await?;
        Ok(is_held)
    }

    async fn rest(&self, claimed: &ClaimedWarming) -> Result<(), StoreError> {
        let mut tx = self.context.db.begin().await?;
        warming::put_off(&mut tx, claimed, self.context.clock.now().plus(REST)).await?;
        tx.commit().await
    }

    /// Stores how it ended, together with the event that says so.
    async fn end(
        &self,
        claimed: &ClaimedWarming,
        warming: &Warming,
        ended: WarmingEnd,
    ) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let mut tx = self.context.db.begin().await?;
        if !warming::finish(&mut tx, claimed, ended, now).await? {
            return Ok(());
        }
        let done = Warming { state: WarmingState::Done, ended: Some(ended), ..warming.clone() };
        let mut event = Event::new(now, &Acting::service(), Action::WarmingFinished);
        event.distribution = Some(warming.distribution.clone());
        event.invalidation = Some(warming.invalidation.clone());
        ended.as_str().clone_into(&mut event.new);
        event.note = done.describe();
        event.outcome = outcome(ended);
        audit::append(&mut tx, event);
        tx.commit().await
    }
}

/// Why nothing is fetched for the invalidation. `None` if CloudFront has completed it.
const fn hindrance(invalidation: &Invalidation) -> Option<WarmingEnd> {
    match invalidation.state {
        InvalidationState::Failed => Some(WarmingEnd::Refused),
        InvalidationState::Cancelled => Some(WarmingEnd::Cancelled),
        // One that is tried again has taken the lease away, so that nothing of this is stored.
        InvalidationState::Completed
        | InvalidationState::Queued
        | InvalidationState::InProgress
        | InvalidationState::NeedsALook => None,
    }
}

const fn outcome(ended: WarmingEnd) -> Outcome {
    match ended {
        WarmingEnd::Finished => Outcome::Done,
        WarmingEnd::Refused
        | WarmingEnd::Cancelled
        | WarmingEnd::NotAsked
        | WarmingEnd::NothingKnown
        | WarmingEnd::SiteHangs
        | WarmingEnd::TooMuch => Outcome::Failed,
    }
}
