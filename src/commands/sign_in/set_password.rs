//! Lets a person set their own password, with the current one or with a one-time link.

use crate::{
    commands::{CommandContext, CommandError, refuse, sign_in::password_sign_in::write_bare_session},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Target},
        id::PersonId,
        secret::{Secret, SecretHash},
        sign_in::password::check_password,
    },
    store::{
        audit,
        sign_in::{password_links, pending_second_factors, people, second_steps, sessions},
    },
};

use super::password;

/// Whether this is the person's password. If not, the attempt at `what` is recorded.
pub async fn check_own_password(
    context: &CommandContext,
    acting: &Acting,
    person: &PersonId,
    current: &str,
    what: &str,
) -> Result<bool, CommandError> {
    let found = people::find_by_id(&mut *context.db.read().await?, person).await?;
    let hash = found.map(|(_, hash)| hash).filter(|hash| !hash.is_empty());
    if password::matches(current, hash).await? {
        return Ok(true);
    }
    refuse(context, acting, &Target::act(what), None, "the current password was not right").await?;
    Ok(false)
}

/// Replaces the person's password after it was [checked](check_own_password). Ends all their sessions and returns
/// the secret of a new one for this browser.
pub async fn change_password(
    context: &CommandContext,
    acting: &Acting,
    id: &PersonId,
    session: &SecretHash,
    new: &str,
) -> Result<Secret, CommandError> {
    let hash = password::hash(new).await?;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    // A session that ended since the request began must not change the password.
    if !sessions::delete(&mut tx, session).await? {
        return Err(CommandError::TooLate);
    }
    people::set_password(&mut tx, id, &hash).await?;
    password_links::delete(&mut tx, id).await?;
    sessions::delete_of_person(&mut tx, id, None).await?;
    pending_second_factors::delete_of_person(&mut tx, id).await?;
    second_steps::delete_offer(&mut tx, id).await?;
    let secret = write_bare_session(&mut tx, &acting.origin, id, now).await?;
    let mut event = Event::new(now, acting, Action::PasswordChanged);
    event.target = Target::Person(id.clone());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(secret)
}

/// Sets the password and uses the one-time link up. `false` if the link is not valid any more. The person then
/// signs in with the new password.
pub async fn set_password_with_link(
    context: &CommandContext,
    origin: &Origin,
    link: &Secret,
    new: &str,
) -> Result<bool, CommandError> {
    let good =
        password_links::find(&mut *context.db.read().await?, &link.hash(), context.clock.now()).await?;
    let Some(person) = good else {
        refuse_link(context, origin).await?;
        return Ok(false);
    };
    check_password(new, &person.email)?;
    let hash = password::hash(new).await?;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let still = password_links::find(&mut tx, &link.hash(), now).await?.is_some();
    if !still || !password_links::delete(&mut tx, &person.id).await? {
        drop(tx);
        refuse_link(context, origin).await?;
        return Ok(false);
    }
    people::set_password(&mut tx, &person.id, &hash).await?;
    sessions::delete_of_person(&mut tx, &person.id, None).await?;
    pending_second_factors::delete_of_person(&mut tx, &person.id).await?;
    second_steps::delete_offer(&mut tx, &person.id).await?;
    let origin = Origin { sign_in: "password link".to_owned(), ..origin.clone() };
    let acting = Acting { actor: Actor::person(&person.id, &person.email), origin };
    let mut event = Event::new(now, &acting, Action::PasswordChanged);
    event.target = Target::Person(person.id.clone());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(true)
}

async fn refuse_link(context: &CommandContext, origin: &Origin) -> Result<(), CommandError> {
    let acting = Acting { actor: Actor::nobody(""), origin: origin.clone() };
    let what = Target::act("set a password");
    refuse(context, &acting, &what, None, "the link is not valid").await
}
