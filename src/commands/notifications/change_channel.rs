//! Changes a notification channel: its name, its address, its rules, and whether it is on.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Target},
        id::ChannelId,
        notifications::{Channel, ChannelError, RULES_MAX, TypedRule, parse_address, parse_name},
    },
    store::{StoreError, Tx, audit, notifications::channels},
};

use super::{describe, event, rules, seal_address};

/// What to change. `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelChange {
    pub name: Option<String>,
    pub address: Option<String>,
    pub is_on: Option<bool>,
    pub rules: RulesChange,
}

/// What to do with the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RulesChange {
    #[default]
    Keep,
    Replace(Vec<TypedRule>),
    Add(TypedRule),
    /// The rule with this text, as [`crate::domain::notifications::NotificationRule::describe`] gives it.
    Remove(String),
}

/// Writes what is to be changed.
pub async fn change_channel(
    context: &CommandContext,
    acting: &Acting,
    id: &ChannelId,
    change: &ChannelChange,
) -> Result<Channel, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("change a notification channel");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    let old = channels::find(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    let mut new = old.clone();
    if let Some(name) = &change.name {
        new.name = parse_name(name)?;
    }
    if let Some(is_on) = change.is_on {
        new.is_on = is_on;
        new.off_because.clear();
    }
    change_rules(&mut tx, &mut new, &change.rules).await?;
    match channels::set(&mut tx, &new).await {
        Err(StoreError::Duplicate(_)) => return Err(ChannelError::NameTaken.into()),
        other => other?,
    }
    if let Some(typed) = &change.address {
        let address = parse_address(new.kind, typed, &context.notification_networks)?;
        let sealed = seal_address(context, &address, id)?;
        new.destination = address.destination();
        channels::set_address(&mut tx, id, &new.destination, sealed.as_ref()).await?;
    }
    let mut event = event(context, acting, Action::ChannelChanged, &new);
    (event.old, event.new) = (describe(&old), describe(&new));
    if change.address.is_some() {
        "with a new address".clone_into(&mut event.note);
    }
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(new)
}

async fn change_rules(tx: &mut Tx, channel: &mut Channel, change: &RulesChange) -> Result<(), CommandError> {
    match change {
        RulesChange::Keep => {}
        RulesChange::Replace(typed) => channel.rules = rules::read_all(tx, typed).await?,
        RulesChange::Add(typed) => {
            if channel.rules.len() >= RULES_MAX {
                return Err(ChannelError::TooManyRules.into());
            }
            channel.rules.push(rules::read(tx, typed).await?);
        }
        RulesChange::Remove(text) => {
            let at = channel.rules.iter().position(|rule| rule.describe() == *text);
            channel.rules.remove(at.ok_or(CommandError::TooLate)?);
        }
    }
    Ok(())
}
