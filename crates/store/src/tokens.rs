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
            "SELECT id, name, shown, role, scope, made_by, made_by_name, created_at, expires_at, last_used_at, revoked_at, ",
            "EXISTS (SELECT 1 FROM access_grant g WHERE g.subject_kind = 'token' AND g.subject_id = api_token.id) ",
            "AS has_grants FROM api_token ",
            $rest
        )
    };
}

/// The columns of [`JoinedRow`], of `api_token t` that another statement joins.
macro_rules! joined_columns {
    () => {
        "t.id AS token_id, t.name AS token_name, t.shown AS token_shown, t.role AS token_role,
         t.scope AS token_scope, t.made_by AS token_made_by, t.made_by_name AS token_made_by_name,
         t.created_at AS token_created_at, t.expires_at AS token_expires_at,
         t.last_used_at AS token_last_used_at, t.revoked_at AS token_revoked_at,
         EXISTS (SELECT 1 FROM access_grant g WHERE g.subject_kind = 'token' AND g.subject_id = t.id)
             AS token_has_grants"
    };
}
pub(crate) use joined_columns;

/// A token beside another row, if there is one.
#[expect(clippy::struct_field_names, reason = "they are called as the columns")]
#[derive(sqlx::FromRow)]
pub(crate) struct JoinedRow {
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

impl JoinedRow {
    /// `None` if there is no token.
    pub(crate) fn into_token(self) -> Result<Option<Token>, StoreError> {
        let Some(id) = self.token_id else { return Ok(None) };
        let row = Row {
            id,
            name: self.token_name.unwrap_or_default(),
            shown: self.token_shown.unwrap_or_default(),
            role: self.token_role.unwrap_or_default(),
            scope: self.token_scope.unwrap_or_default(),
            made_by: self.token_made_by.unwrap_or_default(),
            made_by_name: self.token_made_by_name.unwrap_or_default(),
            created_at: self.token_created_at.unwrap_or_default(),
            expires_at: self.token_expires_at,
            last_used_at: self.token_last_used_at,
            revoked_at: self.token_revoked_at,
            has_grants: self.token_has_grants,
        };
        row.into_token().map(Some)
    }
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
    has_grants: bool,
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
            has_grants: self.has_grants,
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
