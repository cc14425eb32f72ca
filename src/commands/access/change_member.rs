//! Adds a person to a local group, or removes them.

use crate::{
    commands::{CommandContext, CommandError},
    domain::{
        access::grant::GroupError,
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
    },
    store::{access::local_groups, audit, sign_in::people},
};

use super::authorize;

/// Adds a person to a group. `TooLate` if they are a member already.
pub async fn add_member(
    context: &CommandContext,
    acting: &Acting,
    group: &str,
    person: &PersonId,
) -> Result<(), CommandError> {
    change(context, acting, group, person, true).await
}

/// Removes a person from a group. `TooLate` if they are no member.
pub async fn remove_member(
    context: &CommandContext,
    acting: &Acting,
    group: &str,
    person: &PersonId,
) -> Result<(), CommandError> {
    change(context, acting, group, person, false).await
}

async fn change(
    context: &CommandContext,
    acting: &Acting,
    group: &str,
    person: &PersonId,
    into: bool,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("change the members of a group");
    let mut tx = authorize::check_admin(context, tx, acting, &what).await?;
    if !local_groups::exists(&mut tx, group).await? {
        return Err(CommandError::NotFound);
    }
    let all = people::list(&mut tx).await?;
    let email = all.into_iter().find(|one| one.id == *person).map(|one| one.email);
    let email = email.ok_or(GroupError::NoPerson)?;
    let changed = if into {
        local_groups::add_member(&mut tx, group, person).await?
    } else {
        local_groups::remove_member(&mut tx, group, person).await?
    };
    if !changed {
        return Err(CommandError::TooLate);
    }
    let action = if into { Action::GroupMemberAdded } else { Action::GroupMemberRemoved };
    let mut event = Event::new(context.clock.now(), acting, action);
    event.target = Target::Person(person.clone());
    let words = format!("{email} in {group}");
    if into {
        event.new = words;
    } else {
        event.old = words;
    }
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}
