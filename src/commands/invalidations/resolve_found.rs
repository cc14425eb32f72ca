//! Resolves a batch that a person found in CloudFront after Unstale could not find it.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::Acting,
        audit::{Action, Event},
        id::{BatchId, CloudFrontInvalidationId},
    },
    store::{
        StoreError, audit,
        invalidations::{self, batches, needs_a_look},
    },
};

use super::resolve_not_there::sent_for;

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
    let (mut tx, sent) = sent_for(context, tx, acting, &batch).await?;
    match needs_a_look::set_found(&mut tx, &sent.id, cloudfront_id, now).await {
        Err(StoreError::Duplicate(_)) => return Err(CommandError::BelongsToAnother),
        Ok(false) => return Err(CommandError::TooLate),
        other => other?,
    };
    let of = sent.serves.iter().map(|batch| batch.invalidation.clone());
    let states = invalidations::refresh_states(&mut tx, of, now).await?;
    let mut event = Event::new(now, acting, Action::BatchResolved);
    event.cloudfront_id = cloudfront_id.to_string();
    "found at CloudFront by a person".clone_into(&mut event.note);
    for event in event.of_each(&sent.serves, &states) {
        audit::append(&mut tx, event);
    }
    context.commit(tx).await?;
    Ok(())
}
