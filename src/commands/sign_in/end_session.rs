//! Ends sessions: the current one at sign-out, one of several, or all of a person.

use crate::{
    commands::{CommandContext, CommandError, access::authorize},
    domain::{
        actor::Acting,
        audit::{Action, Event, Target},
        secret::SecretHash,
        sign_in::person::Person,
    },
    store::{
        audit,
        sign_in::{pending_second_factors, sessions},
    },
};

/// Ends the session. Does nothing if it has already ended.
pub async fn end_session(
    context: &CommandContext,
    acting: &Acting,
    session: &SecretHash,
) -> Result<(), CommandError> {
    let mut tx = context.db.begin().await?;
    if !sessions::delete(&mut tx, session).await? {
        return Ok(());
    }
    let mut event = Event::new(context.clock.now(), acting, Action::SignedOut);
    event.target = Target::Session(session.handle());
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}

/// Ends another session of a person. [`CommandError::TooLate`] if it has already ended.
pub async fn end_other_session(
    context: &CommandContext,
    acting: &Acting,
    person: &Person,
    session: &SecretHash,
) -> Result<(), CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("end a session");
    let mut tx = authorize::check_own(context, tx, acting, &person.id, &what).await?;
    if !sessions::delete(&mut tx, session).await? {
        return Err(CommandError::TooLate);
    }
    let mut event = Event::new(context.clock.now(), acting, Action::SessionsEnded);
    event.target = Target::Session(session.handle());
    event.note = format!("one of {}", person.email);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}

/// Ends all sessions of a person except `keep`, and returns how many there were.
pub async fn end_sessions(
    context: &CommandContext,
    acting: &Acting,
    person: &Person,
    keep: Option<&SecretHash>,
) -> Result<u64, CommandError> {
    let tx = context.db.begin().await?;
    let what = Target::act("end sessions");
    let mut tx = authorize::check_own(context, tx, acting, &person.id, &what).await?;
    let ended = sessions::delete_of_person(&mut tx, &person.id, keep).await?;
    pending_second_factors::delete_of_person(&mut tx, &person.id).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::SessionsEnded);
    event.target = Target::Person(person.id.clone());
    event.note = format!("{ended} of {}", person.email);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(ended)
}
