//! The sessions of people who are signed in. Only the hash of a session's secret is stored.

use unstale_domain::{
    access::Role,
    id::PersonId,
    secret::SecretHash,
    sign_in::{person::Person, session::SessionLimits},
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    access::{narrowing::is_held_by, scope_kind},
    columns::time,
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A new session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession<'a> {
    pub hash: &'a SecretHash,
    pub person: &'a PersonId,
    pub sign_in: &'a str,
    pub client_address: &'a str,
    pub user_agent: &'a str,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// A valid session, with its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub person: Person,
    /// Whether the person or one of their groups has grants. If not, the grants need not be read.
    pub has_grants: bool,
    pub sign_in: String,
    pub last_seen_at: Timestamp,
    /// When the session ends if it is not used before then.
    pub ends_at: Timestamp,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    email: String,
    role: String,
    scope: String,
    created_at: i64,
    sign_in: String,
    last_seen_at: i64,
    begun_at: i64,
    expires_at: i64,
    has_grants: bool,
}

pub async fn insert(tx: &mut Tx, new: &NewSession<'_>) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO session
             (token_hash, person_id, sign_in, client_address, created_at, last_seen_at, expires_at, user_agent)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7)",
        new.hash.as_str(),
        new.person.as_str(),
        new.sign_in,
        new.client_address,
        new.now.as_micros(),
        new.expires_at.as_micros(),
        new.user_agent,
    )?;
    Ok(())
}

/// The session with this hash. `None` if it has expired, was not used for too long, was begun while the clock was
/// ahead, or its person is disabled.
pub async fn find(
    conn: &mut Conn,
    hash: &SecretHash,
    now: Timestamp,
    limits: SessionLimits,
) -> Result<Option<Session>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        concat!(
            "SELECT p.id, p.email, p.role, p.scope, p.created_at, s.sign_in, s.last_seen_at,
                 s.created_at AS begun_at, s.expires_at,
                 EXISTS (SELECT 1 FROM access_grant g WHERE ",
            is_held_by!("p.id"),
            ") AS has_grants
             FROM session s JOIN person p ON p.id = s.person_id
             WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.last_seen_at > $3 AND s.created_at > $4
                 AND s.created_at <= $5 AND p.disabled_at IS NULL"
        ),
        hash.as_str(),
        now.as_micros(),
        now.minus(limits.idle).as_micros(),
        now.minus(limits.life).as_micros(),
        now.and_a_moment().as_micros(),
    )?;
    row.map(|row| {
        Ok(Session {
            person: Person {
                id: PersonId::from_trusted(row.id),
                email: row.email,
                role: Role::parse(&row.role).ok_or_else(|| StoreError::unreadable("a role", &row.role))?,
                scope: scope_kind(&row.scope)?,
                created_at: time(row.created_at),
                disabled_at: None,
            },
            has_grants: row.has_grants,
            sign_in: row.sign_in,
            last_seen_at: time(row.last_seen_at),
            ends_at: time(row.expires_at)
                .min(time(row.last_seen_at).plus(limits.idle))
                .min(time(row.begun_at).plus(limits.life)),
        })
    })
    .transpose()
}

/// Whether the person has a session with this handle, which is the beginning of the session's hash.
pub async fn is_there(conn: &mut Conn, person: &PersonId, handle: &str) -> Result<bool, StoreError> {
    let (number,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM session WHERE person_id = $1 AND substr(token_hash, 1, length($2)) = $2",
        person.as_str(),
        handle,
    )?;
    Ok(number > 0)
}

/// What a person sees of one of their sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSummary {
    pub hash: SecretHash,
    pub sign_in: String,
    pub client_address: String,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
}

#[derive(sqlx_macros::FromRow)]
struct ListedRow {
    token_hash: String,
    sign_in: String,
    client_address: String,
    user_agent: String,
    created_at: i64,
    last_seen_at: i64,
}

/// Up to 100 valid sessions of a person. The session that was used last comes first.
pub async fn of_person(
    conn: &mut Conn,
    person: &PersonId,
    now: Timestamp,
    limits: SessionLimits,
) -> Result<Vec<SessionSummary>, StoreError> {
    let rows = fetch_all!(
        conn,
        ListedRow,
        "SELECT token_hash, sign_in, client_address, user_agent, created_at, last_seen_at FROM session
         WHERE person_id = $1 AND expires_at > $2 AND last_seen_at > $3 AND created_at > $4
           AND created_at <= $5
         ORDER BY last_seen_at DESC, token_hash LIMIT 100",
        person.as_str(),
        now.as_micros(),
        now.minus(limits.idle).as_micros(),
        now.minus(limits.life).as_micros(),
        now.and_a_moment().as_micros(),
    )?;
    let listed = |row: ListedRow| SessionSummary {
        hash: SecretHash::from_trusted(row.token_hash),
        sign_in: row.sign_in,
        client_address: row.client_address,
        user_agent: row.user_agent,
        created_at: time(row.created_at),
        last_seen_at: time(row.last_seen_at),
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Deletes all sessions of a person, or all but `except`. Returns the number of deleted sessions.
pub async fn delete_of_person(
    tx: &mut Tx,
    person: &PersonId,
    except: Option<&SecretHash>,
) -> Result<u64, StoreError> {
    let except = except.map_or("", SecretHash::as_str);
    execute!(tx, "DELETE FROM session WHERE person_id = $1 AND token_hash <> $2", person.as_str(), except)
}

/// Stores when a session was last used.
pub async fn touch(tx: &mut Tx, hash: &SecretHash, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE session SET last_seen_at = $2 WHERE token_hash = $1",
        hash.as_str(),
        now.as_micros(),
    )?;
    Ok(())
}

/// Deletes a session. `false` if there was none.
pub async fn delete(tx: &mut Tx, hash: &SecretHash) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM session WHERE token_hash = $1", hash.as_str())? == 1)
}

/// Deletes sessions that have expired. Returns the number of deleted sessions.
/// Ends all sessions of all people, and all links to set a password. Returns how many sessions there were.
pub async fn delete_all(tx: &mut Tx) -> Result<u64, StoreError> {
    execute!(tx, "DELETE FROM pending_second_factor")?;
    execute!(tx, "DELETE FROM password_link")?;
    execute!(tx, "DELETE FROM session")
}

pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, "DELETE FROM session WHERE expires_at <= $1", now.as_micros())
}
