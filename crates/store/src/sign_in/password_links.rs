//! One-time links with which somebody sets their password. Only the hash of the link's secret is kept.

use unstale_domain::{
    id::PersonId,
    secret::SecretHash,
    sign_in::{person::Person, session::LINK_LIFE},
    time::Timestamp,
};

use super::people::{Row, person_columns};
use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_optional},
};

/// Keeps a new link in place of any earlier one of the person.
pub async fn replace(
    tx: &mut Tx,
    person: &PersonId,
    hash: &SecretHash,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    delete(tx, person).await?;
    execute!(
        tx,
        "INSERT INTO password_link (person_id, token_hash, expires_at) VALUES ($1, $2, $3)",
        person.as_str(),
        hash.as_str(),
        expires_at.as_micros(),
    )?;
    Ok(())
}

/// Whose link it is, where it is still good and its person is not disabled. One that would be good for longer than any was
/// made by a clock that was ahead.
pub async fn find(conn: &mut Conn, hash: &SecretHash, now: Timestamp) -> Result<Option<Person>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        concat!(
            "SELECT ",
            person_columns!(p),
            " FROM password_link l JOIN person p ON p.id = l.person_id
         WHERE l.token_hash = $1 AND l.expires_at > $2 AND l.expires_at <= $3
           AND p.disabled_at IS NULL"
        ),
        hash.as_str(),
        now.as_micros(),
        now.plus(LINK_LIFE).and_a_moment().as_micros(),
    )?;
    row.map(Row::into_person).transpose()
}

/// Takes a person's link away; `false` where there was none.
pub async fn delete(tx: &mut Tx, person: &PersonId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM password_link WHERE person_id = $1", person.as_str())? == 1)
}
