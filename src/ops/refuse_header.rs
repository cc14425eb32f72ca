//! Keeps in the history that somebody sent a header that only a proxy may send.

use crate::{
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome},
    },
    store::audit,
};

use super::{Desk, OpError};

/// Writes that an identity header was refused because of `why`.
pub async fn refuse_header(desk: &Desk, origin: &Origin, why: &str) -> Result<(), OpError> {
    let acting = Acting { actor: Actor::nobody(""), origin: origin.clone() };
    let mut tx = desk.db.begin().await?;
    let mut event = Event::new(desk.clock.now(), &acting, Action::HeaderRefused);
    event.outcome = Outcome::Refused;
    event.note = format!("{why}; more of the same within a minute are in the log only");
    audit::append(&mut tx, event);
    desk.commit(tx).await?;
    Ok(())
}
