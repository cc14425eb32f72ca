//! What an actor may do now, put together from role, groups, grants and the tags of distributions.

use std::collections::BTreeSet;

use crate::domain::{
    access::{Access, Granted, Role},
    grant::{Place, SubjectKind},
    id::{DistributionId, PersonId},
    person::Person,
};

use super::{
    Conn, StoreError,
    db::{fetch_all, fetch_optional},
    grants,
    sessions::Session,
};

/// Of a person; `None` where there is no such person, or not any more.
pub async fn of_person(conn: &mut Conn, id: &PersonId) -> Result<Option<Access>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String,),
        "SELECT role FROM person WHERE id = $1 AND disabled_at IS NULL",
        id.as_str(),
    )?;
    let Some((role,)) = row else { return Ok(None) };
    let role = Role::parse(&role).ok_or_else(|| StoreError::unreadable("a role", &role))?;
    let all = grants::of_person(conn, id).await?;
    resolve(conn, role, id.as_str(), all).await.map(Some)
}

/// Of whoever has this session, which was just read.
pub async fn of_session(conn: &mut Conn, session: &Session) -> Result<Access, StoreError> {
    let Person { id, role, .. } = &session.person;
    let all = if session.has_grants { grants::of_person(conn, id).await? } else { Vec::new() };
    resolve(conn, *role, id.as_str(), all).await
}

/// Of a token with this role, which the person `made_by` answers for.
pub async fn of_token(
    conn: &mut Conn,
    token: &str,
    role: Role,
    made_by: &PersonId,
) -> Result<Access, StoreError> {
    let all = grants::of_subject(conn, SubjectKind::Token, token).await?;
    resolve(conn, role, made_by.as_str(), all).await
}

async fn resolve(
    conn: &mut Conn,
    role: Role,
    behind: &str,
    all: Vec<crate::domain::grant::Grant>,
) -> Result<Access, StoreError> {
    let mut granted = Vec::with_capacity(all.len());
    for grant in all {
        let sites = match grant.place {
            Place::Distribution(id) => BTreeSet::from([id]),
            Place::Tagged { key, value } => tagged(conn, &key, value.as_deref()).await?,
        };
        granted.push(Granted { sites, reach: grant.reach });
    }
    Ok(Access::new(role, granted).of(behind))
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
