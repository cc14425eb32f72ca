//! Sends messages again that were given up.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::ChannelId,
    },
    store::{
        audit,
        notifications::{channels, messages},
    },
};

use super::event;

/// Tries all messages of the channel again that were given up. Gives their number.
pub async fn retry_messages(
    context: &CommandContext,
    acting: &Acting,
    id: &ChannelId,
) -> Result<u64, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("send messages of a notification channel again");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let channel = channels::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if !channel.is_on {
        return Err(CommandError::TooLate);
    }
    let retried = messages::retry(&mut tx, id, context.clock.now()).await?;
    channels::try_now(&mut tx, id).await?;
    let mut event = event(context, acting, Action::ChannelMessagesRetried, &channel);
    event.note = format!("{retried} messages");
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(retried)
}
