//! Stores the grants that administrators make.

use unstale_domain::{
    access::{
        grant::{Grant, GrantPlace, Subject, SubjectKind},
        grant_scope::{GrantScope, PathPrefix, TagPrefix},
    },
    id::{DistributionId, GrantId, PersonId},
    time::Timestamp,
};

use super::narrowing::{is_held_by, narrow};
use crate::{
    Conn, StoreError, Tx,
    columns::{count, signed},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT g.id, g.subject_kind, g.subject_id, g.distribution_id, g.tag_key, g.tag_value, g.path_prefix, ",
            "g.tag_prefix, g.everything FROM access_grant g ",
            $($rest)*
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    subject_kind: String,
    subject_id: String,
    distribution_id: Option<String>,
    tag_key: Option<String>,
    tag_value: Option<String>,
    path_prefix: Option<String>,
    tag_prefix: Option<String>,
    everything: bool,
}

impl Row {
    fn into_grant(self) -> Result<Grant, StoreError> {
        let kind = SubjectKind::parse(&self.subject_kind)
            .ok_or_else(|| StoreError::unreadable("a grant's subject", &self.subject_kind))?;
        let place = match (self.distribution_id, self.tag_key) {
            (Some(id), _) => GrantPlace::Distribution(DistributionId::from_trusted(id)),
            (None, Some(key)) => GrantPlace::Tagged { key, value: self.tag_value },
            (None, None) => return Err(StoreError::unreadable("the place of a grant", &self.id)),
        };
        Ok(Grant {
            id: GrantId::from_trusted(self.id),
            subject: Subject { kind, id: self.subject_id },
            place,
            scope: GrantScope {
                paths: self.path_prefix.map(PathPrefix::from_trusted),
                tags: self.tag_prefix.map(TagPrefix::from_trusted),
                everything: self.everything,
            },
        })
    }
}

/// Adds a grant. From then on its subject may do only what is granted.
pub async fn insert(tx: &mut Tx, grant: &Grant, now: Timestamp) -> Result<(), StoreError> {
    narrow(tx, &grant.subject).await?;
    let (distribution, key, value) = match &grant.place {
        GrantPlace::Distribution(id) => (Some(id.as_str()), None, None),
        GrantPlace::Tagged { key, value } => (None, Some(key.as_str()), value.as_deref()),
    };
    execute!(
        tx,
        "INSERT INTO access_grant (id, subject_kind, subject_id, distribution_id, tag_key, tag_value, path_prefix,
             tag_prefix, everything, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        grant.id.as_str(),
        grant.subject.kind.as_str(),
        grant.subject.id.as_str(),
        distribution,
        key,
        value,
        grant.scope.paths.as_ref().map(PathPrefix::as_str),
        grant.scope.tags.as_ref().map(TagPrefix::as_str),
        grant.scope.everything,
        now.as_micros(),
    )?;
    Ok(())
}

/// Deletes a grant. `false` if there was none. Its subject stays limited to what is granted, so that the deletion
/// never gives more access.
pub async fn delete(tx: &mut Tx, id: &GrantId) -> Result<bool, StoreError> {
    if let Some(grant) = find(tx, id).await? {
        narrow(tx, &grant.subject).await?;
    }
    Ok(execute!(tx, "DELETE FROM access_grant WHERE id = $1", id.as_str())? == 1)
}

pub async fn find(conn: &mut Conn, id: &GrantId) -> Result<Option<Grant>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE g.id = $1"), id.as_str())?;
    row.map(Row::into_grant).transpose()
}

/// The first `limit` grants, ordered by subject.
pub async fn list(conn: &mut Conn, limit: usize) -> Result<Vec<Grant>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("ORDER BY g.subject_kind, g.subject_id, g.id LIMIT $1"),
        signed(limit)
    )?;
    rows.into_iter().map(Row::into_grant).collect()
}

/// The number of grants of one subject.
pub async fn count_of(conn: &mut Conn, subject: &Subject) -> Result<usize, StoreError> {
    let (number,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM access_grant WHERE subject_kind = $1 AND subject_id = $2",
        subject.kind.as_str(),
        subject.id.as_str(),
    )?;
    Ok(count(number))
}

/// The grants of one person, group or token. For a person, those of the person's groups are not included.
pub async fn of_subject(conn: &mut Conn, kind: SubjectKind, id: &str) -> Result<Vec<Grant>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE g.subject_kind = $1 AND g.subject_id = $2 ORDER BY g.id"),
        kind.as_str(),
        id,
    )?;
    rows.into_iter().map(Row::into_grant).collect()
}

/// The grants of a person and of all their groups, both local groups and those that a provider sent.
pub async fn of_person(conn: &mut Conn, person: &PersonId) -> Result<Vec<Grant>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE ", is_held_by!("$1"), " ORDER BY g.subject_kind DESC, g.id"),
        person.as_str(),
    )?;
    rows.into_iter().map(Row::into_grant).collect()
}
