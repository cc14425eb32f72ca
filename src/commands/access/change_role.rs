//! Changes the role of a person.

use crate::{
    commands::{CommandContext, CommandError, invalidations::withdraw::withdraw_of_person},
    domain::{
        access::Role,
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
        sign_in::person::Person,
    },
    store::{
        Tx, audit,
        sign_in::{pending_second_factors, people, sessions},
    },
};

use super::authorize;

/// Changes the role and ends the person's sessions. `LastAdmin` for the last administrator, `TooLate` for the same
/// role.
pub async fn change_role(
    context: &CommandContext,
    acting: &Acting,
    id: &PersonId,
    role: Role,
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    // The lock comes before the check of the actor. If two administrators demote each other at the same time, the
    // second one is then no longer an administrator when it is checked.
    let admins = people::lock_admins(&mut tx).await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("change a role")).await?;
    let (person, _) = people::find_by_id(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if person.role == role {
        return Err(CommandError::TooLate);
    }
    if admins == [person.id.clone()] {
        return Err(CommandError::LastAdmin);
    }
    write_role(context, &mut tx, acting, &person, role).await?;
    context.commit(tx).await?;
    Ok(())
}

/// Writes the role, the end of the sessions, the event and the cancelled requests of the person. The caller
/// commits.
pub(in crate::commands) async fn write_role(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    person: &Person,
    role: Role,
) -> Result<(), CommandError> {
    people::set_role(tx, &person.id, role).await?;
    sessions::delete_of_person(tx, &person.id, None).await?;
    pending_second_factors::delete_of_person(tx, &person.id).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::RoleChanged);
    event.target = Target::Person(person.id.clone());
    event.note.clone_from(&person.email);
    person.role.as_str().clone_into(&mut event.old);
    role.as_str().clone_into(&mut event.new);
    audit::append(tx, event);
    let why = format!("{} became {}", person.email, role.as_str());
    withdraw_of_person(context, tx, acting, person, &why).await?;
    Ok(())
}
