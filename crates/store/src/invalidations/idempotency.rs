//! Stores the answers to requests with an idempotency key.

use std::collections::HashSet;

use unstale_domain::{
    id::RequestKey,
    invalidations::idempotency::{IdempotencyRecord, IdempotentAnswer},
};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_to_json, time},
    db::{execute, fetch_all, fetch_optional},
};

/// Inserts an answer. Fails with [`StoreError::Duplicate`] if the key was used before.
pub async fn insert(tx: &mut Tx, key: &RequestKey, kept: &IdempotencyRecord) -> Result<(), StoreError> {
    let (answer, id) = kept.answer.parts();
    execute!(
        tx,
        "INSERT INTO idempotency (request_key, fingerprint, answer, answer_id, created_at)
         VALUES ($1, $2, $3, $4, $5)",
        key.as_str(),
        kept.fingerprint.as_str(),
        answer,
        id,
        kept.at.as_micros(),
    )?;
    Ok(())
}

/// Those of the keys with which a request came before. Most have not, and one look tells so.
pub async fn used<'k>(
    conn: &mut Conn,
    keys: impl Iterator<Item = &'k RequestKey>,
) -> Result<HashSet<RequestKey>, StoreError> {
    let sql = if conn.is_postgres() { POSTGRES_USED } else { USED };
    let rows = fetch_all!(conn, (String,), sql, list_to_json(keys))?;
    Ok(rows.into_iter().map(|(key,)| RequestKey::from_trusted(key)).collect())
}

macro_rules! used_of {
    ($listed:literal) => {
        concat!(
            "SELECT request_key FROM idempotency WHERE request_key ",
            $listed,
            " UNION SELECT request_key FROM invalidation WHERE request_key ",
            $listed,
            " UNION SELECT request_key FROM proposal WHERE request_key ",
            $listed
        )
    };
}

const USED: &str = used_of!("IN (SELECT value FROM json_each($1))");
const POSTGRES_USED: &str = used_of!("= ANY (ARRAY(SELECT json_array_elements_text($1::json)))");

/// The answer to the request with this key.
pub async fn find(conn: &mut Conn, key: &RequestKey) -> Result<Option<IdempotencyRecord>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, String, String, i64),
        "SELECT fingerprint, answer, answer_id, created_at FROM idempotency WHERE request_key = $1",
        key.as_str(),
    )?;
    row.map(|(fingerprint, word, id, at)| {
        let answer = IdempotentAnswer::read(&word, &id);
        let answer = answer.ok_or_else(|| StoreError::unreadable("a kept answer", &word))?;
        Ok(IdempotencyRecord { fingerprint, answer, at: time(at) })
    })
    .transpose()
}
