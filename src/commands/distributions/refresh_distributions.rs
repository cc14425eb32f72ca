//! Lets sync read the distributions from CloudFront now.

use crate::{
    commands::{
        CommandContext, CommandError,
        access::authorize::{self, AccessRefusal},
    },
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
    },
    store::{audit, distributions::survey},
};

/// Makes the sync due. It does not wait for it.
pub async fn refresh_distributions(context: &CommandContext, acting: &Acting) -> Result<(), CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_session(context, tx, acting, "refresh the distributions").await?;
    if !authorize::of(&mut tx, &acting.actor, context.clock.now()).await?.role.may_invalidate() {
        let what = Target::act("refresh the distributions");
        return Err(authorize::refuse(context, tx, acting, &what, None, AccessRefusal::Role).await?);
    }
    survey::request(&mut tx, now).await?;
    audit::append(&mut tx, Event::new(now, acting, Action::DistributionsRefreshRequested));
    context.commit(tx).await?;
    Ok(())
}
