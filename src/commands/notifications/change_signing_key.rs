//! Makes a new signing key for a channel.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::ChannelId,
        notifications::{Channel, ROTATION, SigningKey},
        secrets_key::ChannelSecret,
    },
    store::{audit, notifications::channels},
};

use super::{event, new_key, seal};

/// Makes a new key. For a day, messages are signed with the one before it too.
pub async fn change_signing_key(
    context: &CommandContext,
    acting: &Acting,
    id: &ChannelId,
) -> Result<(Channel, SigningKey), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("change the signing key of a notification channel");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let channel = channels::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let key = new_key(channel.signing.ok_or(CommandError::NotFound)?)?;
    let sealed = seal(context, &key.stored(), &ChannelSecret::SigningKey(id))?;
    let until = context.clock.now().plus(ROTATION);
    channels::set_signing_key(&mut tx, id, &sealed, until).await?;
    let mut event = event(context, acting, Action::ChannelKeyChanged, &channel);
    event.note = format!("signed with the earlier key too until {} UTC", until.to_the_minute());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok((channel, key))
}
