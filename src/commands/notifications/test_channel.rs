//! Sends a test message to a notification channel.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_uuid},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::{ChannelId, MessageId},
        notifications::{Notice, NotificationTopic},
    },
    store::{
        audit,
        notifications::{channels, messages, messages::NewNotice},
    },
};

use super::event;

/// Puts a test message before the sender, which sends it in a moment. Gives its ID.
pub async fn test_channel(
    context: &CommandContext,
    acting: &Acting,
    id: &ChannelId,
) -> Result<MessageId, CommandError> {
    let now = context.clock.now();
    let tx = context.db.begin().await?;
    let what = Target::act("test a notification channel");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let channel = channels::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if !channel.is_on {
        return Err(CommandError::TooLate);
    }
    let message = MessageId::new(new_uuid());
    let notice = NewNotice {
        topic: NotificationTopic::Test,
        key: format!("test {message}"),
        run: String::new(),
        invalidation: None,
        notice: Notice {
            at: now.to_string(),
            path: "/settings/notifications".to_owned(),
            requested_by: acting.actor.name().to_owned(),
            detail: "If you can read this, the channel works.".to_owned(),
            ..Notice::default()
        },
    };
    channels::try_now(&mut tx, id).await?;
    messages::add(&mut tx, id, &notice, &message, now).await?;
    audit::append(&mut tx, event(context, acting, Action::ChannelTested, &channel));
    context.commit(tx).await?;
    Ok(message)
}
