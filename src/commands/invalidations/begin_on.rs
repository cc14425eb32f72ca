//! Begins an act on an invalidation that is there.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::Target,
        id::InvalidationId,
        invalidations::{invalidation::Invalidation, item::Item},
    },
    store::{
        Tx,
        invalidations::{self, batches},
    },
};

/// A transaction about an invalidation with these items, on all of which the actor may act.
pub(super) async fn begin_on(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
    what: &Target,
) -> Result<(Tx, Invalidation, Vec<Item>), CommandError> {
    let mut tx = context.db.begin().await?;
    let found = invalidations::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let items = batches::items_of(&mut tx, id).await?;
    let (tx, _) = authorize::check(context, tx, acting, what, &found.distribution, &items).await?;
    Ok((tx, found, items))
}
