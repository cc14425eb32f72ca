//! Sign-ins whose password was right and whose code is still to come. They open nothing.

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

/// Somebody half-way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSecondFactor {
    pub person: Person,
    /// The secret of the second step that their first code turns on; none where they have one.
    pub offered: Option<TotpSecret>,
}

/// Begins one, in place of earlier ones of the same person that are over.
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

#[derive(sqlx::FromRow)]
struct PendingSecondFactorRow {
    #[sqlx(flatten)]
    person: Row,
    offered: Option<String>,
}

/// Whose it is, where it is still good. One that would be good for longer than any was begun by a clock that was ahead.
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

/// Counts a try; `false` where there were too many.
pub async fn count_try(tx: &mut Tx, hash: &SecretHash, most: i64) -> Result<bool, StoreError> {
    let counted = execute!(
        tx,
        "UPDATE pending_second_factor SET tries = tries + 1 WHERE token_hash = $1 AND tries < $2",
        hash.as_str(),
        most,
    )?;
    Ok(counted == 1)
}

/// Ends all that a person has.
pub async fn delete_of_person(tx: &mut Tx, person: &PersonId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM pending_second_factor WHERE person_id = $1", person.as_str())?;
    Ok(())
}
