//! Searches of the history that people save for themselves.

use unstale_domain::{audit::saved_search::SavedSearch, id::PersonId};

use crate::{
    Conn, StoreError, Tx,
    columns::time,
    db::{execute, fetch_all},
};

pub async fn insert(tx: &mut Tx, person: &PersonId, search: &SavedSearch) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO saved_search (id, person_id, name, query, created_at) VALUES ($1, $2, $3, $4, $5)",
        search.id.as_str(),
        person.as_str(),
        search.name.as_str(),
        search.query.as_str(),
        search.created_at.as_micros(),
    )?;
    Ok(())
}

/// A person's saved searches, oldest first.
pub async fn list(conn: &mut Conn, person: &PersonId) -> Result<Vec<SavedSearch>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String, String, i64),
        "SELECT id, name, query, created_at FROM saved_search WHERE person_id = $1 ORDER BY created_at, id",
        person.as_str(),
    )?;
    Ok(rows
        .into_iter()
        .map(|(id, name, query, created_at)| SavedSearch { id, name, query, created_at: time(created_at) })
        .collect())
}

/// Deletes one of a person's saved searches. `false` if the person has no such search.
pub async fn delete(tx: &mut Tx, person: &PersonId, id: &str) -> Result<bool, StoreError> {
    let gone = "DELETE FROM saved_search WHERE person_id = $1 AND id = $2";
    Ok(execute!(tx, gone, person.as_str(), id)? > 0)
}
