//! Asks for the looks of a distribution's check-up.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::DistributionId,
    },
    store::{audit, checks, distributions},
};

/// Makes the looks of a distribution's check-up due now. [`CommandError::CheckGoesOn`] if they are due anyway, so that
/// nobody can pile up looks; [`CommandError::TooLate`] if the distribution serves nobody at a host of its own.
pub async fn ask_for_check_up(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let what = Target::act("look at a distribution for its check-up");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, id, &[]).await?;
    let distribution = distributions::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if !distribution.has_host() {
        return Err(CommandError::TooLate);
    }
    if !checks::check_up::ask(&mut tx, id, &acting.actor, now).await? {
        return Err(CommandError::CheckGoesOn);
    }
    let mut event = Event::new(now, acting, Action::CheckUpRequested);
    event.distribution = Some(id.clone());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
