//! Lets a waiting request go during the freeze windows that hold it.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, audit::refuse::Attempt},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::InvalidationId,
        invalidations::freeze_window::FreezeAnswer,
    },
    store::{
        audit,
        distributions::protections,
        invalidations::{self, batches, freezes},
    },
};

use super::freezes::{FreezeCheck, hold};

/// Overrides the freeze windows that a waiting request meets, so that it is sent at the time that was chosen for it.
/// [`CommandError::TooLate`] if it waits for none.
pub async fn override_freeze(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
    answer: FreezeAnswer<'_>,
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    let found = invalidations::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let items = batches::items_of(&mut tx, id).await?;
    let what = Target::act("override a freeze window");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, &found.distribution, &items).await?;
    let waiting = freezes::waiting_of(&mut tx, id).await?.ok_or(CommandError::TooLate)?;
    let protection = protections::find(&mut tx, &found.distribution).await?;
    let before = freezes::overridden(&mut tx, id).await?;
    let asked = Attempt::on(&what, Some(&found.distribution), &items, answer.reason);
    let check = FreezeCheck {
        items: &items,
        protection: &protection,
        sent_at: waiting.chosen,
        answer,
        overridden: &before,
    };
    let clearance = match hold(context, &mut tx, acting, &asked, check).await {
        Err(CommandError::Store(error)) => return Err(error.into()),
        // The refusal is written too.
        Err(refused) => {
            context.commit(tx).await?;
            return Err(refused);
        }
        Ok(clearance) => clearance,
    };
    if !clearance.is_override() {
        return Err(CommandError::TooLate);
    }
    clearance.keep(&mut tx, id, &before).await?;
    freezes::release(&mut tx, id).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::FreezeOverridden);
    event.target = Target::Invalidation(id.clone());
    event.distribution = Some(found.distribution.clone());
    event.invalidation = Some(id.clone());
    event.items = ItemsRecord::of(&items);
    answer.reason.trim().clone_into(&mut event.reason);
    event.note = clearance.noted("");
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
