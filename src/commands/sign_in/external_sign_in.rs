//! Finds or adds the person whom a provider or a proxy identifies, and signs them in.
//!
//! Only issuer and subject identify a person. If the provider assigns roles and groups, they are read again at each
//! sign-in. A changed role ends the sessions that had the old one.

use crate::{
    commands::{
        CommandContext, CommandError, SignedIn, access::change_role::write_role, refuse_sign_in,
        sign_in::password_sign_in::write_session,
    },
    domain::{
        access::Role,
        actor::{Acting, Actor, Origin},
        audit::{Action, Event, Target},
        sign_in::{
            claims::{Asserted, RoleRules},
            person::{Email, Person, PersonError},
        },
    },
    store::{
        Conn, StoreError, Tx,
        access::groups,
        audit,
        sign_in::{identities, people},
    },
};

use super::add_person::write_person;

/// Whom a provider or a proxy may sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExternalRules {
    /// Whether a new person gets an account.
    pub sign_up: bool,
    /// Whether a verified e-mail address links the identity to the local account with that address.
    pub link_by_email: bool,
    pub roles: RoleRules,
}

/// Why a person whom the provider identified is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInRefusal {
    Disabled,
    NoRole,
    Unknown,
    AddressTaken,
    TooManyGroups,
}

impl SignInRefusal {
    /// What happened and what to do, for the person.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Disabled => "Your account here is disabled. An administrator can enable it.",
            Self::NoRole => {
                "You are signed in there, but you have no role here. Ask the administrator of your sign-in for access to Unstale."
            }
            Self::Unknown => {
                "You are signed in there, but have no account here. An administrator can let you in."
            }
            Self::AddressTaken => {
                "An account with your e-mail address exists here already. Sign in with its password, or ask an administrator."
            }
            Self::TooManyGroups => {
                "You are in more groups than Unstale accepts. Ask the administrator of your sign-in to send only the groups that Unstale needs."
            }
        }
    }

    /// The reason for the history.
    #[must_use]
    pub const fn note(self) -> &'static str {
        match self {
            Self::Disabled => "the account is disabled",
            Self::NoRole => "no claim gives a role",
            Self::Unknown => "nobody here is known by this identity",
            Self::AddressTaken => "another account has the address",
            Self::TooManyGroups => "there are more groups than are taken",
        }
    }
}

/// Signs in a person whom a provider has identified. A refusal is recorded.
pub async fn sign_in_by_provider(
    context: &CommandContext,
    origin: &Origin,
    who: &Asserted,
    rules: &ExternalRules,
) -> Result<Result<SignedIn, SignInRefusal>, CommandError> {
    let mut tx = context.db.begin().await?;
    match write_recognised(context, &mut tx, origin, who, rules).await? {
        Ok(person) => {
            let acting = Acting { actor: Actor::person(&person.id, &person.email), origin: origin.clone() };
            let signed_in = write_session(&mut tx, &acting, person, context.clock.now()).await?;
            context.commit(tx).await?;
            Ok(Ok(signed_in))
        }
        Err(refusal) => {
            drop(tx);
            refuse_sign_in(context, origin, label(who).as_str(), refusal.note()).await?;
            Ok(Err(refusal))
        }
    }
}

/// The person whom a proxy identifies. Proxies do so with each request, so this writes only if something has
/// changed. A refusal is not recorded here: the caller decides, because there may be many.
pub async fn sign_in_by_proxy(
    context: &CommandContext,
    origin: &Origin,
    who: &Asserted,
    rules: &ExternalRules,
) -> Result<Result<Person, SignInRefusal>, CommandError> {
    let known = known_as_is(&mut *context.db.read().await?, who, rules).await?;
    if let Some(person) = known {
        return Ok(Ok(person));
    }
    match write_now(context, origin, who, rules).await {
        // Another request of the same page has added the person at the same time. The second try finds them.
        Err(CommandError::Person(PersonError::Exists) | CommandError::Store(StoreError::Duplicate(_))) => {
            write_now(context, origin, who, rules).await
        }
        done => done,
    }
}

async fn write_now(
    context: &CommandContext,
    origin: &Origin,
    who: &Asserted,
    rules: &ExternalRules,
) -> Result<Result<Person, SignInRefusal>, CommandError> {
    let mut tx = context.db.begin().await?;
    let recognised = write_recognised(context, &mut tx, origin, who, rules).await?;
    if recognised.is_ok() {
        context.commit(tx).await?;
    }
    Ok(recognised)
}

/// The person, if nothing has to be written. `None` if the person is new, disabled, or has another role or other
/// groups.
async fn known_as_is(
    conn: &mut Conn,
    who: &Asserted,
    rules: &ExternalRules,
) -> Result<Option<Person>, StoreError> {
    let found = identities::find(conn, &who.issuer, &who.subject).await?;
    let Some(person) = found.filter(|person| person.disabled_at.is_none()) else { return Ok(None) };
    if rules.roles.is_by_provider() && rules.roles.role(&who.role_values) != Some(person.role) {
        return Ok(None);
    }
    if let Some(told) = &who.groups
        && groups::provided(conn, &person.id).await? != *told
    {
        return Ok(None);
    }
    Ok(Some(person))
}

async fn write_recognised(
    context: &CommandContext,
    tx: &mut Tx,
    origin: &Origin,
    who: &Asserted,
    rules: &ExternalRules,
) -> Result<Result<Person, SignInRefusal>, CommandError> {
    if who.has_too_many_groups() {
        return Ok(Err(SignInRefusal::TooManyGroups));
    }
    let told = rules.roles.role(&who.role_values);
    let known = identities::find(tx, &who.issuer, &who.subject).await?;
    if known.as_ref().is_some_and(|person| person.disabled_at.is_some()) {
        return Ok(Err(SignInRefusal::Disabled));
    }
    if rules.roles.is_by_provider() && told.is_none() {
        return Ok(Err(SignInRefusal::NoRole));
    }
    let person = match known {
        Some(person) => person,
        None => match write_identity(context, tx, origin, who, rules, told).await? {
            Ok(person) => person,
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    let acting = Acting { actor: Actor::person(&person.id, &person.email), origin: origin.clone() };
    write_groups(context, tx, &acting, who).await?;
    let role = told.filter(|role| rules.roles.is_by_provider() && *role != person.role);
    if let Some(role) = role {
        write_role(context, tx, &acting, &person, role).await?;
    }
    Ok(Ok(Person { role: role.unwrap_or(person.role), ..person }))
}

/// Links the identity to the local account with the same address if that is allowed, otherwise to a new person.
async fn write_identity(
    context: &CommandContext,
    tx: &mut Tx,
    origin: &Origin,
    who: &Asserted,
    rules: &ExternalRules,
    role: Option<Role>,
) -> Result<Result<Person, SignInRefusal>, CommandError> {
    let now = context.clock.now();
    let label = label(who);
    if let Some((person, _)) = people::find(tx, &label).await? {
        // The address of a person with an identity came from a provider, perhaps unverified, so it proves nothing.
        let local = identities::of_person(tx, &person.id).await?.is_empty();
        if !rules.link_by_email || who.email_verified != Some(true) || !local {
            return Ok(Err(SignInRefusal::AddressTaken));
        }
        if person.disabled_at.is_some() {
            return Ok(Err(SignInRefusal::Disabled));
        }
        identities::insert(tx, &who.issuer, &who.subject, &person.id, now).await?;
        let acting = Acting { actor: Actor::person(&person.id, &person.email), origin: origin.clone() };
        let mut event = Event::new(now, &acting, Action::IdentityLinked);
        event.target = Target::Person(person.id.clone());
        event.note = format!("{} at {}", who.subject, who.issuer);
        audit::append(tx, event);
        return Ok(Ok(person));
    }
    if !rules.sign_up {
        return Ok(Err(SignInRefusal::Unknown));
    }
    let Some(role) = role else { return Ok(Err(SignInRefusal::NoRole)) };
    let acting = Acting { actor: Actor::nobody(label.as_str()), origin: origin.clone() };
    let person = write_person(context, tx, &acting, &label, role, "").await?;
    identities::insert(tx, &who.issuer, &who.subject, &person.id, now).await?;
    Ok(Ok(person))
}

async fn write_groups(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    who: &Asserted,
) -> Result<(), CommandError> {
    let Some(told) = &who.groups else { return Ok(()) };
    let Some(person) = identities::find(tx, &who.issuer, &who.subject).await? else { return Ok(()) };
    let before = groups::provided(tx, &person.id).await?;
    if before == *told {
        return Ok(());
    }
    groups::replace_provided(tx, &person.id, told).await?;
    let mut event = Event::new(context.clock.now(), acting, Action::GroupsChanged);
    event.target = Target::Person(person.id.clone());
    event.old = before.join(", ");
    event.new = told.join(", ");
    audit::append(tx, event);
    Ok(())
}

/// The name that people see: the e-mail address, or the subject if there is no valid address or the provider says
/// that it is not verified.
fn label(who: &Asserted) -> Email {
    let email = who.email.as_ref().filter(|_| who.email_verified != Some(false));
    email.and_then(|email| Email::parse(email).ok()).unwrap_or_else(|| Email::label(&who.subject))
}
