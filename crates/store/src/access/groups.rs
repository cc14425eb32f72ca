//! The groups of people: those that administrators assigned, and those that an identity provider sent.

use unstale_domain::id::PersonId;

use super::narrowing::narrow_where_granted;
use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all},
};

/// All groups of a person, ordered by name. Each group is listed once.
pub async fn of_person(conn: &mut Conn, person: &PersonId) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT DISTINCT group_name FROM person_group WHERE person_id = $1 ORDER BY group_name",
        person.as_str(),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The groups that the provider sent, ordered by name.
pub async fn provided(conn: &mut Conn, person: &PersonId) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT group_name FROM person_group WHERE person_id = $1 AND source = 'provider' ORDER BY group_name",
        person.as_str(),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Replaces the groups that the provider sent. Groups that administrators assigned stay.
pub async fn replace_provided(tx: &mut Tx, person: &PersonId, groups: &[String]) -> Result<(), StoreError> {
    narrow_where_granted(tx, person).await?;
    execute!(tx, "DELETE FROM person_group WHERE person_id = $1 AND source = 'provider'", person.as_str())?;
    for group in groups {
        execute!(
            tx,
            "INSERT INTO person_group (person_id, group_name, source) VALUES ($1, $2, 'provider')",
            person.as_str(),
            group.as_str(),
        )?;
    }
    // The new groups may have grants too.
    narrow_where_granted(tx, person).await
}
