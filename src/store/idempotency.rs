//! What requests with an idempotency key were answered with.

use crate::domain::{
    id::RequestKey,
    idempotency::{Answer, Kept},
    time::Timestamp,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one, fetch_optional},
};

/// Keeps an answer; [`StoreError::Duplicate`] where the key was used.
pub async fn insert(tx: &mut Tx, key: &RequestKey, kept: &Kept, now: Timestamp) -> Result<(), StoreError> {
    let (answer, id) = kept.answer.parts();
    execute!(
        tx,
        "INSERT INTO idempotency (request_key, fingerprint, answer, answer_id, created_at)
         VALUES ($1, $2, $3, $4, $5)",
        key.as_str(),
        kept.fingerprint.as_str(),
        answer,
        id,
        now.as_micros(),
    )?;
    Ok(())
}

/// Has any request come with this key? Most have not, and one look tells so.
pub async fn is_used(conn: &mut Conn, key: &RequestKey) -> Result<bool, StoreError> {
    let (used,) = fetch_one!(
        conn,
        (i64,),
        "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM idempotency WHERE request_key = $1)
             OR EXISTS (SELECT 1 FROM invalidation WHERE request_key = $1)
             OR EXISTS (SELECT 1 FROM proposal WHERE request_key = $1) THEN 1 ELSE 0 END AS BIGINT)",
        key.as_str(),
    )?;
    Ok(used == 1)
}

/// What a key was answered with.
pub async fn find(conn: &mut Conn, key: &RequestKey) -> Result<Option<Kept>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, String, String),
        "SELECT fingerprint, answer, answer_id FROM idempotency WHERE request_key = $1",
        key.as_str(),
    )?;
    row.map(|(fingerprint, word, id)| {
        let answer = Answer::read(&word, &id);
        let answer = answer.ok_or_else(|| StoreError::unreadable("a kept answer", &word))?;
        Ok(Kept { fingerprint, answer })
    })
    .transpose()
}
