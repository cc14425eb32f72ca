//! Removes a freeze window, and lets go what it put off.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::FreezeId,
    },
    store::{audit, invalidations::freezes},
};

/// Removes the window. What it put off is due again at the time that was chosen for it, unless another window holds it.
pub async fn remove_freeze(
    context: &CommandContext,
    acting: &Acting,
    id: &FreezeId,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("remove a freeze window")).await?;
    let window = freezes::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if !freezes::remove(&mut tx, id).await? {
        return Err(CommandError::NotFound);
    }
    freezes::release_until(&mut tx, window.until).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::FreezeRemoved);
    event.target = Target::Settings(format!("freeze window {}", window.name));
    event.old = window.describe();
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
