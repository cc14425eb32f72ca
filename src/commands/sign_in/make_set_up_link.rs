//! Makes the one-time link with which the first account is set up.

use crate::{
    commands::{CommandContext, CommandError, new_secret},
    domain::{
        actor::Acting,
        audit::{Action, Event},
        secret::Secret,
        sign_in::session::LINK_LIFE,
    },
    store::{audit, sign_in::people},
};

/// A new secret for `/setup`. `None` if there is an account. Each start replaces the secret.
pub async fn make_set_up_link(context: &CommandContext) -> Result<Option<Secret>, CommandError> {
    let mut tx = context.db.begin().await?;
    if !people::is_empty(&mut tx).await? {
        return Ok(None);
    }
    let now = context.clock.now();
    let secret = new_secret()?;
    people::replace_set_up_link(&mut tx, &secret.hash(), now, now.plus(LINK_LIFE)).await?;
    let event = Event::new(now, &Acting::service(), Action::SetUpLinkMade);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(Some(secret))
}
