//! Checks whether an actor may do something. It reads inside the transaction that does it, so that a grant removed
//! a moment before counts.

use crate::{
    commands::{CommandContext, CommandError, audit::refuse::Attempt},
    domain::{
        access::{Access, Role},
        actor::{Acting, Actor},
        audit::Target,
        id::{DistributionId, PersonId},
        invalidations::{freeze_window::FreezeRefusal, item::Item},
        time::Timestamp,
        tokens::token::Token,
    },
    store::{
        Conn, StoreError, Tx, access, audit, invalidations::preconditions::Asking, sign_in::sessions, tokens,
    },
};

/// Unstale does not invalidate a multi-tenant distribution, because AWS does not document what that would
/// invalidate.
pub(in crate::commands) const TENANT_ONLY: AccessRefusal = AccessRefusal::Rule(
    "the distribution serves only through its distribution tenants, for which Unstale does not invalidate",
);

/// Why an actor may not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::commands) enum AccessRefusal {
    /// The actor may not see the distribution, so the error must not name it.
    Hidden,
    /// The session ended after the request began.
    Over,
    Role,
    /// The grants do not allow it. The text says what they allow.
    Grants(String),
    /// Another rule, in words for the history and for the person.
    Rule(&'static str),
    /// A limit is exceeded. The text is for the history and for the person.
    Bound(String),
    /// A hard budget of the month would be passed. The text names it, and who may lift it.
    OverBudget(String),
    /// A freeze window asks for something more.
    Frozen(FreezeRefusal),
}

/// What an actor may do now.
pub(in crate::commands) async fn of(
    conn: &mut Conn,
    actor: &Actor,
    now: Timestamp,
) -> Result<Access, StoreError> {
    let Actor::Token { id, .. } = actor else { return access::of_requester(conn, actor).await };
    match tokens::find(conn, id).await? {
        Some(token) => of_token(conn, &token, now).await,
        None => Ok(Access::nothing()),
    }
}

/// What a token may do now, which was just read.
pub(in crate::commands) async fn of_token(
    conn: &mut Conn,
    token: &Token,
    now: Timestamp,
) -> Result<Access, StoreError> {
    let access = if token.is_good(now) { access::of_token(conn, token).await? } else { None };
    Ok(access.unwrap_or_else(Access::nothing))
}

/// Why the actor may not invalidate these items, or act on an invalidation of them. `None` if they may.
pub(in crate::commands) fn refusal(
    access: &Access,
    distribution: &DistributionId,
    items: &[Item],
) -> Option<AccessRefusal> {
    if !access.sees(distribution) {
        Some(AccessRefusal::Hidden)
    } else if !access.role.may_invalidate() {
        Some(AccessRefusal::Role)
    } else if !access.covers_all(distribution, items) {
        Some(AccessRefusal::Grants(access.describe(distribution)))
    } else {
        None
    }
}

/// Checks whether the actor may do this. `Err` if not; the refusal is recorded and committed then.
pub(in crate::commands) async fn check(
    context: &CommandContext,
    mut tx: Tx,
    acting: &Acting,
    what: &Target,
    distribution: &DistributionId,
    items: &[Item],
) -> Result<(Tx, Access), CommandError> {
    let asked = Attempt::on(what, Some(distribution), items, "");
    match check_within(context, &mut tx, acting, &asked).await {
        Ok(access) => Ok((tx, access)),
        Err(CommandError::Store(error)) => Err(error.into()),
        Err(refused) => {
            context.commit(tx).await?;
            Err(refused)
        }
    }
}

/// The same check inside a transaction that goes on. The refusal is recorded in it, and the caller has to commit.
async fn check_within(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
) -> Result<Access, CommandError> {
    let access = if is_over(tx, acting).await? {
        None
    } else {
        Some(of(tx, &acting.actor, context.clock.now()).await?)
    };
    check_access(context, tx, acting, asked, access)
}

/// Checks what was read of the actor's access: `None` if their session has ended. A refusal is recorded, and the caller
/// has to commit.
pub(in crate::commands) fn check_access(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    access: Option<Access>,
) -> Result<Access, CommandError> {
    let Some(access) = access else {
        return Err(refuse_within(context, tx, acting, asked, AccessRefusal::Over));
    };
    let why = asked.distribution.and_then(|distribution| refusal(&access, distribution, asked.items));
    match why {
        None => Ok(access),
        Some(why) => Err(refuse_within(context, tx, acting, asked, why)),
    }
}

/// Who asks, for what is read at the beginning of a request.
pub(in crate::commands) fn asking(acting: &Acting) -> Asking<'_> {
    match (signed_in(acting), &acting.actor) {
        (Some((person, handle)), _) => Asking::Person(person, handle),
        (None, Actor::Token { id, .. }) => Asking::Token(id),
        (None, _) => Asking::Other,
    }
}

/// The person who asks, and the handle of the session with which they do.
pub(in crate::commands) fn signed_in(acting: &Acting) -> Option<(&PersonId, &str)> {
    let session = acting.origin.session.as_str();
    acting.actor.person_id().filter(|_| !session.is_empty()).map(|person| (person, session))
}

/// Whether that session has ended. That can happen between the headers of a request and its body.
async fn is_over(conn: &mut Conn, acting: &Acting) -> Result<bool, StoreError> {
    let Some((person, session)) = signed_in(acting) else { return Ok(false) };
    Ok(!sessions::is_there(conn, person, session).await?)
}

/// Checks only that the session has not ended. `Err` if it has; the refusal is recorded.
pub(in crate::commands) async fn check_session(
    context: &CommandContext,
    mut tx: Tx,
    acting: &Acting,
    what: &str,
) -> Result<Tx, CommandError> {
    if is_over(&mut tx, acting).await? {
        return Err(refuse(context, tx, acting, &Target::act(what), None, AccessRefusal::Over).await?);
    }
    Ok(tx)
}

/// Checks that the actor is an administrator. `Err` if not; the refusal is recorded.
pub(in crate::commands) async fn check_admin(
    context: &CommandContext,
    mut tx: Tx,
    acting: &Acting,
    what: &Target,
) -> Result<Tx, CommandError> {
    if is_over(&mut tx, acting).await? {
        return Err(refuse(context, tx, acting, what, None, AccessRefusal::Over).await?);
    }
    // Whoever has a shell on the machine can read and write the database anyway.
    if acting.is_command_line() || of(&mut tx, &acting.actor, context.clock.now()).await?.role == Role::Admin
    {
        return Ok(tx);
    }
    Err(refuse(context, tx, acting, what, None, AccessRefusal::Rule("only an administrator may")).await?)
}

/// Checks that the account is the actor's own, or that the actor is an administrator.
pub(in crate::commands) async fn check_own(
    context: &CommandContext,
    mut tx: Tx,
    acting: &Acting,
    account: &PersonId,
    what: &Target,
) -> Result<Tx, CommandError> {
    if is_over(&mut tx, acting).await? {
        return Err(refuse(context, tx, acting, what, None, AccessRefusal::Over).await?);
    }
    if acting.actor.person_id() == Some(account) {
        return Ok(tx);
    }
    check_admin(context, tx, acting, what).await
}

/// Records the refusal, commits, and returns the error for the actor.
pub(in crate::commands) async fn refuse(
    context: &CommandContext,
    mut tx: Tx,
    acting: &Acting,
    what: &Target,
    distribution: Option<&DistributionId>,
    why: AccessRefusal,
) -> Result<CommandError, StoreError> {
    let error = refuse_within(context, &mut tx, acting, &Attempt::at(what, distribution), why);
    context.commit(tx).await?;
    Ok(error)
}

/// Records the refusal in the transaction, which the caller has to commit, and returns the error.
pub(in crate::commands) fn refuse_within(
    context: &CommandContext,
    tx: &mut Tx,
    acting: &Acting,
    asked: &Attempt<'_>,
    why: AccessRefusal,
) -> CommandError {
    audit::append(tx, asked.refused(acting, context.clock.now(), why.describe()));
    match why {
        AccessRefusal::Over => CommandError::SessionOver,
        AccessRefusal::Hidden => CommandError::Hidden,
        AccessRefusal::OverBudget(words) => CommandError::OverBudget(words),
        AccessRefusal::Frozen(refusal) => CommandError::Frozen(refusal),
        other => CommandError::NotAllowed(other.describe()),
    }
}

impl AccessRefusal {
    fn describe(&self) -> String {
        match self {
            Self::Hidden => "the distribution is outside the grants".to_owned(),
            Self::Over => "the session ended before the request did".to_owned(),
            Self::Role => "a viewer has read-only access".to_owned(),
            Self::Grants(allowed) => format!("outside the grants, which here allow {allowed}"),
            Self::Rule(words) => (*words).to_owned(),
            Self::Bound(words) | Self::OverBudget(words) => words.clone(),
            Self::Frozen(refusal) => refusal.to_string(),
        }
    }
}
