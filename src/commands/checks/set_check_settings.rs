//! Sets what the checks of a distribution look at.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        checks::CheckSettings,
        id::DistributionId,
    },
    store::{audit, checks, distributions},
};

/// Checks and sets the settings. The event is written even if nothing changes.
pub async fn set_check_settings(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
    new: CheckSettings,
) -> Result<CheckSettings, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("set the checks of a distribution");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let distribution = distributions::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let new = new.checked(&distribution)?;
    let old = checks::settings::find(&mut tx, id).await?;
    checks::settings::set(&mut tx, id, &new).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::CheckSettingsChanged);
    event.target = Target::Distribution(id.clone());
    event.distribution = Some(id.clone());
    event.old = old.describe();
    event.new = new.describe();
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(new)
}
