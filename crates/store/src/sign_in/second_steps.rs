//! Second steps of sign-ins: the secrets of authenticator apps and the hashes of recovery codes.

use unstale_domain::{id::PersonId, secret::SecretHash, sign_in::second_step::TotpSecret, time::Timestamp};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, optional_time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// A person's second step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondStep {
    pub secret: TotpSecret,
    /// When the person entered the first code. `None` if the second step is only offered: a sign-in then asks for
    /// no code.
    pub confirmed_at: Option<Timestamp>,
    /// The time step (30 s) of the last code that was used.
    pub last_step: i64,
}

pub async fn find(conn: &mut Conn, person: &PersonId) -> Result<Option<SecondStep>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, Option<i64>, i64),
        "SELECT secret, confirmed_at, last_step FROM second_step WHERE person_id = $1",
        person.as_str(),
    )?;
    Ok(row.map(|(secret, confirmed_at, last_step)| SecondStep {
        secret: TotpSecret::from_trusted(secret),
        confirmed_at: optional_time(confirmed_at),
        last_step,
    }))
}

/// All people whose second step is on.
pub async fn people(conn: &mut Conn) -> Result<Vec<PersonId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT person_id FROM second_step WHERE confirmed_at IS NOT NULL ORDER BY person_id",
    )?;
    Ok(rows.into_iter().map(|(id,)| PersonId::from_trusted(id)).collect())
}

/// Offers a secret. `false` if the second step is on already.
pub async fn offer(
    tx: &mut Tx,
    person: &PersonId,
    secret: &TotpSecret,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let written = execute!(
        tx,
        "INSERT INTO second_step (person_id, secret, created_at, confirmed_at, last_step)
         VALUES ($1, $2, $3, NULL, 0)
         ON CONFLICT (person_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
         WHERE second_step.confirmed_at IS NULL",
        person.as_str(),
        secret.reveal(),
        now.as_micros(),
    )?;
    Ok(written == 1)
}

/// Turns an offered second step on. `step` is the time step of the first code. `false` if the second step is on
/// already or was not offered.
pub async fn confirm(tx: &mut Tx, person: &PersonId, step: i64, now: Timestamp) -> Result<bool, StoreError> {
    let written = execute!(
        tx,
        "UPDATE second_step SET confirmed_at = $2, last_step = $3
         WHERE person_id = $1 AND confirmed_at IS NULL",
        person.as_str(),
        now.as_micros(),
        step,
    )?;
    Ok(written == 1)
}

/// Marks the code of a time step as used. `false` if this code or a later one was used already.
pub async fn use_step(tx: &mut Tx, person: &PersonId, step: i64) -> Result<bool, StoreError> {
    let written = execute!(
        tx,
        "UPDATE second_step SET last_step = $2
         WHERE person_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2",
        person.as_str(),
        step,
    )?;
    Ok(written == 1)
}

/// Deletes the second step and its recovery codes. `false` if the second step was not on.
pub async fn delete(tx: &mut Tx, person: &PersonId) -> Result<bool, StoreError> {
    execute!(tx, "DELETE FROM recovery_code WHERE person_id = $1", person.as_str())?;
    let on = execute!(
        tx,
        "DELETE FROM second_step WHERE person_id = $1 AND confirmed_at IS NOT NULL",
        person.as_str(),
    )?;
    execute!(tx, "DELETE FROM second_step WHERE person_id = $1", person.as_str())?;
    Ok(on == 1)
}

/// Deletes an offer that was not confirmed. A second step that is on stays.
pub async fn delete_offer(tx: &mut Tx, person: &PersonId) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM second_step WHERE person_id = $1 AND confirmed_at IS NULL", person.as_str())?;
    Ok(())
}

/// Replaces all recovery codes.
pub async fn replace_codes(tx: &mut Tx, person: &PersonId, hashes: &[SecretHash]) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM recovery_code WHERE person_id = $1", person.as_str())?;
    for hash in hashes {
        execute!(
            tx,
            "INSERT INTO recovery_code (person_id, code_hash) VALUES ($1, $2)",
            person.as_str(),
            hash.as_str(),
        )?;
    }
    Ok(())
}

/// Marks a recovery code as used. `false` if it was used already or does not exist.
pub async fn use_code(
    tx: &mut Tx,
    person: &PersonId,
    hash: &SecretHash,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let used = execute!(
        tx,
        "UPDATE recovery_code SET used_at = $3 WHERE person_id = $1 AND code_hash = $2 AND used_at IS NULL",
        person.as_str(),
        hash.as_str(),
        now.as_micros(),
    )?;
    Ok(used == 1)
}

/// The number of recovery codes that were not used.
pub async fn codes_left(conn: &mut Conn, person: &PersonId) -> Result<usize, StoreError> {
    let (left,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM recovery_code WHERE person_id = $1 AND used_at IS NULL",
        person.as_str(),
    )?;
    Ok(count(left))
}
