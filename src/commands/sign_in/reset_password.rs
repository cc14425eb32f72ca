//! Resets a person's password: with a one-time link, or to another password.

use crate::{
    commands::{CommandContext, CommandError, access::authorize, new_secret},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
        secret::Secret,
        sign_in::{
            password::check_password,
            person::{Email, Person},
            session::LINK_LIFE,
        },
        time::Timestamp,
    },
    store::{
        Tx, audit,
        sign_in::{password_links, pending_second_factors, people, second_steps, sessions},
    },
};

use super::password;

/// Removes the password and ends all sessions. Returns the secret of the link with which the person sets a new
/// password.
///
/// It is a link instead of a password from the administrator, so that only the person ever knows the password.
pub async fn reset_password_with_link(
    context: &CommandContext,
    acting: &Acting,
    id: &PersonId,
) -> Result<(Person, Secret), CommandError> {
    let now = context.clock.now();
    let link = new_secret()?;
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("reset a password")).await?;
    let (person, _) = people::find_by_id(&mut tx, id).await?.ok_or(CommandError::NotFound)?;
    write_reset(&mut tx, &person.id, "").await?;
    password_links::replace(&mut tx, &person.id, &link.hash(), now.plus(LINK_LIFE)).await?;
    write_event(&mut tx, acting, &person, "a one-time link was made", now);
    context.commit(tx).await?;
    Ok((person, link))
}

/// Sets another password, for the command line, and ends all sessions.
pub async fn reset_password(
    context: &CommandContext,
    acting: &Acting,
    email: &Email,
    new: &str,
) -> Result<Person, CommandError> {
    check_password(new, email.as_str())?;
    let hash = password::hash(new).await?;
    let tx = context.db.begin().await?;
    let mut tx = authorize::check_admin(context, tx, acting, &Target::act("reset a password")).await?;
    let (person, _) = people::find(&mut tx, email).await?.ok_or(CommandError::NotFound)?;
    write_reset(&mut tx, &person.id, &hash).await?;
    write_event(&mut tx, acting, &person, "", context.clock.now());
    context.commit(tx).await?;
    Ok(person)
}

async fn write_reset(tx: &mut Tx, id: &PersonId, hash: &str) -> Result<(), CommandError> {
    people::set_password(tx, id, hash).await?;
    password_links::delete(tx, id).await?;
    sessions::delete_of_person(tx, id, None).await?;
    pending_second_factors::delete_of_person(tx, id).await?;
    second_steps::delete_offer(tx, id).await?;
    Ok(())
}

fn write_event(tx: &mut Tx, acting: &Acting, person: &Person, how: &str, now: Timestamp) {
    let mut event = Event::new(now, acting, Action::PasswordReset);
    event.target = Target::Person(person.id.clone());
    event.note = if how.is_empty() { person.email.clone() } else { format!("{}: {how}", person.email) };
    audit::append(tx, event);
}
