//! Adds a person with a local account.

use crate::{
    commands::{CommandContext, CommandError, new_uuid},
    domain::{
        access::{Role, ScopeKind},
        actor::Acting,
        audit::{Action, Event, Target},
        id::PersonId,
        sign_in::{
            password::check_password,
            person::{Email, Person, PersonError},
        },
    },
    store::{StoreError, Tx, audit, sign_in::people},
};

use super::password;

/// Adds a person, for the command line and the demo. It does not check the actor. The password is hashed before the
/// transaction begins, because hashing is slow.
pub async fn add_person(
    context: &CommandContext,
    acting: &Acting,
    email: &Email,
    role: Role,
    password: &str,
) -> Result<Person, CommandError> {
    check_password(password, email.as_str())?;
    let hash = password::hash(password).await?;
    let mut tx = context.db.begin().await?;
    let person = write_person(context, &mut tx, acting, email, role, &hash).await?;
    context.commit(tx).await?;
    Ok(person)
}

/// Writes the person and the event. The caller commits.
pub(in crate::commands) async fn write_person(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    email: &Email,
    role: Role,
    hash: &str,
) -> Result<Person, CommandError> {
    let now = context.clock.now();
    let person = Person {
        id: PersonId::new(new_uuid()),
        email: email.as_str().to_owned(),
        role,
        scope: ScopeKind::Everything,
        disabled_at: None,
        created_at: now,
    };
    match people::insert(tx, &person, hash).await {
        Err(StoreError::Duplicate(_)) => return Err(PersonError::Exists.into()),
        other => other?,
    }
    let mut event = Event::new(now, acting, Action::PersonAdded);
    event.target = Target::Person(person.id.clone());
    event.new = format!("{} as {}", person.email, role.as_str());
    audit::append(tx, event);
    Ok(person)
}
