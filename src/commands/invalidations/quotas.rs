//! Refuses what is more than one actor may ask for, or than the queue may hold.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
        audit::refuse::Attempt,
        distributions::look_around::spent,
    },
    domain::{
        actor::Acting,
        audit::Target,
        invalidations::{
            invalidation::NewInvalidation,
            quotas::{PROPOSALS, QUEUE, QuotaUsage, Quotas},
        },
    },
    store::{
        Tx,
        invalidations::{batches, proposals},
    },
};

use super::usage_cache::Share;

/// Goes on where there is room for the request: in the actor's day, and in the queue.
pub(in crate::commands) async fn check_room(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<(), CommandError> {
    let share = Share { actor: &acting.actor, items: new.item_count(), batches: new.batches.len() };
    if !context.db.is_shared() && context.usage.take(context.quotas, share) {
        return Ok(());
    }
    let spent = spent(context, tx, &acting.actor).await?;
    let waiting = batches::waiting(tx, QUEUE).await?;
    let why = hindrance(context.quotas, share, spent, waiting);
    if why.is_none() {
        context.usage.set(share, waiting, spent);
    }
    refuse(context, tx, acting, new, why)
}

fn hindrance(quotas: Quotas, share: Share<'_>, spent: QuotaUsage, waiting: usize) -> Option<String> {
    let full = || format!("{QUEUE} batches wait to be sent already; wait until some are");
    quotas.refusal(share.items, spent).or_else(|| (waiting + share.batches > QUEUE).then(full))
}

/// Goes on where there is room for what was refused before and is tried again: `more` items that the day does not count
/// yet, and these batches.
pub(in crate::commands) async fn check_retry(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    more: usize,
    queued: usize,
) -> Result<(), CommandError> {
    let share = Share { actor: &acting.actor, items: more, batches: queued };
    let spent = spent(context, tx, &acting.actor).await?;
    let waiting = batches::waiting(tx, QUEUE).await?;
    match hindrance(context.quotas, share, spent, waiting) {
        Some(why) => Err(authorize::refuse_within(context, tx, acting, asked, AccessRefusal::Bound(why))),
        None => Ok(()),
    }
}

/// Goes on where the actor may have one more request that waits for a second person.
pub(in crate::commands) async fn check_proposals(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<(), CommandError> {
    let waiting = proposals::waiting_of(tx, &acting.actor, context.clock.now()).await?;
    let why = (waiting >= PROPOSALS).then(|| {
        format!("{PROPOSALS} requests of yours wait for approval already; wait until some are decided")
    });
    refuse(context, tx, acting, new, why)
}

fn refuse(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    why: Option<String>,
) -> Result<(), CommandError> {
    let Some(why) = why else { return Ok(()) };
    let (target, items) = (Target::act("invalidate"), new.items());
    let asked = Attempt::on(&target, Some(&new.distribution), &items, &new.reason);
    Err(authorize::refuse_within(context, tx, acting, &asked, AccessRefusal::Bound(why)))
}
