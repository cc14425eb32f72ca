//! Signs a person in with their password: fully, or with a code still pending.

use crate::{
    commands::{CommandContext, CommandError, new_secret},
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome, Target},
        id::PersonId,
        secret::Secret,
        sign_in::{
            person::{Email, Person},
            second_step::TotpSecret,
            session::{PENDING_SECOND_FACTOR_LIFE, SessionLimits},
        },
        time::Timestamp,
    },
    store::{
        Tx, audit,
        sign_in::{pending_second_factors, people, second_steps, sessions},
    },
};

use super::{password, second_step::new_totp_secret};

/// The number of characters that are kept of a name that is no account.
const CLAIMED_MAX: usize = 254;

/// A person who has just signed in, with the secret for the session cookie.
#[derive(Debug)]
pub struct SignedIn {
    pub person: Person,
    pub secret: Secret,
}

/// The result of e-mail and password.
#[derive(Debug)]
pub enum SignIn {
    Done(SignedIn),
    /// They match, and a code is still needed. The secret is for a separate cookie, which gives no access.
    CodeAsked(Secret),
    Refused,
}

/// Signs in with e-mail and password. If a second step is on or required, only the first half is done.
pub async fn sign_in(
    context: &CommandContext,
    origin: &Origin,
    email: &Email,
    password: &str,
    require_second_step: bool,
) -> Result<SignIn, CommandError> {
    let found = people::find(&mut *context.db.read().await?, email).await?;
    let (person, hash) = found.unzip();
    let hash = hash.filter(|hash| !hash.is_empty());
    let matches = password::matches(password, hash.clone()).await?;
    let person = person.filter(|person| matches && person.disabled_at.is_none());
    let origin = Origin { sign_in: "password".to_owned(), ..origin.clone() };
    let Some(person) = person else {
        refuse_sign_in(context, &origin, email.as_str(), "").await?;
        return Ok(SignIn::Refused);
    };
    let mut tx = context.db.begin().await?;
    // The password may have been changed, or the person disabled, while the hash was computed.
    let still = people::find_by_id(&mut tx, &person.id).await?;
    if still.is_none_or(|(now, kept)| now.disabled_at.is_some() || Some(kept) != hash) {
        drop(tx);
        refuse_sign_in(context, &origin, email.as_str(), "").await?;
        return Ok(SignIn::Refused);
    }
    let now = context.clock.now();
    let acting = Acting { actor: Actor::person(&person.id, &person.email), origin };
    let step = second_steps::find(&mut tx, &person.id).await?;
    let has_one = step.is_some_and(|step| step.confirmed_at.is_some());
    let done = if has_one || require_second_step {
        let offered = if has_one { None } else { Some(new_totp_secret()?) };
        SignIn::CodeAsked(ask_for_code(&mut tx, &acting, &person.id, offered.as_ref(), now).await?)
    } else {
        SignIn::Done(write_session(&mut tx, &acting, person, now).await?)
    };
    context.commit(tx).await?;
    Ok(done)
}

/// Starts a pending sign-in. A person without a second step is offered one, which their first code turns on.
///
/// Each sign-in offers its own secret. Otherwise somebody else who knows the password could have seen the secret
/// that the person then confirms.
async fn ask_for_code(
    tx: &mut Tx,
    acting: &Acting,
    person: &PersonId,
    offered: Option<&TotpSecret>,
    now: Timestamp,
) -> Result<Secret, CommandError> {
    let secret = new_secret()?;
    pending_second_factors::insert(
        tx,
        &secret.hash(),
        person,
        offered,
        now,
        now.plus(PENDING_SECOND_FACTOR_LIFE),
    )
    .await?;
    let mut event = Event::new(now, acting, Action::CodeAsked);
    event.target = Target::Person(person.clone());
    audit::append(tx, event);
    Ok(secret)
}

/// Records a failed sign-in with the claimed name, without control characters and cut to the length of an address.
pub async fn refuse_sign_in(
    context: &CommandContext,
    origin: &Origin,
    claimed: &str,
    why: &str,
) -> Result<(), CommandError> {
    let claimed: String = claimed.trim().chars().filter(|c| !c.is_control()).take(CLAIMED_MAX).collect();
    let mut origin = origin.clone();
    if origin.sign_in.is_empty() {
        "password".clone_into(&mut origin.sign_in);
    }
    let acting = Acting { actor: Actor::nobody(&claimed), origin };
    let mut tx = context.db.begin().await?;
    let mut event = Event::new(context.clock.now(), &acting, Action::SignInRefused);
    event.outcome = Outcome::Refused;
    why.clone_into(&mut event.note);
    audit::append(&mut tx, event);
    context.commit(tx).await?;
    Ok(())
}

/// Starts a session for a person who is already authenticated, such as by the demo's button.
pub async fn open_session(
    context: &CommandContext,
    origin: &Origin,
    person: Person,
) -> Result<SignedIn, CommandError> {
    let mut tx = context.db.begin().await?;
    let acting = Acting { actor: Actor::person(&person.id, &person.email), origin: origin.clone() };
    let signed_in = write_session(&mut tx, &acting, person, context.clock.now()).await?;
    context.commit(tx).await?;
    Ok(signed_in)
}

/// Writes the session and the event. The caller commits. It ends the session that the browser had before, even if
/// that was another person's.
pub(in crate::commands) async fn write_session(
    tx: &mut Tx,
    acting: &Acting,
    person: Person,
    now: Timestamp,
) -> Result<SignedIn, CommandError> {
    let secret = write_bare_session(tx, &acting.origin, &person.id, now).await?;
    let mut acting = acting.clone();
    acting.origin.session = secret.hash().handle();
    let mut event = Event::new(now, &acting, Action::SignedIn);
    event.target = Target::Session(secret.hash().handle());
    if let Some(earlier) = &acting.origin.earlier
        && sessions::delete(tx, earlier).await?
    {
        event.note = format!("in place of session {}", earlier.handle());
    }
    audit::append(tx, event);
    Ok(SignedIn { person, secret })
}

/// Writes a session with a new secret. The caller writes the event.
pub(in crate::commands) async fn write_bare_session(
    tx: &mut Tx,
    origin: &Origin,
    person: &PersonId,
    now: Timestamp,
) -> Result<Secret, CommandError> {
    let secret = new_secret()?;
    sessions::delete_expired(tx, now).await?;
    let new = sessions::NewSession {
        hash: &secret.hash(),
        person,
        sign_in: &origin.sign_in,
        client_address: &origin.client_address,
        user_agent: &origin.user_agent,
        now,
        expires_at: now.plus(SessionLimits::LONGEST),
    };
    sessions::insert(tx, &new).await?;
    Ok(secret)
}
