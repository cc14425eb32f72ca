//! Signs a person in with their password and begins a session.

use std::time::Duration;

use crate::{
    domain::{
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Outcome, Target},
        person::{Email, Person},
        secret::Secret,
        time::Timestamp,
    },
    store::{Tx, audit, people, sessions},
};

use super::{Desk, OpError, new_secret, password};

/// How long a session lasts at the most.
pub const SESSION_LIFE: Duration = Duration::from_hours(7 * 24);
/// How long a session lasts without use.
pub const SESSION_IDLE: Duration = Duration::from_hours(12);

/// So much of a name is kept that nobody has.
const CLAIMED_MAX: usize = 254;

/// A person who has just signed in, with the secret for their cookie.
#[derive(Debug)]
pub struct SignedIn {
    pub person: Person,
    pub secret: Secret,
}

/// Signs in, or gives `None` where e-mail and password do not match. Both are in the history.
pub async fn sign_in(
    desk: &Desk,
    origin: &Origin,
    email: &Email,
    password: &str,
) -> Result<Option<SignedIn>, OpError> {
    let found = people::find(&mut *desk.db.read().await?, email).await?;
    let (person, hash) = found.unzip();
    let matches = password::matches(password, hash).await?;
    let person = person.filter(|person| matches && person.disabled_at.is_none());
    let Some(person) = person else {
        refuse_sign_in(desk, origin, email.as_str()).await?;
        return Ok(None);
    };
    let origin = Origin { sign_in: "password".to_owned(), ..origin.clone() };
    Ok(Some(open_session(desk, &origin, person).await?))
}

/// Keeps a sign-in that failed in the history, with as much of the claimed name as can be one.
pub async fn refuse_sign_in(desk: &Desk, origin: &Origin, claimed: &str) -> Result<(), OpError> {
    let claimed: String = claimed.trim().chars().filter(|c| !c.is_control()).take(CLAIMED_MAX).collect();
    let origin = Origin { sign_in: "password".to_owned(), ..origin.clone() };
    let acting = Acting { actor: Actor::nobody(&claimed), origin };
    let mut tx = desk.db.begin().await?;
    let mut event = Event::new(desk.clock.now(), &acting, Action::SignInRefused);
    event.outcome = Outcome::Refused;
    audit::append(&mut tx, event).await?;
    desk.commit(tx).await?;
    Ok(())
}

/// Begins a session for somebody who is known: by their password, or by the one click of the demo.
pub async fn open_session(desk: &Desk, origin: &Origin, person: Person) -> Result<SignedIn, OpError> {
    let mut tx = desk.db.begin().await?;
    let acting = Acting { actor: Actor::person(&person.id, &person.email), origin: origin.clone() };
    let signed_in = write_session(&mut tx, &acting, person, desk.clock.now()).await?;
    desk.commit(tx).await?;
    Ok(signed_in)
}

/// Writes the session and the event into a transaction that may do more.
pub(super) async fn write_session(
    tx: &mut Tx,
    acting: &Acting,
    person: Person,
    now: Timestamp,
) -> Result<SignedIn, OpError> {
    let secret = new_secret()?;
    let hash = secret.hash();
    sessions::delete_expired(tx, now).await?;
    let new = sessions::NewSession {
        hash: &hash,
        person: &person.id,
        sign_in: &acting.origin.sign_in,
        client_address: &acting.origin.client_address,
        now,
        expires_at: now.plus(SESSION_LIFE),
    };
    sessions::insert(tx, &new).await?;
    let mut acting = acting.clone();
    acting.origin.session = hash.handle();
    let mut event = Event::new(now, &acting, Action::SignedIn);
    event.target = Target::new("session", &hash.handle());
    audit::append(tx, event).await?;
    Ok(SignedIn { person, secret })
}
