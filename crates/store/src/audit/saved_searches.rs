//! Searches of the history that people save, for themselves or for everyone.

use unstale_domain::{
    audit::saved_search::{EACH_MAX, SavedSearch},
    id::PersonId,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{signed, time},
    db::{execute, fetch_all},
};

pub async fn insert(tx: &mut Tx, person: &PersonId, search: &SavedSearch) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO saved_search (id, person_id, name, query, created_at, for_everyone)
         VALUES ($1, $2, $3, $4, $5, $6)",
        search.id.as_str(),
        person.as_str(),
        search.name.as_str(),
        search.query.as_str(),
        search.created_at.as_micros(),
        search.for_everyone,
    )?;
    Ok(())
}

type Row = (String, String, String, i64);

/// The searches that a person saved for themselves, oldest first.
pub async fn own(conn: &mut Conn, person: &PersonId) -> Result<Vec<SavedSearch>, StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT id, name, query, created_at FROM saved_search WHERE person_id = $1 AND NOT for_everyone
         ORDER BY created_at, id LIMIT $2"
    } else {
        "SELECT id, name, query, created_at FROM saved_search WHERE person_id = $1 AND for_everyone = 0
         ORDER BY created_at, id LIMIT $2"
    };
    let rows = fetch_all!(conn, Row, sql, person.as_str(), signed(EACH_MAX))?;
    Ok(rows.into_iter().map(|row| saved(row, false)).collect())
}

/// The searches that were saved for everyone, oldest first.
pub async fn for_everyone(conn: &mut Conn) -> Result<Vec<SavedSearch>, StoreError> {
    let sql = if conn.is_postgres() {
        "SELECT id, name, query, created_at FROM saved_search WHERE for_everyone ORDER BY created_at, id LIMIT $1"
    } else {
        "SELECT id, name, query, created_at FROM saved_search WHERE for_everyone = 1
         ORDER BY created_at, id LIMIT $1"
    };
    let rows = fetch_all!(conn, Row, sql, signed(EACH_MAX))?;
    Ok(rows.into_iter().map(|row| saved(row, true)).collect())
}

fn saved((id, name, query, created_at): Row, for_everyone: bool) -> SavedSearch {
    SavedSearch { id, name, query, created_at: time(created_at), for_everyone }
}

/// Deletes a saved search. The caller has checked whose it is.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM saved_search WHERE id = $1", id)?;
    Ok(())
}
