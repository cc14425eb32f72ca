//! Refuses what is more than one actor may ask for, or than the queue may hold.

use crate::{
    domain::{
        actor::Acting,
        audit::Target,
        bounds::{PROPOSALS, QUEUE, SPAN},
        invalidation::NewInvalidation,
    },
    store::{Tx, batches, invalidations, proposals},
};

use super::{
    Desk, OpError,
    allow::{self, Refusal},
};

/// Goes on where there is room for the request: in the actor's day, and in the queue.
pub(super) async fn check_room(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<(), OpError> {
    let mut why = None;
    if desk.bounds.daily_items.is_some() {
        let since = desk.clock.now().minus(SPAN);
        let spent = invalidations::spent_since(tx, &acting.actor, since).await?;
        why = desk.bounds.refusal(new.item_count(), spent);
    }
    if why.is_none() && batches::waiting(tx, QUEUE).await? + new.batches.len() > QUEUE {
        why = Some(format!("{QUEUE} batches wait to be sent already; wait until some are"));
    }
    refuse(desk, tx, acting, new, why).await
}

/// Goes on where the actor may have one more request that waits for a second person.
pub(super) async fn check_proposals(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
) -> Result<(), OpError> {
    let waiting = proposals::waiting_of(tx, &acting.actor, desk.clock.now()).await?;
    let why = (waiting >= PROPOSALS).then(|| {
        format!("{PROPOSALS} requests of yours wait for approval already; wait until some are decided")
    });
    refuse(desk, tx, acting, new, why).await
}

async fn refuse(
    desk: &Desk,
    tx: &mut Tx,
    acting: &Acting,
    new: &NewInvalidation,
    why: Option<String>,
) -> Result<(), OpError> {
    let Some(why) = why else { return Ok(()) };
    let what = Target::new("act", "invalidate");
    Err(allow::refuse_within(desk, tx, acting, &what, Some(&new.distribution), Refusal::Bound(why)).await?)
}
