//! Asks CloudTrail who made the invalidations outside Unstale, if that is configured. No other work waits for this.

use std::time::Duration;

use crate::{
    cloudfront::{KEPT, Made},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, ItemsRecord, Target},
        id::InvalidationId,
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::{
        StoreError, audit,
        invalidations::{
            self, batches,
            cloudtrail::{self, CloudTrailProgress, UnderWay},
        },
    },
};

use super::super::{Next, WorkerContext};

/// The time between two pages. AWS allows two calls a second for all callers in the account together.
const PAGE_EVERY: Duration = Duration::from_secs(1);
/// The time between two readings.
const ROUND_EVERY: Duration = Duration::from_mins(5);
/// How long after an invalidation CloudTrail may still get its event. AWS says about 15 minutes. An
/// older invalidation that a reading did not find is given up.
const LATE: Duration = Duration::from_mins(30);
/// How far CloudTrail's times may differ from CloudFront's.
const SKEW: Duration = Duration::from_mins(2);
/// The time before CloudTrail is asked again after AWS denied access.
pub(in crate::workers) const AFTER_REFUSAL: Duration = Duration::from_hours(1);
/// The time before CloudTrail is asked again after any other problem.
const AFTER_FAILURE: Duration = Duration::from_mins(1);

/// Reads a page if that is due and there are invalidations whose maker is not known.
pub(super) async fn look(context: &WorkerContext) -> Result<Next, StoreError> {
    let Some(cloudtrail) = &context.cloudtrail else { return Ok(Next::Idle) };
    let now = context.clock.now();
    let mut conn = context.db.read().await?;
    let state = cloudtrail::read(&mut conn).await?;
    if state.due_at > now {
        return Ok(Next::At(state.due_at));
    }
    if state.under_way.is_none() && cloudtrail::span(&mut conn, now.minus(KEPT)).await?.is_none() {
        return Ok(Next::Idle);
    }
    drop(conn);
    let held = now.plus(context.settings.lease);
    let Some(under_way) = claim(context, &state, now, held).await? else { return Ok(Next::Again) };
    match cloudtrail.made(under_way.from, under_way.to, under_way.next.as_deref()).await {
        Ok(page) => {
            for made in &page.rows {
                keep(context, made).await?;
            }
            turn(context, &state, &under_way, held, page.next.as_deref()).await?;
        }
        Err(problem) => fail(context, &state, &problem).await?,
    }
    Ok(Next::Again)
}

/// Claims the reading, and starts one if none is in progress. `None` if another process holds it.
async fn claim(
    context: &WorkerContext,
    state: &CloudTrailProgress,
    now: Timestamp,
    held: Timestamp,
) -> Result<Option<UnderWay>, StoreError> {
    let mut tx = context.db.begin().await?;
    if !cloudtrail::claim(&mut tx, now, held).await? {
        return Ok(None);
    }
    if let Some(under_way) = &state.under_way {
        tx.commit().await?;
        return Ok(Some(under_way.clone()));
    }
    cloudtrail::forget(&mut tx, now.minus(KEPT)).await?;
    let Some((oldest, newest)) = cloudtrail::span(&mut tx, now.minus(KEPT)).await? else { return Ok(None) };
    let under_way = UnderWay { begun_at: now, from: oldest.minus(SKEW), to: newest.plus(SKEW), next: None };
    cloudtrail::begin(&mut tx, &under_way).await?;
    tx.commit().await?;
    Ok(Some(under_way))
}

async fn turn(
    context: &WorkerContext,
    state: &CloudTrailProgress,
    under_way: &UnderWay,
    held: Timestamp,
    next: Option<&str>,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    let due_at = now.plus(if next.is_some() { PAGE_EVERY } else { ROUND_EVERY });
    let mut tx = context.db.begin().await?;
    if !cloudtrail::turn_page(&mut tx, held, next, due_at).await? {
        return Ok(());
    }
    if next.is_none() {
        let given_up = cloudtrail::end(&mut tx, under_way.begun_at.minus(LATE)).await?;
        if given_up > 0 {
            tracing::info!(invalidations = given_up, "CloudTrail does not say who made them");
        }
    }
    tx.commit().await?;
    if state.problem.is_some() {
        tracing::info!("CloudTrail can be read again");
    }
    Ok(())
}

async fn fail(
    context: &WorkerContext,
    state: &CloudTrailProgress,
    problem: &Problem,
) -> Result<(), StoreError> {
    let before = state.problem.as_ref().map(|problem| problem.kind);
    if before != Some(problem.kind) {
        tracing::warn!(
            kind = problem.kind.as_str(),
            said = problem.message,
            "CloudTrail does not tell who made invalidations outside; it is asked again"
        );
    }
    let now = context.clock.now();
    let denied = problem.kind == ProblemKind::AccessDenied;
    let due_at = now.plus(if denied { AFTER_REFUSAL } else { AFTER_FAILURE });
    let mut tx = context.db.begin().await?;
    cloudtrail::fail(&mut tx, problem, now, due_at).await?;
    let place_lost = matches!(problem.kind, ProblemKind::Other | ProblemKind::InvalidArgument);
    if place_lost && state.under_way.is_some() {
        // The token of the next page has expired. The reading ends and gives no invalidation up (0: none is that
        // old), so that the next one reads the same span of time again.
        cloudtrail::end(&mut tx, Timestamp::from_micros(0)).await?;
    }
    tx.commit().await
}

/// Writes who made an invalidation, if that was not known.
async fn keep(context: &WorkerContext, made: &Made) -> Result<(), StoreError> {
    let found =
        cloudtrail::find(&mut *context.db.read().await?, &made.distribution, &made.invalidation).await?;
    let Some(id) = found else { return Ok(()) };
    let mut tx = context.db.begin().await?;
    if !cloudtrail::settle(&mut tx, &id).await? {
        return Ok(());
    }
    let invalidation = invalidations::find(&mut tx, &id).await?;
    let items = batches::items_of(&mut tx, &id).await?;
    let mut event = event(&id, made, context.clock.now());
    event.items = ItemsRecord::of(&items);
    if let Some(invalidation) = invalidation {
        event.done_at = Some(invalidation.requested_at);
    }
    audit::append(&mut tx, event);
    tx.commit().await?;
    context.notifier.notify();
    Ok(())
}

fn event(id: &InvalidationId, made: &Made, now: Timestamp) -> Event {
    let origin = Origin { client_address: made.address.clone(), ..Origin::default() };
    let acting = Acting { actor: Actor::Outside { name: Some(made.by.clone()) }, origin };
    let mut event = Event::new(now, &acting, Action::InvalidationTraced);
    event.target = Target::Invalidation(id.clone());
    event.distribution = Some(made.distribution.clone());
    event.invalidation = Some(id.clone());
    event.cloudfront_id = made.invalidation.to_string();
    event.aws_request_id.clone_from(&made.request_id);
    event.note = format!(
        "outside invalidation {} was made by {} (found in CloudTrail, event {}, with {})",
        made.invalidation, made.by, made.event_id, made.program
    );
    event
}
