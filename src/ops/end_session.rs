//! Signs a person out.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        secret::SecretHash,
    },
    store::{audit, sessions},
};

use super::{Desk, OpError};

/// Ends the session. One that is over already is left as it is.
pub async fn end_session(desk: &Desk, acting: &Acting, session: &SecretHash) -> Result<(), OpError> {
    let mut tx = desk.db.begin().await?;
    if !sessions::delete(&mut tx, session).await? {
        return Ok(());
    }
    let mut event = Event::new(desk.clock.now(), acting, Action::SignedOut);
    event.target = Target::new("session", &session.handle());
    audit::append(&mut tx, event).await?;
    desk.commit(tx).await?;
    Ok(())
}
