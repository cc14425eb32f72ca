//! Asks the surveyor to read the distributions from CloudFront now.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
    },
    store::{audit, survey},
};

use super::{
    Desk, OpError,
    allow::{self, Refusal},
};

/// Makes the survey due. The page does not wait for it.
pub async fn refresh_distributions(desk: &Desk, acting: &Acting) -> Result<(), OpError> {
    let now = desk.clock.now();
    let tx = desk.db.begin().await?;
    let mut tx = allow::check_session(desk, tx, acting, "refresh the distributions").await?;
    if !allow::of(&mut tx, &acting.actor, desk.clock.now()).await?.role.may_invalidate() {
        let what = Target::new("act", "refresh the distributions");
        return Err(allow::refuse(desk, tx, acting, &what, None, Refusal::Role).await?);
    }
    survey::request(&mut tx, now).await?;
    audit::append(&mut tx, Event::new(now, acting, Action::DistributionsRefreshRequested));
    desk.commit(tx).await?;
    Ok(())
}
