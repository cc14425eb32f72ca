//! Sees invalidations that were made with the console or another tool, and keeps them beside our own.

use crate::{
    cloudfront::{Seen, Status},
    domain::{
        actor::{Acting, Actor},
        audit::{Action, Event, ItemsRecord, Target},
        id::{BatchId, CloudFrontInvalidationId, DistributionId, InvalidationId},
        invalidation::{Invalidation, InvalidationState, NewBatch},
        item::Item,
        retry::wait_before_look,
        time::Timestamp,
    },
    store::{
        StoreError, accounts, audit,
        batches::{self, OutsideBatch},
        distributions, invalidations,
    },
};

use super::super::{Bench, Next};

/// So many unknown ones are asked for in one tick; the rest comes with the next.
const A_TICK: usize = 20;

/// Looks through one distribution that is due: the newest hundred, each unknown one asked for.
pub(super) async fn look(bench: &Bench) -> Result<Next, StoreError> {
    let now = bench.clock.now();
    let due = distributions::outside_due(&mut *bench.db.read().await?, now).await?;
    let Some(distribution) = due.first() else { return Ok(Next::Idle) };
    if let Err(wait) = take_call(bench, distribution, now).await? {
        return Ok(Next::At(wait));
    }
    let ids = match bench.cloudfront.list_invalidations(distribution, None).await {
        Ok(page) => page.rows.into_iter().map(|row| row.id).collect::<Vec<_>>(),
        Err(problem) => {
            tracing::warn!(%distribution, kind = problem.kind.as_str(), said = problem.message,
                "the distribution's invalidations could not be read");
            put_off(bench, distribution).await?;
            return Ok(Next::Again);
        }
    };
    let known = batches::known(&mut *bench.db.read().await?, distribution, &ids).await?;
    // Oldest first, so that the history tells them in their order.
    let unknown: Vec<_> = ids.into_iter().rev().filter(|id| !known.contains(id)).collect();
    let read = keep_all(bench, distribution, &unknown).await?;
    if read < unknown.len().min(A_TICK) || unknown.len() <= A_TICK {
        put_off(bench, distribution).await?;
    }
    Ok(Next::Again)
}

/// Asks for the first unknown ones and keeps them; gives how many could be read.
async fn keep_all(
    bench: &Bench,
    distribution: &DistributionId,
    unknown: &[CloudFrontInvalidationId],
) -> Result<usize, StoreError> {
    let mut calls = 0;
    let mut read = 0;
    for id in unknown.iter().take(A_TICK) {
        calls += 1;
        match bench.cloudfront.get_invalidation(distribution, id).await {
            Ok(seen) => keep(bench, distribution, &seen).await?,
            Err(problem) => {
                tracing::warn!(%distribution, invalidation = %id, kind = problem.kind.as_str(),
                    "an invalidation made outside could not be read");
                break;
            }
        }
        read += 1;
    }
    let mut tx = bench.db.begin().await?;
    let account = distributions::account(&mut tx, distribution).await?;
    let now = bench.clock.now();
    accounts::charge_reads(&mut tx, &account, bench.settings.read, calls, now).await?;
    tx.commit().await?;
    Ok(read)
}

async fn take_call(
    bench: &Bench,
    distribution: &DistributionId,
    now: Timestamp,
) -> Result<Result<(), Timestamp>, StoreError> {
    let mut tx = bench.db.begin().await?;
    let account = distributions::account(&mut tx, distribution).await?;
    let pace = bench.settings.read;
    let taken = accounts::take_read(&mut tx, &account, pace, now).await?;
    tx.commit().await?;
    Ok(taken)
}

async fn put_off(bench: &Bench, distribution: &DistributionId) -> Result<(), StoreError> {
    let mut tx = bench.db.begin().await?;
    let due_at = bench.clock.now().plus(bench.settings.outside_every);
    distributions::set_outside_due(&mut tx, distribution, due_at).await?;
    tx.commit().await
}

/// Writes one, unless it is there already.
async fn keep(bench: &Bench, distribution: &DistributionId, seen: &Seen) -> Result<(), StoreError> {
    match write(bench, distribution, seen).await {
        // On PostgreSQL another replica may have seen it at the same time.
        Err(StoreError::Duplicate(_)) => Ok(()),
        other => other,
    }
}

/// Writes one, unless it is ours: a batch whose answer is still on its way has the same reference.
async fn write(bench: &Bench, distribution: &DistributionId, seen: &Seen) -> Result<(), StoreError> {
    let now = bench.clock.now();
    let mut tx = bench.db.begin().await?;
    let reference = &seen.caller_reference;
    if batches::find_by_reference(&mut tx, distribution, reference).await?.is_some() {
        return Ok(());
    }
    let completed = seen.status == Status::Completed;
    let mut items = seen.items.clone();
    items.sort();
    let record = ItemsRecord::of(&items);
    let invalidation = Invalidation {
        id: InvalidationId::from_trusted(uuid::Uuid::now_v7().hyphenated().to_string()),
        distribution: distribution.clone(),
        requested_by: Actor::outside(),
        requested_at: seen.created_at,
        reason: String::new(),
        state: if completed { InvalidationState::Completed } else { InvalidationState::InProgress },
        item_count: items.len(),
        first_item: items.first().cloned().unwrap_or_else(|| Item::from_trusted("(no items)")),
        ended_at: None,
    };
    invalidations::insert(&mut tx, &invalidation, None, &record.sha256).await?;
    let id = BatchId::from_trusted(uuid::Uuid::now_v7().hyphenated().to_string());
    let outside = OutsideBatch {
        batch: NewBatch { id, caller_reference: reference.clone(), items },
        cloudfront_id: seen.id.clone(),
        created_at: seen.created_at,
        completed,
        look_at: now.plus(wait_before_look(now.since(seen.created_at))),
    };
    batches::insert_outside(&mut tx, &outside, &invalidation.id, distribution).await?;
    audit::append(&mut tx, event(&invalidation, seen, record, now)).await?;
    tx.commit().await?;
    bench.bell.ring();
    Ok(())
}

fn event(invalidation: &Invalidation, seen: &Seen, items: ItemsRecord, now: Timestamp) -> Event {
    let acting = Acting { actor: Actor::outside(), ..Acting::service() };
    let mut event = Event::new(now, &acting, Action::InvalidationSeen);
    event.target = Target::new("invalidation", invalidation.id.as_str());
    event.distribution = Some(invalidation.distribution.clone());
    event.invalidation = Some(invalidation.id.clone());
    event.items = items;
    event.cloudfront_id = seen.id.to_string();
    invalidation.state.as_str().clone_into(&mut event.new);
    event.note = format!("made at {}", seen.created_at);
    event
}
