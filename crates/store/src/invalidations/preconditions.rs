//! Reads at once what decides on a request for an invalidation before its items do: each question is a way to the
//! database and back, in a transaction for which others wait.

use unstale_domain::{
    access::Access,
    distributions::protection::{Guard, Protection},
    id::{DistributionId, PersonId, RequestKey},
};

use crate::{
    StoreError, Tx,
    access::{self, PersonRow, narrowing},
    db::fetch_one,
    distributions::protections,
};

/// What decides on a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preconditions {
    /// What the person may do who asks with a session, which is nothing if they are disabled. `None` if no person asks,
    /// or the session has ended.
    pub access: Option<Access>,
    /// Whether a request came with this key before.
    pub key_used: bool,
    /// Whether the distribution serves through its tenants only.
    pub tenant_only: bool,
    /// How the distribution is protected. This is [held](protections::hold) until the transaction ends.
    pub protection: Protection,
}

#[derive(sqlx::FromRow)]
struct Row {
    key_used: bool,
    tenant_only: bool,
    role: Option<String>,
    scope: Option<String>,
    disabled_at: Option<i64>,
    has_grants: bool,
    #[sqlx(flatten)]
    protection: protections::Row,
}

const SQL: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM idempotency WHERE request_key = $2)
         OR EXISTS (SELECT 1 FROM invalidation WHERE request_key = $2)
         OR EXISTS (SELECT 1 FROM proposal WHERE request_key = $2) AS key_used,
         EXISTS (SELECT 1 FROM distribution WHERE id = $1 AND tenant_only) AS tenant_only,
         person.role, person.scope, person.disabled_at,
         EXISTS (SELECT 1 FROM access_grant g WHERE ",
    narrowing::is_held_by!("person.id"),
    ") AS has_grants,
         $1 AS distribution_id, COALESCE(p.guard, $3) AS guard, p.wide_above,
         COALESCE(p.reason_required, FALSE) AS reason_required,
         COALESCE(p.cool_down_seconds, 0) AS cool_down_seconds
     FROM (SELECT 1 AS one) AS request
         LEFT JOIN protection p ON p.distribution_id = $1
         LEFT JOIN person ON person.id = $4 AND EXISTS (
             SELECT 1 FROM session s WHERE s.person_id = $4 AND substr(s.token_hash, 1, length($5)) = $5)"
);

/// Reads them for a request with this key, by a person with the session of this handle if one asks.
pub async fn hold(
    tx: &mut Tx,
    signed_in: Option<(&PersonId, &str)>,
    distribution: &DistributionId,
    key: &RequestKey,
) -> Result<Preconditions, StoreError> {
    protections::lock(tx, distribution).await?;
    let Row { key_used, tenant_only, role, scope, disabled_at, has_grants, protection } = fetch_one!(
        tx,
        Row,
        SQL,
        distribution.as_str(),
        key.as_str(),
        Guard::Open.as_str(),
        signed_in.map(|(person, _)| person.as_str()),
        signed_in.map(|(_, handle)| handle),
    )?;
    let access = match (signed_in, role, scope) {
        (Some((person, _)), Some(role), Some(scope)) => {
            let row = PersonRow { role, scope, disabled_at, has_grants };
            Some(access::of_row(tx, person, row).await?.unwrap_or_else(Access::nothing))
        }
        _ => None,
    };
    Ok(Preconditions { access, key_used, tenant_only, protection: protection.into_protection()? })
}
