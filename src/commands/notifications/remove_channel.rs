//! Removes a notification channel.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::ChannelId,
    },
    store::{audit, notifications::channels},
};

use super::{describe, event};

/// Removes the channel with its messages: what waits is not sent.
pub async fn remove_channel(
    context: &CommandContext,
    acting: &Acting,
    id: &ChannelId,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("remove a notification channel");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let channel = channels::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    channels::remove(&mut tx, id).await?;
    let mut event = event(context, acting, Action::ChannelRemoved, &channel);
    event.old = describe(&channel);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
