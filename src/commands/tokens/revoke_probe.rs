//! Revokes the token of a probe at once and for ever. What the probe saw stays.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::TokenId,
    },
    store::{audit, probes},
};

/// Revokes the token. `TooLate` if it is revoked already.
pub async fn revoke_probe(
    context: &CommandContext,
    acting: &Acting,
    id: &TokenId,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("revoke a probe")).await?;
    let probe = probes::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let now = context.clock.now();
    if !probes::revoke(&mut tx, id, now).await? {
        return Err(CommandError::TooLate);
    }
    let mut event = Event::new(now, acting, Action::TokenRevoked);
    event.target = Target::Token(id.clone());
    event.old = format!("{} ({}), probe", probe.name, probe.shown);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
