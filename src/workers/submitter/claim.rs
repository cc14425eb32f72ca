//! The first part of a tick: claims one batch, within the limits of its distribution and the pace of its account.

use crate::{
    domain::{
        id::{BatchId, DistributionId},
        invalidations::queue,
        time::Timestamp,
    },
    store::{
        StoreError, Tx, accounts, distributions,
        invalidations::batches::{self, Sendable},
    },
};

use super::{
    super::{Next, WorkerContext},
    Held, frozen, merging, withdrawn,
};

/// The result of a claim.
pub(super) enum Claim {
    Held(Box<Held>),
    /// A request was cancelled, because its actor is no longer allowed to make it, or put off by a freeze window.
    Withdrawn,
    Nothing(Next),
}

/// Claims the next batch. Distributions take turns, and the limits of each distribution apply.
pub(super) async fn claim(context: &WorkerContext) -> Result<Claim, StoreError> {
    let now = context.clock.now();
    let sendable = batches::sendable(&mut *context.db.read().await?, now).await?;
    if sendable.is_empty() {
        let due = batches::next_due(&mut *context.db.read().await?).await?;
        return Ok(Claim::Nothing(due.filter(|due| *due > now).map_or(Next::Idle, Next::At)));
    }
    // The pace is checked before the transaction begins, because requests of people wait for the same writer while
    // it is open.
    let wait = |one: &Sendable| context.settings.create.take(one.create_next_at, now).err();
    let mut next = sendable.iter().filter_map(wait).min().map_or(Next::Idle, Next::At);
    if sendable.iter().all(|one| wait(one).is_some()) {
        return Ok(Claim::Nothing(next));
    }
    let mut tx = context.db.begin().await?;
    for Sendable { distribution, account, .. } in sendable {
        match claim_of(context, &mut tx, &distribution, &account, now).await? {
            Claim::Held(held) => {
                tx.commit().await?;
                return Ok(Claim::Held(held));
            }
            Claim::Withdrawn => {
                tx.commit().await?;
                context.notifier.notify();
                return Ok(Claim::Withdrawn);
            }
            Claim::Nothing(Next::At(at)) => next = Next::At(at),
            Claim::Nothing(_) => {}
        }
    }
    Ok(Claim::Nothing(next))
}

/// Whether the batch's request was taken back or put off just now. What several were merged into belongs to none: each of
/// them was looked at when they were merged.
pub(super) async fn is_held_back(tx: &mut Tx, id: &BatchId, now: Timestamp) -> Result<bool, StoreError> {
    let Some(batch) = batches::find(tx, id).await? else { return Ok(false) };
    Ok(withdrawn::take_back(tx, &batch, now).await? || frozen::put_off(tx, &batch, now).await?)
}

async fn claim_of(
    context: &WorkerContext,
    tx: &mut Tx,
    distribution: &DistributionId,
    account: &str,
    now: Timestamp,
) -> Result<Claim, StoreError> {
    let idle = Ok(Claim::Nothing(Next::Idle));
    accounts::lock(tx, account).await?;
    let candidates = batches::candidates(tx, distribution, now).await?;
    let in_flight = batches::in_flight(tx, distribution).await?;
    let Some(chosen) = queue::pick(&candidates, in_flight, context.settings.limits, now) else {
        return idle;
    };
    // A batch that is counted may be at CloudFront already, so it is neither taken back nor put off.
    if !chosen.counted && is_held_back(tx, &chosen.id, now).await? {
        return Ok(Claim::Withdrawn);
    }
    let merging = merging::of(tx, chosen, &candidates, in_flight, context.settings.limits).await?;
    if let Some(merging) = &merging
        && merging.holds_one_back(tx, now).await?
    {
        return Ok(Claim::Withdrawn);
    }
    let (create, all) = (context.settings.create, context.settings.read);
    if let Err(wait) = accounts::take_create(tx, account, create, all, now).await? {
        return Ok(Claim::Nothing(Next::At(wait)));
    }
    let lease = super::super::new_lease();
    let until = now.plus(context.settings.lease);
    let merged = match merging {
        Some(merging) => merging.write(tx, now).await?,
        None => None,
    };
    let id = merged.unwrap_or_else(|| chosen.id.clone());
    if !batches::claim(tx, &id, &lease, now, until).await? {
        return idle;
    }
    distributions::set_claimed(tx, distribution, now).await?;
    let Some(batch) = batches::sent_for(tx, &id).await? else { return idle };
    let (account, counted) = (account.to_owned(), chosen.counted);
    let unknown = counted || batch.restored_from.is_some();
    Ok(Claim::Held(Box::new(Held { batch, lease, account, counted, unknown, reads: 0 })))
}
