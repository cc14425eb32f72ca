//! Adds a notification channel.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::ChannelId,
        notifications::{CHANNELS_MAX, Channel, ChannelError, SigningKey, TypedChannel, TypedRule},
        secrets_key::ChannelSecret,
    },
    store::{
        StoreError, audit,
        notifications::{self, channels, channels::ChannelSecrets},
    },
};

use super::{check_kind, describe, event, new_key, rules, seal, seal_address};

/// Adds the channel that was typed. Gives the signing key too, if its messages are signed: what the receiver needs of it
/// is shown once.
pub async fn add_channel(
    context: &CommandContext,
    acting: &Acting,
    typed: &TypedChannel,
    typed_rules: &[TypedRule],
) -> Result<(Channel, Option<SigningKey>), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx =
        authorize::check_admin(context, tx, acting, &Target::act("add a notification channel")).await?;
    let new = typed.read(&context.notification_networks)?;
    check_kind(context, new.kind)?;
    let total = channels::total(&mut tx).await?;
    if total >= CHANNELS_MAX {
        return Err(ChannelError::TooMany.into());
    }
    if total == 0 {
        // Nobody was to be told of what happened before.
        notifications::start_at_head(&mut tx).await?;
    }
    let id = ChannelId::new(new_uuid());
    let key = new.signing.map(new_key).transpose()?;
    let sealed_key = key.as_ref().map(|key| seal(context, &key.stored(), &ChannelSecret::SigningKey(&id)));
    let secrets = ChannelSecrets {
        address: seal_address(context, &new.address, &id)?,
        signing_key: sealed_key.transpose()?,
        earlier_key: None,
    };
    let channel = Channel {
        id,
        destination: new.address.destination(),
        name: new.name,
        kind: new.kind,
        signing: new.signing,
        rules: rules::read_all(&mut tx, typed_rules).await?,
        is_on: true,
        off_because: String::new(),
        created_at: context.clock.now(),
        delivered_at: None,
        trouble: None,
    };
    match channels::insert(&mut tx, &channel, &secrets).await {
        Err(StoreError::Duplicate(_)) => return Err(ChannelError::NameTaken.into()),
        other => other?,
    }
    let mut event = event(context, acting, Action::ChannelAdded, &channel);
    event.new = describe(&channel);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok((channel, key))
}
