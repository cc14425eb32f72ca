//! Reads at once what decides on a request for an invalidation before its items do: each question is a way to the
//! database and back, in a transaction for which others wait.

use unstale_domain::{
    access::Access,
    distributions::protection::{Guard, Protection},
    id::{DistributionId, PersonId, RequestKey, TokenId},
    tokens::token::Token,
};

use crate::{
    StoreError, Tx,
    access::{self, PersonRow, narrowing},
    db::fetch_one,
    distributions::protections,
    tokens,
};

/// What decides on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preconditions {
    /// What the person may do who asks with a session, which is nothing if they are disabled. `None` if no person asks,
    /// or the session has ended.
    pub access: Option<Access>,
    /// The token that asks, whether it is still good or not. `None` if none asks, or there is no such token.
    pub token: Option<Token>,
    /// Whether a request came with this key before.
    pub key_used: bool,
    /// Whether the distribution serves through its tenants only.
    pub tenant_only: bool,
    /// Whether somebody has set a monthly budget, for whomever.
    pub has_budgets: bool,
    /// How the distribution is protected. This is [held](protections::hold) until the transaction ends.
    pub protection: Protection,
}

#[derive(sqlx_macros::FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "each is the answer to a question of its own")]
struct Row {
    key_used: bool,
    tenant_only: bool,
    has_budgets: bool,
    role: Option<String>,
    scope: Option<String>,
    disabled_at: Option<i64>,
    has_grants: bool,
    #[sqlx(flatten)]
    token: tokens::Row,
    #[sqlx(flatten)]
    protection: protections::Row,
}

const SQL: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM idempotency WHERE request_key = $2)
         OR EXISTS (SELECT 1 FROM invalidation WHERE request_key = $2)
         OR EXISTS (SELECT 1 FROM proposal WHERE request_key = $2) AS key_used,
         EXISTS (SELECT 1 FROM distribution WHERE id = $1 AND tenant_only) AS tenant_only,
         EXISTS (SELECT 1 FROM monthly_budget) AS has_budgets,
         person.role, person.scope, person.disabled_at,
         EXISTS (SELECT 1 FROM access_grant g WHERE ",
    narrowing::is_held_by!("person.id"),
    ") AS has_grants, ",
    tokens::columns!(),
    ",
         $1 AS distribution_id, COALESCE(p.guard, $3) AS guard, p.wide_above,
         COALESCE(p.reason_required, FALSE) AS reason_required,
         COALESCE(p.cool_down_seconds, 0) AS cool_down_seconds
     FROM (SELECT 1 AS one) AS request
         LEFT JOIN protection p ON p.distribution_id = $1
         LEFT JOIN person ON person.id = $4 AND EXISTS (
             SELECT 1 FROM session s WHERE s.person_id = $4 AND substr(s.token_hash, 1, length($5)) = $5)
         LEFT JOIN api_token t ON t.id = $6"
);

/// Who asks, as far as their access is read with the rest.
#[derive(Debug, Clone, Copy)]
pub enum Asking<'a> {
    /// A person, with the session of this handle.
    Person(&'a PersonId, &'a str),
    Token(&'a TokenId),
    /// Somebody whose access is read otherwise.
    Other,
}

/// Reads them for a request with this key.
pub async fn hold(
    tx: &mut Tx,
    asking: Asking<'_>,
    distribution: &DistributionId,
    key: &RequestKey,
) -> Result<Preconditions, StoreError> {
    protections::lock(tx, distribution).await?;
    let (person, handle, token) = match asking {
        Asking::Person(person, handle) => (Some(person), Some(handle), None),
        Asking::Token(token) => (None, None, Some(token.as_str())),
        Asking::Other => (None, None, None),
    };
    let row = fetch_one!(
        tx,
        Row,
        SQL,
        distribution.as_str(),
        key.as_str(),
        Guard::Open.as_str(),
        person.map(PersonId::as_str),
        handle,
        token,
    )?;
    let access = match (person, row.role, row.scope) {
        (Some(person), Some(role), Some(scope)) => {
            let (disabled_at, has_grants) = (row.disabled_at, row.has_grants);
            let row = PersonRow { role, scope, disabled_at, has_grants };
            Some(access::of_row(tx, person, row).await?.unwrap_or_else(Access::nothing))
        }
        _ => None,
    };
    Ok(Preconditions {
        access,
        token: row.token.into_token()?,
        key_used: row.key_used,
        tenant_only: row.tenant_only,
        has_budgets: row.has_budgets,
        protection: row.protection.into_protection()?,
    })
}
