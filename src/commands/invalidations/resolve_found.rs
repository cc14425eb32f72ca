//! Resolves a batch that a person found in CloudFront after Unstale could not find it.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::{BatchId, CloudFrontInvalidationId},
    },
    store::{
        StoreError, audit,
        invalidations::{self, batches, needs_a_look},
    },
};

use super::resolve_not_there::resolved;

/// Gives the batch the ID that the person found. The poller then asks CloudFront for its status. `TooLate` if the
/// batch is resolved already.
pub async fn resolve_found(
    context: &CommandContext,
    acting: &Acting,
    id: &BatchId,
    cloudfront_id: &CloudFrontInvalidationId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let batch = batches::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let what = Target::act("settle a batch");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, &batch.distribution, &batch.items).await?;
    match needs_a_look::set_found(&mut tx, id, cloudfront_id, now).await {
        Err(StoreError::Duplicate(_)) => return Err(CommandError::BelongsToAnother),
        Ok(false) => return Err(CommandError::TooLate),
        other => other?,
    };
    let state = invalidations::refresh_state(&mut tx, &batch.invalidation, now).await?;
    let mut event = resolved(now, acting, Action::BatchResolved, &batch, state);
    event.cloudfront_id = cloudfront_id.to_string();
    "found at CloudFront by a person".clone_into(&mut event.note);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
