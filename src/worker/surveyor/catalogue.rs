//! Reads all distributions and writes what changed.

use std::{collections::HashMap, time::Duration};

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome, Target},
        distribution::Distribution,
        id::DistributionId,
        problem::Problem,
        time::Timestamp,
    },
    store::{StoreError, Tx, accounts, audit, distributions, survey},
};

use super::super::{Bench, Next, new_lease};

/// After a failure the distributions are read again soon.
const AFTER_FAILURE: Duration = Duration::from_secs(15);
/// More pages than any account has: a list that never ends must not hold the surveyor for ever.
const PAGES: usize = 200;

pub(super) async fn read(bench: &Bench) -> Result<Next, StoreError> {
    let lease = new_lease();
    if !claim(bench, &lease).await? {
        return Ok(Next::Idle);
    }
    match list(bench).await {
        Ok(seen) => {
            write(bench, &lease, &seen).await?;
            read_configs(bench).await?;
        }
        Err(problem) => fail(bench, &lease, &problem).await?,
    }
    bench.bell.ring();
    Ok(Next::Again)
}

async fn claim(bench: &Bench, lease: &str) -> Result<bool, StoreError> {
    let now = bench.clock.now();
    let mut tx = bench.db.begin().await?;
    let claimed = survey::claim(&mut tx, lease, now, now.plus(bench.settings.lease)).await?;
    tx.commit().await?;
    Ok(claimed)
}

async fn list(bench: &Bench) -> Result<Vec<Distribution>, Problem> {
    let mut seen = Vec::new();
    let mut marker: Option<String> = None;
    for _ in 0..PAGES {
        let page = bench.cloudfront.list_distributions(marker.as_deref(), bench.clock.now()).await?;
        seen.extend(page.rows);
        marker = page.next;
        if marker.is_none() {
            break;
        }
    }
    Ok(seen)
}

async fn write(bench: &Bench, lease: &str, seen: &[Distribution]) -> Result<(), StoreError> {
    let now = bench.clock.now();
    let mut tx = bench.db.begin().await?;
    let before = survey::read(&mut tx).await?;
    if !survey::finish(&mut tx, lease, now, now.plus(bench.settings.survey_every)).await? {
        return Ok(());
    }
    let mut known: HashMap<DistributionId, Distribution> = distributions::list(&mut tx)
        .await?
        .into_iter()
        .map(|distribution| (distribution.id.clone(), distribution))
        .collect();
    let mut events = Vec::new();
    for distribution in seen {
        accounts::ensure(&mut tx, distribution.account()).await?;
        distributions::upsert(&mut tx, distribution).await?;
        events.extend(change(known.remove(&distribution.id).as_ref(), distribution, now));
    }
    for gone in known.into_values().filter(|distribution| distribution.gone_at.is_none()) {
        events.push(leave(&mut tx, &gone, now).await?);
    }
    if before.failed_at.is_some() {
        events.push(Event::new(now, &Acting::service(), Action::SurveyRecovered));
    }
    for event in events {
        audit::append(&mut tx, event);
    }
    tx.commit().await
}

/// The event for a distribution that is new or whose readiness is another one.
fn change(before: Option<&Distribution>, seen: &Distribution, now: Timestamp) -> Option<Event> {
    let action = match before {
        None => Action::DistributionSeen,
        Some(before) if before.readiness() != seen.readiness() => Action::DistributionChanged,
        Some(_) => return None,
    };
    let mut event = about(seen, action, now);
    event.old = before.map(|before| before.readiness().words().to_owned()).unwrap_or_default();
    seen.readiness().words().clone_into(&mut event.new);
    Some(event)
}

async fn leave(tx: &mut Tx, gone: &Distribution, now: Timestamp) -> Result<Event, StoreError> {
    distributions::set_gone(tx, &gone.id, now).await?;
    Ok(about(gone, Action::DistributionGone, now))
}

fn about(distribution: &Distribution, action: Action, now: Timestamp) -> Event {
    let mut event = Event::new(now, &Acting::service(), action);
    event.target = Target::new("distribution", distribution.id.as_str());
    event.distribution = Some(distribution.id.clone());
    distribution.name().clone_into(&mut event.note);
    event
}

/// Reads the configurations that changed. One that cannot be read is tried again at the next survey.
async fn read_configs(bench: &Bench) -> Result<(), StoreError> {
    let changed = distributions::without_config(&mut *bench.db.read().await?).await?;
    for (id, last_modified) in changed {
        match bench.cloudfront.distribution_config(&id).await {
            Ok(config) => {
                let mut tx = bench.db.begin().await?;
                distributions::set_config(&mut tx, &id, &config, last_modified).await?;
                tx.commit().await?;
            }
            Err(problem) => {
                tracing::warn!(
                    distribution = %id, kind = problem.kind.as_str(), said = problem.message,
                    "the distribution's configuration could not be read"
                );
            }
        }
    }
    Ok(())
}

async fn fail(bench: &Bench, lease: &str, problem: &Problem) -> Result<(), StoreError> {
    let now = bench.clock.now();
    let mut tx = bench.db.begin().await?;
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
