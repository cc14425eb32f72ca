//! Disables a person, or enables them again.

use crate::{
    commands::{
        CommandContext, CommandError, access::authorize, invalidations::withdraw::withdraw_of_person,
    },
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
        sign_in::person::Person,
    },
    store::{
        Tx, audit,
        sign_in::{password_links, pending_second_factors, people, sessions},
    },
};

/// Ends the person's sessions and links at once, and cancels their waiting requests. `LastAdmin` for the last
/// administrator.
pub async fn disable_person(
    context: &CommandContext,
    acting: &Acting,
    id: &PersonId,
) -> Result<(), CommandError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    // The lock comes before the check of the actor, for the reason given in `change_role`.
    let admins = people::lock_admins(&mut tx).await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("disable a person")).await?;
    let (person, _) = people::find_by_id(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if person.disabled_at.is_some() {
        return Err(CommandError::TooLate);
    }
    if admins == [person.id.clone()] {
        return Err(CommandError::LastAdmin);
    }
    people::set_disabled(&mut tx, id, Some(now)).await?;
    sessions::delete_of_person(&mut tx, id, None).await?;
    pending_second_factors::delete_of_person(&mut tx, id).await?;
    password_links::delete(&mut tx, id).await?;
    write_event(context, &mut tx, acting, Action::PersonDisabled, &person);
    let why = format!("{} was disabled", person.email);
    withdraw_of_person(context, &mut tx, acting, &person, &why).await?;
    context.commit(tx).await?;
    Ok(())
}

/// Lets a disabled person sign in again.
pub async fn enable_person(
    context: &CommandContext,
    acting: &Acting,
    id: &PersonId,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("enable a person")).await?;
    let (person, _) = people::find_by_id(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    if person.disabled_at.is_none() {
        return Err(CommandError::TooLate);
    }
    people::set_disabled(&mut tx, id, None).await?;
    write_event(context, &mut tx, acting, Action::PersonEnabled, &person);
    context.commit(tx).await?;
    Ok(())
}

fn write_event(context: &CommandContext, tx: &mut Tx, acting: &Acting, action: Action, person: &Person) {
    let mut event = Event::new(context.clock.now(), acting, action);
    event.target = Target::Person(person.id.clone());
    event.note.clone_from(&person.email);
    let words = |disabled: bool| if disabled { "disabled" } else { "enabled" };
    words(person.disabled_at.is_some()).clone_into(&mut event.old);
    words(person.disabled_at.is_none()).clone_into(&mut event.new);
    audit::append(tx, event);
}
