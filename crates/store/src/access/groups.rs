//! The groups of people: assigned here, or sent by their identity provider.

use unstale_domain::id::PersonId;

use super::narrowing::narrow_where_granted;
use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all},
};

/// All groups of a person, each once, by name.
pub async fn of_person(conn: &mut Conn, person: &PersonId) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT DISTINCT group_name FROM person_group WHERE person_id = $1 ORDER BY group_name",
        person.as_str(),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// The groups that the provider sent, by name.
pub async fn provided(conn: &mut Conn, person: &PersonId) -> Result<Vec<String>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT group_name FROM person_group WHERE person_id = $1 AND source = 'provider' ORDER BY group_name",
        person.as_str(),
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Replaces the groups that the provider sent. Groups that were assigned here stay.
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
    narrow_where_granted(tx, person).await
}
