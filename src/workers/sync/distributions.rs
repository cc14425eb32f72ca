//! Reads the list of distributions, one page a tick, and writes what changed.

use std::{collections::HashSet, time::Duration};

use tokio::sync::Mutex;

use crate::{
    cloudfront::Page,
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome, Target},
        distributions::distribution::Distribution,
        id::DistributionId,
        invalidations::problem::Problem,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, accounts, audit,
        distributions::{
            self,
            optional_readings::{self, OptionalReading},
            survey,
        },
    },
};

use super::super::{Next, WorkerContext, new_lease};

/// The time after a failure before the distributions are read again.
const AFTER_FAILURE: Duration = Duration::from_secs(15);
/// The maximum number of pages. No account has more, and a list that never ends must not occupy sync for ever.
const PAGES: usize = 200;
/// How often in a row a throttled call is tried again. After that the survey has failed, which the history shows.
const THROTTLES: u32 = 4;

/// The position in the list. It is only in memory: after a restart the list is read from its start, and what was
/// read is in the catalogue.
#[derive(Debug)]
pub(super) struct Listing {
    /// Empty after a failure, because this process then does not hold the survey.
    lease: String,
    marker: Option<String>,
    seen: HashSet<DistributionId>,
    pages: usize,
    throttles: u32,
}

impl Listing {
    fn begin(lease: String) -> Self {
        Self { lease, marker: None, seen: HashSet::new(), pages: 0, throttles: 0 }
    }
}

/// Reads the next page, within the account's pace. The very first call does not wait, because the account is not
/// known yet.
pub(super) async fn read(
    context: &WorkerContext,
    listing: &Mutex<Option<Listing>>,
) -> Result<Next, StoreError> {
    let mut held = listing.lock().await;
    if !hold(context, &mut held).await? {
        return Ok(Next::Idle);
    }
    let Some(listing) = held.as_mut() else { return Ok(Next::Idle) };
    let account = distributions::account_listed(&mut *context.db.read().await?).await?;
    if let Some(account) = &account
        && let Err(wait) = take(context, account).await?
    {
        return Ok(Next::At(wait));
    }
    let page = context.cloudfront.list_distributions(listing.marker.as_deref(), context.clock.now()).await;
    let next = match page {
        Ok(page) => {
            if write(context, listing, &page).await? {
                listing.pages += 1;
                listing.throttles = 0;
                listing.seen.extend(page.rows.into_iter().map(|row| row.id));
                listing.marker = page.next;
            }
            if listing.marker.is_none() || listing.pages >= PAGES {
                finish(context, listing).await?;
                *held = None;
            }
            Next::Again
        }
        Err(problem) if problem.is_throttling() && account.is_some() && listing.throttles < THROTTLES => {
            listing.throttles += 1;
            slow_down(context, account.as_deref()).await?;
            return Ok(Next::Again);
        }
        Err(problem) => {
            if problem.is_throttling() {
                // The position in the list is kept, so that the next survey continues there.
                slow_down(context, account.as_deref()).await?;
            }
            fail(context, &listing.lease, &problem).await?;
            listing.lease.clear();
            listing.throttles = 0;
            if !problem.is_throttling() {
                *held = None;
            }
            Next::Again
        }
    };
    context.notifier.notify();
    Ok(next)
}

/// Claims the survey, or extends its lease. `false` if another process holds it, or if it is not due.
async fn hold(context: &WorkerContext, held: &mut Option<Listing>) -> Result<bool, StoreError> {
    let now = context.clock.now();
    let until = now.plus(context.settings.lease);
    let mut tx = context.db.begin().await?;
    if let Some(listing) = held.as_ref().filter(|listing| !listing.lease.is_empty()) {
        if survey::extend(&mut tx, &listing.lease, until).await? {
            tx.commit().await?;
            return Ok(true);
        }
        *held = None;
    }
    let lease = new_lease();
    let claimed = survey::claim(&mut tx, &lease, now, until).await?;
    tx.commit().await?;
    if claimed {
        match held {
            Some(listing) => listing.lease = lease,
            None => *held = Some(Listing::begin(lease)),
        }
    }
    Ok(claimed)
}

async fn take(context: &WorkerContext, account: &str) -> Result<Result<(), Timestamp>, StoreError> {
    let mut tx = context.db.begin().await?;
    let pace = context.settings.read.sparing();
    let taken = accounts::take_read(&mut tx, account, pace, context.clock.now()).await?;
    tx.commit().await?;
    Ok(taken)
}

async fn slow_down(context: &WorkerContext, account: Option<&str>) -> Result<(), StoreError> {
    let Some(account) = account else { return Ok(()) };
    let mut tx = context.db.begin().await?;
    accounts::note_answer(&mut tx, account, context.settings.read, true, context.clock.now()).await?;
    tx.commit().await
}

/// Writes the distributions of a page. `false` if the lease was lost.
async fn write(
    context: &WorkerContext,
    listing: &Listing,
    page: &Page<Distribution>,
) -> Result<bool, StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    if !survey::extend(&mut tx, &listing.lease, now.plus(context.settings.lease)).await? {
        return Ok(false);
    }
    for distribution in &page.rows {
        let account = distribution.account();
        accounts::ensure(&mut tx, account).await?;
        let before = distributions::find(&mut tx, &distribution.id).await?;
        distributions::upsert(&mut tx, distribution).await?;
        if before.is_none() {
            optional_readings::hurry(&mut tx, OptionalReading::FlatRatePlans, now).await?;
        }
        if let Some(event) = change(before.as_ref(), distribution, now) {
            audit::append(&mut tx, event);
        }
    }
    if let Some(first) = page.rows.first() {
        accounts::note_answer(&mut tx, first.account(), context.settings.read, false, now).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Writes that the list was read, and which distributions are no longer on it.
async fn finish(context: &WorkerContext, listing: &Listing) -> Result<(), StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let before = survey::read(&mut tx).await?;
    if !survey::finish(&mut tx, &listing.lease, now, now.plus(context.settings.survey_every)).await? {
        return Ok(());
    }
    // A list that was not read to its end does not show which distributions are gone.
    let known = if listing.marker.is_none() { distributions::list(&mut tx).await? } else { Vec::new() };
    for gone in known {
        if gone.gone_at.is_none() && !listing.seen.contains(&gone.id) {
            let event = leave(&mut tx, &gone, now).await?;
            audit::append(&mut tx, event);
        }
    }
    if before.failed_at.is_some() {
        audit::append(&mut tx, Event::new(now, &Acting::service(), Action::SurveyRecovered));
    }
    tx.commit().await
}

/// The event for a distribution that is new or whose readiness changed, else `None`.
fn change(before: Option<&Distribution>, seen: &Distribution, now: Timestamp) -> Option<Event> {
    let action = match before {
        None => Action::DistributionSeen,
        Some(before) if before.readiness() != seen.readiness() => Action::DistributionChanged,
        Some(_) => return None,
    };
    let mut event = about(seen, action, now);
    event.old = before.map(|before| before.readiness().label().to_owned()).unwrap_or_default();
    seen.readiness().label().clone_into(&mut event.new);
    Some(event)
}

async fn leave(tx: &mut Tx, gone: &Distribution, now: Timestamp) -> Result<Event, StoreError> {
    distributions::set_gone(tx, &gone.id, now).await?;
    Ok(about(gone, Action::DistributionGone, now))
}

fn about(distribution: &Distribution, action: Action, now: Timestamp) -> Event {
    let mut event = Event::new(now, &Acting::service(), action);
    event.target = Target::Distribution(distribution.id.clone());
    event.distribution = Some(distribution.id.clone());
    distribution.name().clone_into(&mut event.note);
    event
}

async fn fail(context: &WorkerContext, lease: &str, problem: &Problem) -> Result<(), StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let first = survey::read(&mut tx).await?.failed_at.is_none();
    if !survey::fail(&mut tx, lease, problem, now, now.plus(AFTER_FAILURE)).await? {
        return Ok(());
    }
    if first {
        tracing::warn!(
            kind = problem.kind.as_str(),
            code = problem.code,
            said = problem.message,
            "the distributions could not be read from CloudFront"
        );
        let mut event = Event::new(now, &Acting::service(), Action::SurveyFailed);
        event.outcome = Outcome::Failed;
        problem.kind.headline().clone_into(&mut event.note);
        audit::append(&mut tx, event);
    }
    tx.commit().await
}
