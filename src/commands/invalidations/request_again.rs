//! The same request with the same idempotency key: it gets the answer of the first time, or is tried once more where
//! CloudFront refused all of it.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, refusal},
        audit::refuse::Attempt,
    },
    domain::{
        access::Access,
        actor::Acting,
        audit::Target,
        id::InvalidationId,
        invalidations::{
            freeze_window::FreezeAnswer,
            idempotency::IdempotentAnswer,
            invalidation::{BatchState, Invalidation, NewInvalidation},
            item::Item,
            quotas::SPAN,
        },
        time::Timestamp,
    },
    store::{
        StoreError, Tx, distributions,
        invalidations::{self, batches, proposals},
    },
};

use super::{quotas::check_retry, requested::Requested, retry_invalidation::queue_again};

/// What was noted of a try that nobody pressed a button for.
const NOTE: &str = "requested again with the same idempotency key";

/// Answers a repeat of a program. A form has no fingerprint, and its page has a button for another try.
pub(in crate::commands) async fn again(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    access: &Access,
    (answer, at): (IdempotentAnswer, Timestamp),
) -> Result<Requested, CommandError> {
    if new.fingerprint.is_none() {
        return Ok(Requested::Before(answer, at));
    }
    let id = invalidation_of(tx, &answer, context.clock.now()).await?;
    let Some(id) = id else { return Ok(Requested::Before(answer, at)) };
    let Some(AllRefused { found, items, batches }) = all_refused(tx, &id).await? else {
        return Ok(Requested::Before(answer, at));
    };
    let what = Target::act("retry an invalidation");
    let asked = Attempt::on(&what, Some(&found.distribution), &items, &new.reason);
    // What is sent is what was kept then: it is looked at anew, and not only what the request says today.
    if let Some(why) = refusal(access, &found.distribution, &items) {
        return Err(authorize::refuse_within(context, tx, acting, &asked, why));
    }
    if distributions::is_tenant_only(tx, &found.distribution).await? {
        return Err(authorize::refuse_within(context, tx, acting, &asked, authorize::TENANT_ONLY));
    }
    // Within a day its items count already.
    let counted =
        context.clock.now().is_soon_after(found.requested_at, SPAN) && found.requested_by == acting.actor;
    let more = if counted { 0 } else { items.len() };
    check_retry(context, tx, acting, &asked, more, batches).await?;
    // Of many who ask at once one tries again.
    let said = FreezeAnswer { overrides: new.override_freeze, reason: &new.reason };
    match queue_again(context, tx, acting, &found, (NOTE, said)).await? {
        0 => Ok(Requested::Before(answer, at)),
        _ => Ok(Requested::Retried(id, at)),
    }
}

/// What became of the request, as far as it became an invalidation.
async fn invalidation_of(
    tx: &mut Tx,
    answer: &IdempotentAnswer,
    now: Timestamp,
) -> Result<Option<InvalidationId>, StoreError> {
    Ok(match answer {
        IdempotentAnswer::Accepted(id) | IdempotentAnswer::HeldBack(id) => Some(id.clone()),
        IdempotentAnswer::Proposed(id) => {
            proposals::find(tx, id, now).await?.and_then(|proposal| proposal.invalidation)
        }
    })
}

/// An invalidation that CloudFront refused as a whole.
struct AllRefused {
    found: Invalidation,
    items: Vec<Item>,
    /// The number of batches that another try sends.
    batches: usize,
}

/// `None` unless CloudFront refused every batch of the invalidation for good.
async fn all_refused(tx: &mut Tx, id: &InvalidationId) -> Result<Option<AllRefused>, StoreError> {
    let Some(found) = invalidations::find(tx, id).await? else { return Ok(None) };
    let mut batches = batches::of_invalidation(tx, id).await?;
    // The halves of a batch that was cut in two stand for it.
    batches.retain(|batch| !batch.is_cut());
    let refused = !batches.is_empty() && batches.iter().all(|batch| batch.state == BatchState::Failed);
    if !refused {
        return Ok(None);
    }
    let (items, batches) = (batches::items_of(tx, id).await?, batches.len());
    Ok(Some(AllRefused { found, items, batches }))
}
