//! People, and the set-up link for the first one.

use unstale_domain::{
    access::{Role, ScopeKind},
    id::PersonId,
    secret::SecretHash,
    sign_in::person::{Email, Person},
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    access::scope_kind,
    columns::{self, optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// The columns of [`Row`], for a statement that reads `person` only or joins it as `p`. Each query that reads a
/// person reads all of them.
macro_rules! person_columns {
    () => {
        "id, email, role, scope, created_at, disabled_at, password_hash"
    };
    (p) => {
        "p.id, p.email, p.role, p.scope, p.created_at, p.disabled_at, p.password_hash"
    };
}
pub(crate) use person_columns;

#[derive(sqlx_macros::FromRow)]
pub(crate) struct Row {
    id: String,
    email: String,
    role: String,
    scope: String,
    created_at: i64,
    disabled_at: Option<i64>,
    password_hash: String,
}

impl Row {
    pub(crate) fn into_person(self) -> Result<Person, StoreError> {
        Ok(Person {
            id: PersonId::from_trusted(self.id),
            email: self.email,
            role: Role::parse(&self.role).ok_or_else(|| StoreError::unreadable("a role", &self.role))?,
            scope: scope_kind(&self.scope)?,
            created_at: time(self.created_at),
            disabled_at: optional_time(self.disabled_at),
        })
    }
}

impl Row {
    fn with_hash(self) -> Result<(Person, String), StoreError> {
        let hash = self.password_hash.clone();
        Ok((self.into_person()?, hash))
    }
}

/// Adds a person. Fails with [`StoreError::Duplicate`] if another person has the email address.
pub async fn insert(tx: &mut Tx, person: &Person, password_hash: &str) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO person (id, email, password_hash, role, scope, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        person.id.as_str(),
        person.email.as_str(),
        password_hash,
        person.role.as_str(),
        person.scope.as_str(),
        person.created_at.as_micros(),
    )?;
    Ok(())
}

/// All people, ordered by email address.
pub async fn list(conn: &mut Conn) -> Result<Vec<Person>, StoreError> {
    let rows = fetch_all!(conn, Row, concat!("SELECT ", person_columns!(), " FROM person ORDER BY email"))?;
    rows.into_iter().map(Row::into_person).collect()
}

/// A column by which [`page`] orders people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeopleColumn {
    Email,
    Role,
    Since,
}

macro_rules! page_of {
    ($order:literal) => {
        concat!(
            "SELECT ",
            person_columns!(),
            " FROM person WHERE email LIKE $1 ESCAPE '\\' ORDER BY ",
            $order,
            " LIMIT $2 OFFSET $3"
        )
    };
}

/// Up to `limit` people after the first `skipped` of those whose email address contains this text.
pub async fn page(
    conn: &mut Conn,
    text: &str,
    (column, descending): (PeopleColumn, bool),
    (skipped, limit): (usize, usize),
) -> Result<Vec<Person>, StoreError> {
    let sql = match (column, descending) {
        (PeopleColumn::Email, false) => page_of!("email"),
        (PeopleColumn::Email, true) => page_of!("email DESC"),
        (PeopleColumn::Role, false) => page_of!("role, email"),
        (PeopleColumn::Role, true) => page_of!("role DESC, email"),
        (PeopleColumn::Since, false) => page_of!("created_at, email"),
        (PeopleColumn::Since, true) => page_of!("created_at DESC, email"),
    };
    let rows = fetch_all!(conn, Row, sql, containing(text), signed(limit), signed(skipped))?;
    rows.into_iter().map(Row::into_person).collect()
}

/// The number of people whose email address contains this text.
pub async fn count(conn: &mut Conn, text: &str) -> Result<usize, StoreError> {
    let sql = "SELECT count(*) FROM person WHERE email LIKE $1 ESCAPE '\\'";
    let (number,) = fetch_one!(conn, (i64,), sql, containing(text))?;
    Ok(columns::count(number))
}

/// The pattern of a text anywhere. Email addresses are stored in lower case.
fn containing(text: &str) -> String {
    let plain = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{plain}%")
}

/// The person with this email address, and the hash of their password. The hash is empty if they have no password.
pub async fn find(conn: &mut Conn, email: &Email) -> Result<Option<(Person, String)>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        concat!("SELECT ", person_columns!(), " FROM person WHERE email = $1"),
        email.as_str(),
    )?;
    row.map(Row::with_hash).transpose()
}

/// The person with this ID, and the hash of their password. The hash is empty if they have no password.
pub async fn find_by_id(conn: &mut Conn, id: &PersonId) -> Result<Option<(Person, String)>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        concat!("SELECT ", person_columns!(), " FROM person WHERE id = $1"),
        id.as_str(),
    )?;
    row.map(Row::with_hash).transpose()
}

/// All people who have a password.
pub async fn with_password(conn: &mut Conn) -> Result<Vec<PersonId>, StoreError> {
    let rows = fetch_all!(conn, (String,), "SELECT id FROM person WHERE password_hash <> '' ORDER BY id")?;
    Ok(rows.into_iter().map(|(id,)| PersonId::from_trusted(id)).collect())
}

/// Replaces the hash of a person's password. An empty hash means that the person has no password.
pub async fn set_password(tx: &mut Tx, id: &PersonId, password_hash: &str) -> Result<(), StoreError> {
    execute!(tx, "UPDATE person SET password_hash = $2 WHERE id = $1", id.as_str(), password_hash)?;
    Ok(())
}

pub async fn set_role(tx: &mut Tx, id: &PersonId, role: Role) -> Result<(), StoreError> {
    execute!(tx, "UPDATE person SET role = $2 WHERE id = $1", id.as_str(), role.as_str())?;
    Ok(())
}

/// Sets how far the person's role reaches.
pub async fn set_scope(tx: &mut Tx, id: &PersonId, scope: ScopeKind) -> Result<(), StoreError> {
    execute!(tx, "UPDATE person SET scope = $2 WHERE id = $1", id.as_str(), scope.as_str())?;
    Ok(())
}

/// Disables a person from a time on. `None` enables them again.
pub async fn set_disabled(
    tx: &mut Tx,
    id: &PersonId,
    disabled_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let at = disabled_at.map(Timestamp::as_micros);
    execute!(tx, "UPDATE person SET disabled_at = $2 WHERE id = $1", id.as_str(), at)?;
    Ok(())
}

/// The administrators who are not disabled. Their rows are locked until the transaction ends, so that no other
/// transaction changes them.
pub async fn lock_admins(tx: &mut Tx) -> Result<Vec<PersonId>, StoreError> {
    let sql = if tx.is_postgres() {
        "SELECT id FROM person WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR UPDATE"
    } else {
        "SELECT id FROM person WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id"
    };
    let rows = fetch_all!(tx, (String,), sql)?;
    Ok(rows.into_iter().map(|(id,)| PersonId::from_trusted(id)).collect())
}

/// Whether there are no people yet.
pub async fn is_empty(conn: &mut Conn) -> Result<bool, StoreError> {
    let (any,) = fetch_one!(conn, (bool,), "SELECT EXISTS (SELECT 1 FROM person)")?;
    Ok(!any)
}

/// Stores the hash of a new set-up link and deletes any earlier link.
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

/// Whether this is the set-up link and it has not expired. `false` also if the link was made while the clock was
/// ahead.
pub async fn set_up_link_is_good(
    conn: &mut Conn,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (count,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM set_up_link WHERE token_hash = $1 AND expires_at > $2 AND created_at <= $3",
        hash.as_str(),
        now.as_micros(),
        now.and_a_moment().as_micros(),
    )?;
    Ok(count == 1)
}

/// Deletes the set-up link, so that it works only once. `false` if it is no longer valid.
pub async fn use_set_up_link(tx: &mut Tx, hash: &SecretHash, now: Timestamp) -> Result<bool, StoreError> {
    let used = execute!(
        tx,
        "DELETE FROM set_up_link WHERE token_hash = $1 AND expires_at > $2 AND created_at <= $3",
        hash.as_str(),
        now.as_micros(),
        now.and_a_moment().as_micros(),
    )?;
    Ok(used == 1)
}
