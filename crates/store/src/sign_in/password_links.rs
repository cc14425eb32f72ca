//! One-time links with which people set their passwords. Only the hash of a link's secret is stored.

use unstale_domain::{
    id::PersonId,
    secret::SecretHash,
    sign_in::{person::Person, session::LINK_LIFE},
    time::Timestamp,
};

use super::people::{Row, person_columns};
use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_optional},
};

/// Stores a new link and deletes any earlier link of the person.
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

/// The person whose link this is. `None` if the link has expired or the person is disabled. `None` also if the link
/// expires later than a link made now would: it was then made while the clock was ahead.
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

/// All people who have a link that is still good.
pub async fn invited(conn: &mut Conn, now: Timestamp) -> Result<Vec<PersonId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT person_id FROM password_link WHERE expires_at > $1 AND expires_at <= $2 ORDER BY person_id",
        now.as_micros(),
        now.plus(LINK_LIFE).and_a_moment().as_micros(),
    )?;
    Ok(rows.into_iter().map(|(id,)| PersonId::from_trusted(id)).collect())
}

/// Deletes a person's link. `false` if there was none.
pub async fn delete(tx: &mut Tx, person: &PersonId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM password_link WHERE person_id = $1", person.as_str())? == 1)
}
