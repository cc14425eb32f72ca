//! Probes with their tokens. Only the hash of a token's secret is stored.

use unstale_domain::{id::TokenId, secret::SecretHash, time::Timestamp, tokens::probe::Probe};

use super::{
    Conn, StoreError, Tx,
    columns::{optional_time, signed, time},
    db::{execute, fetch_all, fetch_optional},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, shown, made_by, made_by_name, created_at, expires_at, contact_at, revoked_at FROM probe ",
            $rest
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    name: String,
    shown: String,
    made_by: String,
    made_by_name: String,
    created_at: i64,
    expires_at: Option<i64>,
    contact_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Row {
    fn into_probe(self) -> Probe {
        Probe {
            id: TokenId::from_trusted(self.id),
            name: self.name,
            shown: self.shown,
            made_by: self.made_by,
            made_by_name: self.made_by_name,
            created_at: time(self.created_at),
            expires_at: optional_time(self.expires_at),
            contact_at: optional_time(self.contact_at),
            revoked_at: optional_time(self.revoked_at),
        }
    }
}

/// Inserts a new probe. Fails with [`StoreError::Duplicate`] if another one has the name.
pub async fn insert(tx: &mut Tx, probe: &Probe, hash: &SecretHash) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO probe (id, name, token_hash, shown, made_by, made_by_name, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        probe.id.as_str(),
        probe.name.as_str(),
        hash.as_str(),
        probe.shown.as_str(),
        probe.made_by.as_str(),
        probe.made_by_name.as_str(),
        probe.created_at.as_micros(),
        probe.expires_at.map(Timestamp::as_micros),
    )?;
    Ok(())
}

pub async fn find(conn: &mut Conn, id: &TokenId) -> Result<Option<Probe>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    Ok(row.map(Row::into_probe))
}

/// The probe with this secret, whether it is valid or not.
pub async fn find_by_hash(conn: &mut Conn, hash: &SecretHash) -> Result<Option<Probe>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE token_hash = $1"), hash.as_str())?;
    Ok(row.map(Row::into_probe))
}

/// The first `limit` probes. Those that were revoked come last.
pub async fn list(conn: &mut Conn, limit: usize) -> Result<Vec<Probe>, StoreError> {
    let rows =
        fetch_all!(conn, Row, select!("ORDER BY revoked_at IS NOT NULL, name LIMIT $1"), signed(limit))?;
    Ok(rows.into_iter().map(Row::into_probe).collect())
}

/// Revokes a probe's token. `false` if it was already revoked.
pub async fn revoke(tx: &mut Tx, id: &TokenId, now: Timestamp) -> Result<bool, StoreError> {
    let ended = execute!(
        tx,
        "UPDATE probe SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.as_str(),
        now.as_micros()
    )?;
    Ok(ended == 1)
}

/// Stores when a probe was last in contact.
pub async fn touch(tx: &mut Tx, id: &TokenId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE probe SET contact_at = $2 WHERE id = $1", id.as_str(), now.as_micros())?;
    Ok(())
}
