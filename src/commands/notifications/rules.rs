//! Reads rules as they were typed, and finds what they name.

use crate::{
    commands::CommandError,
    domain::notifications::{ChannelError, NotificationRule, RULES_MAX, TypedRule, parse_rule},
    store::{Conn, notifications::scopes},
};

/// All rules of a channel.
pub(super) async fn read_all(
    conn: &mut Conn,
    typed: &[TypedRule],
) -> Result<Vec<NotificationRule>, CommandError> {
    if typed.len() > RULES_MAX {
        return Err(ChannelError::TooManyRules.into());
    }
    let mut rules = Vec::with_capacity(typed.len());
    for rule in typed {
        rules.push(read(conn, rule).await?);
    }
    Ok(rules)
}

/// One rule.
pub(super) async fn read(conn: &mut Conn, typed: &TypedRule) -> Result<NotificationRule, CommandError> {
    let (topics, kind, name) = parse_rule(typed)?;
    let scope = scopes::find(conn, kind, &name).await?.ok_or(ChannelError::ScopeName)?;
    Ok(NotificationRule { topics, scope })
}
