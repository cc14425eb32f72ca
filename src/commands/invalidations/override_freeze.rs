//! Lets a waiting request go during the freeze windows that hold it.

use crate::{
    commands::{CommandContext, CommandError, audit::refuse::Attempt},
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Target},
        id::InvalidationId,
        invalidations::freeze_window::FreezeAnswer,
    },
    store::{audit, invalidations::freezes},
};

use super::{begin_on::begin_on, freezes::clear_again};

/// Overrides the freeze windows that a waiting request meets, so that it is sent at the time that was chosen for it.
/// [`CommandError::TooLate`] if it waits for none.
pub async fn override_freeze(
    context: &CommandContext,
    acting: &Acting,
    id: &InvalidationId,
    answer: FreezeAnswer<'_>,
) -> Result<(), CommandError> {
    let what = Target::act("override a freeze window");
    let (mut tx, found, items) = begin_on(context, acting, id, &what).await?;
    let waiting = freezes::waiting_of(&mut tx, id).await?.ok_or(CommandError::TooLate)?;
    let asked = Attempt::on(&what, Some(&found.distribution), &items, answer.reason);
    let clearance = clear_again(context, &mut tx, acting, &asked, &found, (waiting.chosen, answer)).await;
    let (mut tx, clearance) = context.or_commit_refusal(tx, clearance).await?;
    if !clearance.is_override() {
        return Err(CommandError::TooLate);
    }
    freezes::release(&mut tx, id).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::FreezeOverridden);
    event.target = Target::Invalidation(id.clone());
    event.distribution = Some(found.distribution.clone());
    event.invalidation = Some(id.clone());
    event.items = ItemsRecord::of(&items);
    clearance.note_in(&mut event, "", answer);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
