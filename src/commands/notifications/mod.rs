//! Notification channels: who is told what.

mod add_channel;
mod change_channel;
mod change_signing_key;
mod remove_channel;
mod retry_messages;
mod rules;
mod test_channel;

pub use add_channel::add_channel;
pub use change_channel::{ChannelChange, RulesChange, change_channel};
pub use change_signing_key::change_signing_key;
pub use remove_channel::remove_channel;
pub use retry_messages::retry_messages;
pub use test_channel::test_channel;

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::ChannelId,
        notifications::{
            Channel, ChannelError, ChannelKind, KEY_LEN, NewAddress, NotificationRule, SigningKey,
            SigningMethod,
        },
        secrets_key::{ChannelSecret, SealedSecret, SealingNonce, SecretBinding},
    },
};

/// Encrypts a secret of a channel. Fails if this server has no key for it.
fn seal(
    context: &CommandContext,
    secret: &str,
    binding: &impl SecretBinding,
) -> Result<SealedSecret, CommandError> {
    let mut nonce = SealingNonce::default();
    getrandom::fill(&mut nonce)?;
    let key = context.secrets_key.as_deref().ok_or(ChannelError::NoKey)?;
    Ok(key.seal(secret, binding, nonce).ok_or(ChannelError::Address)?)
}

/// Encrypts the URL of a channel. `None` for an e-mail address.
fn seal_address(
    context: &CommandContext,
    address: &NewAddress,
    id: &ChannelId,
) -> Result<Option<SealedSecret>, CommandError> {
    address.secret().map(|url| seal(context, url, &ChannelSecret::Address(id))).transpose()
}

/// Goes on where this server can send to channels of this kind.
fn check_kind(context: &CommandContext, kind: ChannelKind) -> Result<(), CommandError> {
    if kind == ChannelKind::Email && !context.sends_email {
        return Err(ChannelError::NoMailServer.into());
    }
    Ok(())
}

fn new_key(method: SigningMethod) -> Result<SigningKey, CommandError> {
    let mut bytes = [0; KEY_LEN];
    getrandom::fill(&mut bytes)?;
    Ok(SigningKey::from_random(method, bytes))
}

/// The event of an act on a channel.
fn event(context: &CommandContext, acting: &Acting, action: Action, channel: &Channel) -> Event {
    let target = Target::Settings(format!("notification channel {}", channel.name));
    Event { target, ..Event::new(context.clock.now(), acting, action) }
}

/// The channel as text for the history, without its secrets.
fn describe(channel: &Channel) -> String {
    let rules = channel.rules.iter().map(NotificationRule::describe).collect::<Vec<_>>().join("; ");
    let state = if channel.is_on { "on" } else { "off" };
    format!(
        "{} at {}, {state}: {}",
        channel.kind.as_str(),
        channel.destination,
        if rules.is_empty() { "no rules" } else { &rules }
    )
}
