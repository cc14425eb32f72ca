//! Makes the one-time link with which the first account is set up.

use crate::{
    domain::{
        actor::Acting,
        audit::{Action, Event},
        secret::Secret,
        session::LINK_LIFE,
    },
    store::{audit, people},
};

use super::{Desk, OpError, new_secret};

/// A new secret for `/setup`, or nothing where there are accounts already. The next start makes a new one.
pub async fn make_set_up_link(desk: &Desk) -> Result<Option<Secret>, OpError> {
    let mut tx = desk.db.begin().await?;
    if !people::is_empty(&mut tx).await? {
        return Ok(None);
    }
    let now = desk.clock.now();
    let secret = new_secret()?;
    people::replace_set_up_link(&mut tx, &secret.hash(), now, now.plus(LINK_LIFE)).await?;
    let event = Event::new(now, &Acting::service(), Action::SetUpLinkMade);
    audit::append(&mut tx, event);
    desk.commit(tx).await?;
    Ok(Some(secret))
}
