//! Asks for a listing of a distribution's buckets, to see which files changed.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        distributions::distribution::DistributionReadiness,
        id::DistributionId,
    },
    store::{audit, checks, distributions},
};

/// Makes a listing of the distribution's buckets due now. [`CommandError::ListingGoesOn`] if somebody waits for one
/// already, so that nobody can pile them up; [`CommandError::OriginNotAsked`] where that is not switched on;
/// [`CommandError::TooLate`] if CloudFront no longer lists the distribution, or no viewer uses it directly.
pub async fn look_for_changes(
    context: &CommandContext,
    acting: &Acting,
    id: &DistributionId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let what = Target::act("look for changed files");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, id, &[]).await?;
    let distribution = distributions::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    match distribution.readiness() {
        DistributionReadiness::Gone | DistributionReadiness::TenantOnly => return Err(CommandError::TooLate),
        DistributionReadiness::Ready | DistributionReadiness::Deploying | DistributionReadiness::Disabled => {
        }
    }
    if !checks::settings::find(&mut tx, id).await?.ask_origin {
        return Err(CommandError::OriginNotAsked);
    }
    if !checks::changes::ask(&mut tx, id, now).await? {
        return Err(CommandError::ListingGoesOn);
    }
    let mut event = Event::new(now, acting, Action::ChangesRequested);
    event.distribution = Some(id.clone());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
