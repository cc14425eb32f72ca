//! API tokens. Only the hash of a token's secret is stored.

use unstale_domain::{
    access::Role,
    id::{PersonId, TokenId},
    secret::SecretHash,
    time::Timestamp,
    tokens::token::Token,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_optional},
};
use crate::access::scope_kind;
use crate::columns::{optional_time, signed, time};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, shown, role, scope, made_by, made_by_name, created_at, expires_at, last_used_at, revoked_at ",
            "FROM api_token ",
            $rest
        )
    };
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    name: String,
    shown: String,
    role: String,
    scope: String,
    made_by: String,
    made_by_name: String,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

impl Row {
    fn into_token(self) -> Result<Token, StoreError> {
        let role = Role::parse(&self.role).ok_or_else(|| StoreError::unreadable("a role", &self.role))?;
        Ok(Token {
            id: TokenId::from_trusted(self.id),
            name: self.name,
            shown: self.shown,
            role,
            scope: scope_kind(&self.scope)?,
            made_by: self.made_by,
            made_by_name: self.made_by_name,
            created_at: time(self.created_at),
            expires_at: optional_time(self.expires_at),
            last_used_at: optional_time(self.last_used_at),
            revoked_at: optional_time(self.revoked_at),
        })
    }
}

/// Inserts a new token. Fails with [`StoreError::Duplicate`] if another token has the name.
pub async fn insert(tx: &mut Tx, token: &Token, hash: &SecretHash) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO api_token (id, name, token_hash, shown, role, scope, made_by, made_by_name, created_at,
             expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        token.id.as_str(),
        token.name.as_str(),
        hash.as_str(),
        token.shown.as_str(),
        token.role.as_str(),
        token.scope.as_str(),
        token.made_by.as_str(),
        token.made_by_name.as_str(),
        token.created_at.as_micros(),
        token.expires_at.map(Timestamp::as_micros),
    )?;
    Ok(())
}

pub async fn find(conn: &mut Conn, id: &TokenId) -> Result<Option<Token>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(Row::into_token).transpose()
}

/// The token with this secret, whether it is valid or not.
pub async fn find_by_hash(conn: &mut Conn, hash: &SecretHash) -> Result<Option<Token>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE token_hash = $1"), hash.as_str())?;
    row.map(Row::into_token).transpose()
}

/// The first `limit` tokens. Those that were revoked come last.
pub async fn list(conn: &mut Conn, limit: usize) -> Result<Vec<Token>, StoreError> {
    let rows =
        fetch_all!(conn, Row, select!("ORDER BY revoked_at IS NOT NULL, name LIMIT $1"), signed(limit))?;
    rows.into_iter().map(Row::into_token).collect()
}

/// The tokens that a person made and that were not revoked.
pub async fn made_by(conn: &mut Conn, person: &PersonId) -> Result<Vec<Token>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE made_by = $1 AND revoked_at IS NULL ORDER BY name"),
        person.as_str()
    )?;
    rows.into_iter().map(Row::into_token).collect()
}

/// Revokes a token. `false` if it was already revoked.
pub async fn revoke(tx: &mut Tx, id: &TokenId, now: Timestamp) -> Result<bool, StoreError> {
    let ended = execute!(
        tx,
        "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL",
        id.as_str(),
        now.as_micros()
    )?;
    Ok(ended == 1)
}

/// Stores when a token was last used.
pub async fn touch(tx: &mut Tx, id: &TokenId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE api_token SET last_used_at = $2 WHERE id = $1", id.as_str(), now.as_micros())?;
    Ok(())
}
