//! Adds a freeze window.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::FreezeId,
        invalidations::freeze_window::{
            FREEZES_MAX, FreezeError, FreezeErrors, FreezeScope, FreezeWindow, LISTED_AFTER_END, TypedFreeze,
        },
    },
    store::{Tx, audit, distributions, invalidations::freezes},
};

/// Adds the window that was typed. Requests that wait for a time within it are put off when that time comes.
pub async fn add_freeze(
    context: &CommandContext,
    acting: &Acting,
    typed: &TypedFreeze,
) -> Result<FreezeWindow, CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("add a freeze window")).await?;
    let new = typed.read(FreezeId::new(new_uuid()), now)?;
    check_distributions(&mut tx, &new).await?;
    freezes::remove_ended(&mut tx, now.minus(LISTED_AFTER_END)).await?;
    if freezes::count(&mut tx).await? >= FREEZES_MAX {
        return Err(FreezeErrors::from(FreezeError::TooMany).into());
    }
    freezes::insert(&mut tx, &new).await?;
    let mut event = Event::new(now, acting, Action::FreezeAdded);
    event.target = Target::Settings(format!("freeze window {}", new.name));
    event.new = new.describe();
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(new)
}

async fn check_distributions(tx: &mut Tx, new: &FreezeWindow) -> Result<(), CommandError> {
    let FreezeScope::Only(ids) = &new.scope else { return Ok(()) };
    let named: Vec<_> = ids.iter().collect();
    if distributions::some(tx, &named).await?.len() == ids.len() {
        Ok(())
    } else {
        Err(FreezeErrors::from(FreezeError::Distributions).into())
    }
}
