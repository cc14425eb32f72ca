//! Makes a probe with its token. The secret is shown once.

use std::time::Duration;

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid, tokens::new_bearer_secret},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::TokenId,
        tokens::{
            probe::{Probe, ProbeSecret},
            token::TokenError,
        },
    },
    store::{StoreError, audit, probes},
};

/// Writes the probe and the event. `life` is how long its token is valid; without one until it is revoked. The secret is
/// returned only here: the database has its hash.
pub async fn make_probe(
    context: &CommandContext,
    acting: &Acting,
    name: &str,
    life: Option<Duration>,
) -> Result<(Probe, ProbeSecret), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("make a probe")).await?;
    let (now, secret) = (context.clock.now(), new_bearer_secret()?);
    let probe = Probe {
        id: TokenId::new(new_uuid()),
        name: name.to_owned(),
        shown: secret.shown(),
        made_by: acting.actor.id().to_owned(),
        made_by_name: acting.actor.name().to_owned(),
        created_at: now,
        expires_at: life.map(|life| now.plus(life)),
        contact_at: None,
        revoked_at: None,
    };
    match probes::insert(&mut tx, &probe, &secret.hash()).await {
        Err(StoreError::Duplicate(_)) => return Err(TokenError::ProbeExists.into()),
        other => other?,
    }
    let mut event = Event::new(now, acting, Action::TokenMade);
    event.target = Target::Token(probe.id.clone());
    let ends = probe.expires_at.map_or("until it is revoked".to_owned(), |at| format!("until {}", at.date()));
    event.new = format!("{} ({}), probe, {ends}", probe.name, probe.shown);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok((probe, secret))
}
