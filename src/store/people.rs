//! People with local accounts, and the link for the first one.

use crate::domain::{
    access::Role,
    id::PersonId,
    person::{Email, Person},
    secret::SecretHash,
    time::Timestamp,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one, fetch_optional},
    parts::{optional_time, time},
};

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    email: String,
    role: String,
    created_at: i64,
    disabled_at: Option<i64>,
    password_hash: String,
}

impl Row {
    fn into_person(self) -> Result<Person, StoreError> {
        Ok(Person {
            id: PersonId::from_trusted(self.id),
            email: self.email,
            role: Role::parse(&self.role).ok_or_else(|| StoreError::unreadable("a role", &self.role))?,
            created_at: time(self.created_at),
            disabled_at: optional_time(self.disabled_at),
        })
    }
}

/// Adds a person. Fails with [`StoreError::Duplicate`] where the address is taken.
pub async fn insert(tx: &mut Tx, person: &Person, password_hash: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO person (id, email, password_hash, role, created_at) VALUES ($1, $2, $3, $4, $5)",
        person.id.as_str(),
        person.email.as_str(),
        password_hash,
        person.role.as_str(),
        person.created_at.as_micros(),
    )?;
    Ok(())
}

/// Everybody, by address.
pub async fn list(conn: &mut Conn) -> Result<Vec<Person>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, email, role, created_at, disabled_at, password_hash FROM person ORDER BY email"
    )?;
    rows.into_iter().map(Row::into_person).collect()
}

/// A person by address, with the hash of their password.
pub async fn find(conn: &mut Conn, email: &Email) -> Result<Option<(Person, String)>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT id, email, role, created_at, disabled_at, password_hash FROM person WHERE email = $1",
        email.as_str(),
    )?;
    row.map(|row| {
        let hash = row.password_hash.clone();
        Ok((row.into_person()?, hash))
    })
    .transpose()
}

/// Is there nobody yet?
pub async fn is_empty(conn: &mut Conn) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM person")?;
    Ok(count == 0)
}

/// Keeps the hash of a new set-up link in place of any earlier one.
pub async fn replace_set_up_link(
    tx: &mut Tx,
    hash: &SecretHash,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM set_up_link")?;
    execute!(
        tx,
        "INSERT INTO set_up_link (token_hash, created_at, expires_at) VALUES ($1, $2, $3)",
        hash.as_str(),
        now.as_micros(),
        expires_at.as_micros(),
    )?;
    Ok(())
}

/// Is this the set-up link, and still good?
pub async fn set_up_link_is_good(
    conn: &mut Conn,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM set_up_link WHERE token_hash = $1 AND expires_at > $2",
        hash.as_str(),
        now.as_micros(),
    )?;
    Ok(count == 1)
}

/// Uses the link up; `false` where it was not good any more.
pub async fn use_set_up_link(tx: &mut Tx, hash: &SecretHash, now: Timestamp) -> Result<bool, StoreError> {
    let used = execute!(
        tx,
        "DELETE FROM set_up_link WHERE token_hash = $1 AND expires_at > $2",
        hash.as_str(),
        now.as_micros(),
    )?;
    Ok(used == 1)
}
