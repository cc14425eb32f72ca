//! Groups that administrators created, and their members. Members of a provider's groups are in the same table.

use unstale_domain::{id::PersonId, time::Timestamp};

use super::narrowing::{narrow_members_where_granted, narrow_where_granted};
use crate::{
    Conn, StoreError, Tx,
    columns::signed,
    db::{execute, fetch_all, fetch_one},
};

/// Inserts a group. Fails with [`StoreError::Duplicate`] if the name exists.
pub async fn insert(tx: &mut Tx, name: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "INSERT INTO local_group (name, created_at) VALUES ($1, $2)", name, now.as_micros())?;
    Ok(())
}

/// Deletes a group and its local members. `false` if the group does not exist.
pub async fn delete(tx: &mut Tx, name: &str) -> Result<bool, StoreError> {
    narrow_members_where_granted(tx, name).await?;
    execute!(tx, "DELETE FROM person_group WHERE group_name = $1 AND source = 'local'", name)?;
    Ok(execute!(tx, "DELETE FROM local_group WHERE name = $1", name)? == 1)
}

/// The names of the first `limit` groups that administrators created.
pub async fn list(conn: &mut Conn, limit: usize) -> Result<Vec<String>, StoreError> {
    let rows =
        fetch_all!(conn, (String,), "SELECT name FROM local_group ORDER BY name LIMIT $1", signed(limit))?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

pub async fn exists(conn: &mut Conn, name: &str) -> Result<bool, StoreError> {
    let (number,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM local_group WHERE name = $1", name)?;
    Ok(number == 1)
}

/// Groups that a provider named at a sign-in.
pub async fn provided(conn: &mut Conn, limit: usize) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT DISTINCT group_name FROM person_group WHERE source = 'provider' ORDER BY group_name LIMIT $1",
        signed(limit),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Member {
    pub group_name: String,
    pub person_id: String,
    pub email: String,
    /// `local` or `provider`
    pub source: String,
}

/// `INDEXED BY` makes SQLite read the groups in the order of their names. Without it, SQLite sorts all members.
macro_rules! members_of {
    ($index:literal) => {
        concat!(
            "SELECT m.group_name, m.person_id, p.email, m.source FROM person_group m ",
            $index,
            "CROSS JOIN person p WHERE p.id = m.person_id ORDER BY m.group_name, p.email, m.source LIMIT $1"
        )
    };
}

/// The first `limit` members of all groups, ordered by group and email address.
pub async fn members(conn: &mut Conn, limit: usize) -> Result<Vec<Member>, StoreError> {
    let sql =
        if conn.is_postgres() { members_of!("") } else { members_of!("INDEXED BY person_group_by_name ") };
    fetch_all!(conn, Member, sql, signed(limit))
}

/// The groups of one person, both local groups and those that a provider sent.
pub async fn of_person(conn: &mut Conn, person: &PersonId) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT DISTINCT group_name FROM person_group WHERE person_id = $1 ORDER BY group_name",
        person.as_str(),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Adds a person to a group. `false` if they were a member before.
pub async fn add_member(tx: &mut Tx, name: &str, person: &PersonId) -> Result<bool, StoreError> {
    let added = execute!(
        tx,
        "INSERT INTO person_group (person_id, group_name, source) VALUES ($1, $2, 'local') ON CONFLICT DO NOTHING",
        person.as_str(),
        name,
    )?;
    narrow_where_granted(tx, person).await?;
    Ok(added == 1)
}

/// Removes a person from a group. `false` if they were not a local member.
pub async fn remove_member(tx: &mut Tx, name: &str, person: &PersonId) -> Result<bool, StoreError> {
    narrow_where_granted(tx, person).await?;
    let removed = execute!(
        tx,
        "DELETE FROM person_group WHERE person_id = $1 AND group_name = $2 AND source = 'local'",
        person.as_str(),
        name,
    )?;
    Ok(removed == 1)
}
