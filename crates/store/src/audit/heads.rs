//! The head of the chain, which is stored in `audit_head`, and the signed heads.

use unstale_domain::audit::head::{Head, PublicKey, SignedHead};

use super::super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_optional},
};
use crate::columns::{signed, time};

/// The last event as `audit_head` states it. `None` if somebody deleted that row.
pub async fn head_link(conn: &mut Conn) -> Result<Option<Head>, StoreError> {
    let row = fetch_optional!(conn, (i64, String), "SELECT sequence, hash FROM audit_head WHERE id = 1")?;
    Ok(row.map(|(sequence, hash)| Head { sequence, hash }))
}

/// Stores a signed head. `false` if a signed head of the same event is already stored.
pub async fn insert_signed_head(tx: &mut Tx, signed: &SignedHead) -> Result<bool, StoreError> {
    let there = "SELECT 1 FROM audit_signed_head WHERE sequence = $1";
    if fetch_optional!(tx, (i32,), there, signed.head.sequence)?.is_some() {
        return Ok(false);
    }
    execute!(
        tx,
        "INSERT INTO audit_signed_head (sequence, hash, at, public_key, signature) VALUES ($1, $2, $3, $4, $5)",
        signed.head.sequence,
        signed.head.hash.as_str(),
        signed.at.as_micros(),
        signed.public_key.as_str(),
        signed.signature.as_str(),
    )?;
    Ok(true)
}

/// Up to `limit` signed heads after an event, oldest first.
pub async fn signed_heads(conn: &mut Conn, after: i64, limit: usize) -> Result<Vec<SignedHead>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT sequence, hash, at, public_key, signature FROM audit_signed_head
         WHERE sequence > $1 ORDER BY sequence LIMIT $2",
        after,
        signed(limit),
    )?;
    Ok(rows.into_iter().map(Row::into_head).collect())
}

/// The newest signed head.
pub async fn last_signed_head(conn: &mut Conn) -> Result<Option<SignedHead>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT sequence, hash, at, public_key, signature FROM audit_signed_head ORDER BY sequence DESC LIMIT 1",
    )?;
    Ok(row.map(Row::into_head))
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    sequence: i64,
    hash: String,
    at: i64,
    public_key: String,
    signature: String,
}

impl Row {
    fn into_head(self) -> SignedHead {
        let public_key = PublicKey::from_stored(&self.public_key);
        let head = Head { sequence: self.sequence, hash: self.hash };
        SignedHead { head, at: time(self.at), public_key, signature: self.signature }
    }
}
