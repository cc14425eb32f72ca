//! The identities by which providers and proxies know people: an issuer and a subject together.

use unstale_domain::{id::PersonId, sign_in::person::Person, time::Timestamp};

use super::people::{Row, person_columns};
use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_optional},
};

/// The person whom an issuer identifies by this subject.
pub async fn find(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<Person>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        concat!(
            "SELECT ",
            person_columns!(p),
            " FROM identity i JOIN person p ON p.id = i.person_id
         WHERE i.issuer = $1 AND i.subject = $2"
        ),
        issuer,
        subject,
    )?;
    row.map(Row::into_person).transpose()
}

/// Links an issuer's subject to a person. Fails with [`StoreError::Duplicate`] if it is linked already.
pub async fn insert(
    tx: &mut Tx,
    issuer: &str,
    subject: &str,
    person: &PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO identity (issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4)",
        issuer,
        subject,
        person.as_str(),
        now.as_micros(),
    )?;
    Ok(())
}

/// The issuers and subjects of a person.
pub async fn of_person(conn: &mut Conn, person: &PersonId) -> Result<Vec<(String, String)>, StoreError> {
    fetch_all!(
        conn,
        (String, String),
        "SELECT issuer, subject FROM identity WHERE person_id = $1 ORDER BY issuer, subject",
        person.as_str(),
    )
}
