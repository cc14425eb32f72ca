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

/// The columns of [`Row`], of `api_token t`, which other statements join too.
macro_rules! columns {
    () => {
        "t.id AS token_id, t.name AS token_name, t.shown AS token_shown, t.role AS token_role,
         t.scope AS token_scope, t.made_by AS token_made_by, t.made_by_name AS token_made_by_name,
         t.created_at AS token_created_at, t.expires_at AS token_expires_at,
         t.last_used_at AS token_last_used_at, t.revoked_at AS token_revoked_at,
         EXISTS (SELECT 1 FROM access_grant g WHERE g.subject_kind = 'token' AND g.subject_id = t.id)
             AS token_has_grants"
    };
}
pub(crate) use columns;

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT ", columns!(), " FROM api_token t ", $rest)
    };
}

/// A token, alone or beside another row. Its columns are all empty where a join found none.
#[expect(clippy::struct_field_names, reason = "they are called as the columns")]
#[derive(sqlx_macros::FromRow)]
pub(crate) struct Row {
    token_id: Option<String>,
    token_name: Option<String>,
    token_shown: Option<String>,
    token_role: Option<String>,
    token_scope: Option<String>,
    token_made_by: Option<String>,
    token_made_by_name: Option<String>,
    token_created_at: Option<i64>,
    token_expires_at: Option<i64>,
    token_last_used_at: Option<i64>,
    token_revoked_at: Option<i64>,
    token_has_grants: bool,
}

impl Row {
    /// `None` if there is no token.
    pub(crate) fn into_token(self) -> Result<Option<Token>, StoreError> {
        let Some(id) = self.token_id else { return Ok(None) };
        let role = self.token_role.unwrap_or_default();
        Ok(Some(Token {
            id: TokenId::from_trusted(id),
            name: self.token_name.unwrap_or_default(),
            shown: self.token_shown.unwrap_or_default(),
            role: Role::parse(&role).ok_or_else(|| StoreError::unreadable("a role", &role))?,
            scope: scope_kind(&self.token_scope.unwrap_or_default())?,
            made_by: self.token_made_by.unwrap_or_default(),
            made_by_name: self.token_made_by_name.unwrap_or_default(),
            created_at: time(self.token_created_at.unwrap_or_default()),
            expires_at: optional_time(self.token_expires_at),
            last_used_at: optional_time(self.token_last_used_at),
            revoked_at: optional_time(self.token_revoked_at),
            has_grants: self.token_has_grants,
        }))
    }
}

/// The tokens of rows that were selected without a join.
fn tokens(rows: impl IntoIterator<Item = Row>) -> Result<Vec<Token>, StoreError> {
    rows.into_iter().filter_map(|row| row.into_token().transpose()).collect()
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
    let row = fetch_optional!(conn, Row, select!("WHERE t.id = $1"), id.as_str())?;
    row.map_or(Ok(None), Row::into_token)
}

/// The token with this secret, whether it is valid or not.
pub async fn find_by_hash(conn: &mut Conn, hash: &SecretHash) -> Result<Option<Token>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE t.token_hash = $1"), hash.as_str())?;
    row.map_or(Ok(None), Row::into_token)
}

/// The first `limit` tokens. Those that were revoked come last.
pub async fn list(conn: &mut Conn, limit: usize) -> Result<Vec<Token>, StoreError> {
    let rows =
        fetch_all!(conn, Row, select!("ORDER BY t.revoked_at IS NOT NULL, t.name LIMIT $1"), signed(limit))?;
    tokens(rows)
}

/// The tokens that a person made and that were not revoked.
pub async fn made_by(conn: &mut Conn, person: &PersonId) -> Result<Vec<Token>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE t.made_by = $1 AND t.revoked_at IS NULL ORDER BY t.name"),
        person.as_str()
    )?;
    tokens(rows)
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
