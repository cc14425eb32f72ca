//! Sets the protection of a distribution.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        distributions::protection::Protection,
    },
    store::{
        audit,
        distributions::{self, protections},
    },
};

/// Sets the protection. The event is written even if nothing changes.
pub async fn protect_distribution(
    context: &CommandContext,
    acting: &Acting,
    new: &Protection,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("protect a distribution");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    if distributions::find(&mut tx, &new.distribution).await?.is_none() {
        return Err(CommandError::NotFound);
    }
    let old = protections::hold(&mut tx, &new.distribution).await?;
    protections::set(&mut tx, new).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::ProtectionChanged);
    event.target = Target::Distribution(new.distribution.clone());
    event.distribution = Some(new.distribution.clone());
    event.old = old.describe();
    event.new = new.describe();
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
