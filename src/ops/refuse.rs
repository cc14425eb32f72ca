//! Keeps a refused act in the history.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome, Target},
        id::DistributionId,
    },
    store::audit,
};

use super::{Desk, OpError};

/// Writes that somebody tried `what` and was refused because of `why`.
pub async fn refuse(
    desk: &Desk,
    acting: &Acting,
    what: &Target,
    distribution: Option<&DistributionId>,
    why: &str,
) -> Result<(), OpError> {
    let mut tx = desk.db.begin().await?;
    let mut event = Event::new(desk.clock.now(), acting, Action::ActRefused);
    event.target = what.clone();
    event.distribution = distribution.cloned();
    event.outcome = Outcome::Refused;
    why.clone_into(&mut event.note);
    audit::append(&mut tx, event).await?;
    desk.commit(tx).await?;
    Ok(())
}
