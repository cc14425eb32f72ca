//! Stores the answers to requests with an idempotency key.

use unstale_domain::{
    id::RequestKey,
    invalidations::idempotency::{IdempotencyRecord, IdempotentAnswer},
};

use crate::{
    Conn, StoreError, Tx,
    columns::time,
    db::{fetch_optional, insert_all},
};

/// Inserts an answer. The transaction fails with [`StoreError::Duplicate`], at the latest at its commit, if the key was
/// used before.
pub async fn insert(tx: &mut Tx, key: &RequestKey, kept: &IdempotencyRecord) -> Result<(), StoreError> {
    let (answer, id) = kept.answer.parts();
    insert_all!(
        tx,
        "INSERT INTO idempotency (request_key, fingerprint, answer, answer_id, created_at) ",
        [kept],
        |kept| [key.as_str(), kept.fingerprint.as_str(), answer, id, kept.at.as_micros()]
    );
    Ok(())
}

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
