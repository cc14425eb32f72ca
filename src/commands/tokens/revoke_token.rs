//! Revokes an API token at once and for ever, and cancels its waiting requests.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, invalidations::withdraw::withdraw},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::TokenId,
    },
    store::{audit, tokens},
};

/// Revokes the token. `TooLate` if it is revoked already.
pub async fn revoke_token(
    context: &CommandContext,
    acting: &Acting,
    id: &TokenId,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("revoke a token")).await?;
    let token = tokens::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let now = context.clock.now();
    if !tokens::revoke(&mut tx, id, now).await? {
        return Err(CommandError::TooLate);
    }
    let mut event = Event::new(now, acting, Action::TokenRevoked);
    event.target = Target::Token(id.clone());
    event.old = format!("{} ({}), {}", token.name, token.shown, token.role.as_str());
    audit::append(&mut tx, event);
    withdraw(context, &mut tx, acting, &token.actor(), &format!("the token {} was revoked", token.name))
        .await?;
    context.commit(tx).await?;
    Ok(())
}
