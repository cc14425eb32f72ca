//! Looks again at the URLs of a check run.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::CheckRunId,
    },
    store::{audit, checks},
};

/// Makes the looks of a run due now. [`CommandError::TooLate`] if they are due anyway, or if CloudFront has not
/// completed its invalidation.
pub async fn check_again(
    context: &CommandContext,
    acting: &Acting,
    id: &CheckRunId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let run = checks::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let what = Target::act("check again");
    let (mut tx, _) = authorize::check(context, tx, acting, &what, &run.distribution, &[]).await?;
    if !checks::check_again(&mut tx, id, now).await? {
        return Err(CommandError::TooLate);
    }
    let mut event = Event::new(now, acting, Action::CheckRequested);
    event.distribution = Some(run.distribution);
    event.invalidation = run.invalidation;
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
