//! Records that somebody sent a header that only a proxy may send.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome},
    },
    store::audit,
};

/// Records that an identity header was refused because of `why`.
pub async fn refuse_header(context: &CommandContext, origin: &Origin, why: &str) -> Result<(), CommandError> {
    let acting = Acting { actor: Actor::nobody(""), origin: origin.clone() };
    let mut tx = context.db.begin().await?;
    let mut event = Event::new(context.clock.now(), &acting, Action::HeaderRefused);
    event.outcome = Outcome::Refused;
    event.note = format!("{why}; more of the same within a minute are in the log only");
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
