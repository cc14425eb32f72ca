//! Sign-ins whose password was correct and whose code was not entered yet. They give no access.

use unstale_domain::{
    id::PersonId,
    secret::SecretHash,
    sign_in::{person::Person, second_step::TotpSecret, session::PENDING_SECOND_FACTOR_LIFE},
    time::Timestamp,
};

use super::people::{Row, person_columns};
use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_optional},
};

/// A sign-in that waits for the code of the second step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSecondFactor {
    pub person: Person,
    /// The secret of the second step that the first code turns on. `None` if the person's second step is on
    /// already.
    pub offered: Option<TotpSecret>,
}

/// Adds a pending second factor. Also deletes all that have expired, no matter whose they are.
pub async fn insert(
    tx: &mut Tx,
    hash: &SecretHash,
    person: &PersonId,
    offered: Option<&TotpSecret>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM pending_second_factor WHERE expires_at <= $1", now.as_micros())?;
    execute!(
        tx,
        "INSERT INTO pending_second_factor (token_hash, person_id, offered, tries, expires_at) VALUES ($1, $2, $3, 0, $4)",
        hash.as_str(),
        person.as_str(),
        offered.map(TotpSecret::reveal),
        expires_at.as_micros(),
    )?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct PendingSecondFactorRow {
    #[sqlx(flatten)]
    person: Row,
    offered: Option<String>,
}

/// The pending second factor with this hash. `None` if it has expired or the person is disabled. `None` also if it
/// expires later than one that begins now would: it was then begun while the clock was ahead.
pub async fn find(
    conn: &mut Conn,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<Option<PendingSecondFactor>, StoreError> {
    let row = fetch_optional!(
        conn,
        PendingSecondFactorRow,
        concat!(
            "SELECT ",
            person_columns!(p),
            ", h.offered
         FROM pending_second_factor h JOIN person p ON p.id = h.person_id
         WHERE h.token_hash = $1 AND h.expires_at > $2 AND h.expires_at <= $3
           AND p.disabled_at IS NULL"
        ),
        hash.as_str(),
        now.as_micros(),
        now.plus(PENDING_SECOND_FACTOR_LIFE).and_a_moment().as_micros(),
    )?;
    let Some(PendingSecondFactorRow { person, offered }) = row else { return Ok(None) };
    let person = person.into_person()?;
    Ok(Some(PendingSecondFactor { person, offered: offered.map(TotpSecret::from_trusted) }))
}

/// Counts an attempt to enter the code. `false` if there were already `most` attempts.
pub async fn count_try(tx: &mut Tx, hash: &SecretHash, most: i64) -> Result<bool, StoreError> {
    let counted = execute!(
        tx,
        "UPDATE pending_second_factor SET tries = tries + 1 WHERE token_hash = $1 AND tries < $2",
        hash.as_str(),
        most,
    )?;
    Ok(counted == 1)
}

/// Deletes all pending second factors of a person.
pub async fn delete_of_person(tx: &mut Tx, person: &PersonId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM pending_second_factor WHERE person_id = $1", person.as_str())?;
    Ok(())
}
