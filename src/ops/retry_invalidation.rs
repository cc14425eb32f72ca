//! Sends again what CloudFront refused, once its cause is mended. The caller references stay as they are.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::InvalidationId,
    },
    store::{audit, batches, distributions, invalidations},
};

use super::{Desk, OpError, allow};

/// Queues the failed batches again, or fails with [`OpError::TooLate`] where none has failed.
pub async fn retry_invalidation(desk: &Desk, acting: &Acting, id: &InvalidationId) -> Result<(), OpError> {
    let now = desk.clock.now();
    let mut tx = desk.db.begin().await?;
    let found = invalidations::find(&mut tx, id).await?.ok_or(OpError::NotFound)?;
    let items = batches::items_of(&mut tx, id).await?;
    let what = Target::new("act", "retry an invalidation");
    let (mut tx, _) = allow::check(desk, tx, acting, &what, &found.distribution, &items).await?;
    if distributions::is_tenant_only(&mut tx, &found.distribution).await? {
        return Err(
            allow::refuse(desk, tx, acting, &what, Some(&found.distribution), allow::TENANT_ONLY).await?
        );
    }
    let queued = batches::requeue_failed(&mut tx, id, now).await?;
    if queued == 0 {
        return Err(OpError::TooLate);
    }
    let state = invalidations::refresh_state(&mut tx, id, now).await?;
    let mut event = Event::new(now, acting, Action::InvalidationRetried);
    event.target = Target::new("invalidation", id.as_str());
    event.distribution = Some(found.distribution);
    event.invalidation = Some(id.clone());
    found.state.as_str().clone_into(&mut event.old);
    state.as_str().clone_into(&mut event.new);
    audit::append(&mut tx, event);
    desk.tally.forget();
    desk.commit(tx).await?;
    Ok(())
}
