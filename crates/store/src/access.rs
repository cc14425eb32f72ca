//! What an actor may do now, put together from role, groups, grants and the tags of distributions.

pub mod grants;
pub mod groups;
pub mod local_groups;
pub(crate) mod narrowing;
pub(crate) mod visibility;

use std::collections::BTreeSet;

use unstale_domain::{
    access::{
        Access, Granted, Role, ScopeKind,
        grant::{GrantPlace, SubjectKind},
    },
    actor::Actor,
    id::{DistributionId, PersonId},
    sign_in::person::Person,
    tokens::token::Token,
};

use super::{
    Conn, StoreError,
    db::{fetch_all, fetch_optional},
    tokens,
};
use crate::sign_in::sessions::Session;

/// The access of a person. `None` if there is no such person, or the person is disabled.
pub async fn of_person(conn: &mut Conn, id: &PersonId) -> Result<Option<Access>, StoreError> {
    let row = fetch_optional!(
        conn,
        PersonRow,
        concat!(
            "SELECT role, scope, disabled_at, EXISTS (SELECT 1 FROM access_grant g WHERE ",
            narrowing::is_held_by!("person.id"),
            ") AS has_grants FROM person WHERE id = $1"
        ),
        id.as_str(),
    )?;
    match row {
        Some(row) => of_row(conn, id, row).await,
        None => Ok(None),
    }
}

/// What decides on the access of a person, but for the grants themselves.
#[derive(sqlx_macros::FromRow)]
pub(crate) struct PersonRow {
    pub role: String,
    pub scope: String,
    pub disabled_at: Option<i64>,
    pub has_grants: bool,
}

/// The access of the person of this row. `None` if the person is disabled.
pub(crate) async fn of_row(
    conn: &mut Conn,
    id: &PersonId,
    row: PersonRow,
) -> Result<Option<Access>, StoreError> {
    if row.disabled_at.is_some() {
        return Ok(None);
    }
    let role = Role::parse(&row.role).ok_or_else(|| StoreError::unreadable("a role", &row.role))?;
    let all = if row.has_grants { grants::of_person(conn, id).await? } else { Vec::new() };
    resolve(conn, role, scope_kind(&row.scope)?, id.as_str(), all).await.map(Some)
}

/// Of whoever has this session, which was just read.
pub async fn of_session(conn: &mut Conn, session: &Session) -> Result<Access, StoreError> {
    let Person { id, role, scope, .. } = &session.person;
    let all = if session.has_grants { grants::of_person(conn, id).await? } else { Vec::new() };
    resolve(conn, *role, *scope, id.as_str(), all).await
}

/// Of a token that was not revoked, whether it is over or not: as much as it was made for and as whoever made it may now.
/// `None` where it was revoked, or its creator is disabled. One that was made at the shell has nobody behind it.
pub async fn of_token(conn: &mut Conn, token: &Token) -> Result<Option<Access>, StoreError> {
    if token.revoked_at.is_some() {
        return Ok(None);
    }
    let maker = if token.made_by.is_empty() {
        None
    } else {
        let maker = of_person(conn, &PersonId::from_trusted(token.made_by.as_str())).await?;
        let Some(maker) = maker else { return Ok(None) };
        Some(maker)
    };
    let all = if token.has_grants {
        grants::of_subject(conn, SubjectKind::Token, token.id.as_str()).await?
    } else {
        Vec::new()
    };
    let own = resolve(conn, token.role, token.scope, &token.made_by, all).await?;
    Ok(Some(match maker {
        Some(maker) => own.within(maker),
        None => own,
    }))
}

/// What whoever asked for something that was accepted may do now: they may lose it before it is sent. That a token is over
/// by then, which was known when it asked, takes nothing back. Nobody sees nothing.
pub async fn of_requester(conn: &mut Conn, actor: &Actor) -> Result<Access, StoreError> {
    let access = match actor {
        Actor::Person { id, .. } => of_person(conn, id).await?,
        Actor::Service => Some(Access::whole(Role::Operator)),
        Actor::Token { id, .. } => match tokens::find(conn, id).await? {
            Some(token) => of_token(conn, &token).await?,
            None => None,
        },
        Actor::CommandLine { .. } | Actor::Outside { .. } | Actor::Nobody { .. } => None,
    };
    Ok(access.unwrap_or_else(Access::nothing))
}

pub(crate) fn scope_kind(text: &str) -> Result<ScopeKind, StoreError> {
    ScopeKind::parse(text).ok_or_else(|| StoreError::unreadable("a scope", text))
}

async fn resolve(
    conn: &mut Conn,
    role: Role,
    scope: ScopeKind,
    behind: &str,
    all: Vec<unstale_domain::access::grant::Grant>,
) -> Result<Access, StoreError> {
    let mut granted = Vec::with_capacity(all.len());
    for grant in all {
        let distributions = match grant.place {
            GrantPlace::Distribution(id) => BTreeSet::from([id]),
            GrantPlace::Tagged { key, value } => tagged(conn, &key, value.as_deref()).await?,
        };
        granted.push(Granted { distributions, scope: grant.scope });
    }
    Ok(Access::new(role, scope.with(granted)).of(behind))
}

/// The distributions with a tag, as far as their tags are known.
async fn tagged(
    conn: &mut Conn,
    key: &str,
    value: Option<&str>,
) -> Result<BTreeSet<DistributionId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT distribution_id FROM distribution_tag WHERE tag_key = $1 AND ($2 IS NULL OR tag_value = $2)",
        key,
        value,
    )?;
    Ok(rows.into_iter().map(|(id,)| DistributionId::from_trusted(id)).collect())
}
