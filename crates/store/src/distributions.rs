//! The distributions, and the leases of the processes that ask CloudFront about them.

pub mod cache_policies;
pub mod continuous_deployments;
pub mod distribution_tags;
pub mod drift;
pub mod flat_rate_plans;
mod lists;
pub mod optional_readings;
pub mod path_mappings;
pub mod protections;
pub mod survey;
pub mod traffic;

pub use lists::{DistributionCounts, LastRequest, known, last_requests, last_used_by, most_used, page, some};

use unstale_domain::{
    distributions::{
        delivery::DeliverySettings,
        distribution::{Distribution, DistributionConfig},
        flat_rate_plan::FlatRatePlan,
    },
    id::DistributionId,
    time::Timestamp,
};

use super::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_optional},
};
use crate::columns::{list_from_json, list_to_json, optional_time, signed, time};

/// The statement that reads all columns of a [`Row`], for every query of this module.
macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT id, arn, domain_name, aliases, comment, enabled, status, staging, tenant_only, origins, ",
            "last_modified, seen_at, gone_at, config_read_for, root_object, tag_header, query_strings, delivery, ",
            "requests_a_minute, hits_per_thousand, traffic_at, flat_rate_plan FROM distribution ",
            $($rest)*
        )
    };
}
use select;

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    arn: String,
    domain_name: String,
    aliases: String,
    comment: String,
    enabled: bool,
    status: String,
    staging: bool,
    tenant_only: bool,
    origins: String,
    last_modified: i64,
    seen_at: i64,
    gone_at: Option<i64>,
    config_read_for: Option<i64>,
    root_object: Option<String>,
    tag_header: Option<String>,
    query_strings: Option<bool>,
    delivery: Option<String>,
    requests_a_minute: Option<i64>,
    hits_per_thousand: Option<i64>,
    traffic_at: Option<i64>,
    flat_rate_plan: Option<String>,
}

impl Row {
    fn into_distribution(self) -> Result<Distribution, StoreError> {
        let delivery = match &self.delivery {
            Some(text) => {
                serde_json::from_str(text).map_err(|_| StoreError::unreadable("a configuration", text))?
            }
            None => DeliverySettings::default(),
        };
        let config = self.config_read_for.map(|_| DistributionConfig {
            root_object: self.root_object,
            tag_header: self.tag_header,
            query_strings: self.query_strings,
            delivery,
        });
        let traffic = traffic::traffic(self.requests_a_minute, self.hits_per_thousand, self.traffic_at);
        Ok(Distribution {
            id: DistributionId::from_trusted(self.id),
            arn: self.arn,
            domain_name: self.domain_name,
            aliases: list_from_json(&self.aliases)?,
            comment: self.comment,
            enabled: self.enabled,
            status: self.status,
            staging: self.staging,
            tenant_only: self.tenant_only,
            origins: list_from_json(&self.origins)?,
            config,
            traffic,
            flat_rate_plan: self.flat_rate_plan.as_deref().map(FlatRatePlan::parse),
            last_modified: time(self.last_modified),
            seen_at: time(self.seen_at),
            gone_at: optional_time(self.gone_at),
        })
    }
}

/// Every distribution that was ever listed. Those that no longer exist come last.
pub async fn list(conn: &mut Conn) -> Result<Vec<Distribution>, StoreError> {
    let rows = fetch_all!(conn, Row, select!("ORDER BY gone_at IS NOT NULL, id"))?;
    rows.into_iter().map(Row::into_distribution).collect()
}

pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<Option<Distribution>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(Row::into_distribution).transpose()
}

/// Stores what `ListDistributions` returned. The columns that come from elsewhere stay as they are. The account's row must
/// exist.
pub async fn upsert(tx: &mut Tx, seen: &Distribution) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO distribution (id, account_id, arn, domain_name, aliases, comment, enabled, status, staging,
             origins, last_modified, seen_at, tenant_only, sort_name)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT (id) DO UPDATE SET account_id = $2, arn = $3, domain_name = $4, aliases = $5, comment = $6,
             enabled = $7, status = $8, staging = $9, origins = $10, last_modified = $11, seen_at = $12,
             tenant_only = $13, sort_name = $14, gone_at = NULL",
        seen.id.as_str(),
        seen.account(),
        seen.arn.as_str(),
        seen.domain_name.as_str(),
        list_to_json(&seen.aliases),
        seen.comment.as_str(),
        seen.enabled,
        seen.status.as_str(),
        seen.staging,
        list_to_json(&seen.origins),
        seen.last_modified.as_micros(),
        seen.seen_at.as_micros(),
        seen.tenant_only,
        seen.name().to_lowercase(),
    )?;
    Ok(())
}

/// Stores what the configuration contains. `read_for` is the last modification of the distribution when its
/// configuration was read.
pub async fn set_config(
    tx: &mut Tx,
    id: &DistributionId,
    config: &DistributionConfig,
    read_for: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE distribution SET root_object = $2, tag_header = $3, query_strings = $4, config_read_for = $5, delivery = $6
         WHERE id = $1",
        id.as_str(),
        config.root_object.as_deref(),
        config.tag_header.as_deref(),
        config.query_strings,
        read_for.as_micros(),
        serde_json::json!(config.delivery).to_string(),
    )?;
    Ok(())
}

/// Marks a distribution as gone, because CloudFront no longer lists it.
pub async fn set_gone(tx: &mut Tx, id: &DistributionId, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE distribution SET gone_at = $2 WHERE id = $1 AND gone_at IS NULL",
        id.as_str(),
        now.as_micros(),
    )?;
    Ok(())
}

/// Up to `most` distributions that changed since their configuration was read, each with its last modification.
/// Those that were used last come first.
pub async fn without_config(
    conn: &mut Conn,
    most: usize,
) -> Result<Vec<(DistributionId, Timestamp)>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, i64),
        "SELECT id, last_modified FROM distribution
         WHERE gone_at IS NULL AND (config_read_for IS NULL OR config_read_for <> last_modified)
         ORDER BY last_claimed_at DESC, id LIMIT $1",
        signed(most),
    )?;
    Ok(rows.into_iter().map(|(id, at)| (DistributionId::from_trusted(id), time(at))).collect())
}

/// The AWS account of the distributions that were listed last.
pub async fn account_listed(conn: &mut Conn) -> Result<Option<String>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String,),
        "SELECT account_id FROM distribution ORDER BY seen_at DESC, id LIMIT 1"
    )?;
    Ok(row.map(|(account,)| account))
}

/// Up to 100 distributions that are due to be checked for invalidations made outside.
pub async fn outside_due(conn: &mut Conn, now: Timestamp) -> Result<Vec<DistributionId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT id FROM distribution WHERE gone_at IS NULL AND NOT tenant_only AND outside_due_at <= $1
         ORDER BY outside_due_at, id LIMIT 100",
        now.as_micros(),
    )?;
    Ok(rows.into_iter().map(|(id,)| DistributionId::from_trusted(id)).collect())
}

/// Sets when a distribution is checked next for invalidations made outside.
pub async fn set_outside_due(tx: &mut Tx, id: &DistributionId, due_at: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE distribution SET outside_due_at = $2 WHERE id = $1",
        id.as_str(),
        due_at.as_micros(),
    )?;
    Ok(())
}

/// Whether a distribution serves only through its tenants. `false` if the distribution is not known.
pub async fn is_tenant_only(conn: &mut Conn, id: &DistributionId) -> Result<bool, StoreError> {
    let row =
        fetch_optional!(conn, (bool,), "SELECT tenant_only FROM distribution WHERE id = $1", id.as_str())?;
    Ok(row.is_some_and(|(tenant_only,)| tenant_only))
}

/// The AWS account of a distribution.
pub async fn account(conn: &mut Conn, id: &DistributionId) -> Result<String, StoreError> {
    let row =
        fetch_optional!(conn, (String,), "SELECT account_id FROM distribution WHERE id = $1", id.as_str())?;
    row.map(|(account,)| account)
        .ok_or_else(|| StoreError::Unreadable(format!("there is no distribution {id}")))
}

/// Stores that a batch of the distribution was taken up now, so that other distributions come first.
pub async fn set_claimed(tx: &mut Tx, id: &DistributionId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE distribution SET last_claimed_at = $2 WHERE id = $1", id.as_str(), now.as_micros(),)?;
    Ok(())
}

/// The distribution whose invalidations have waited longest to be checked and on which there is no lease, with its
/// account.
pub async fn poll_due(
    conn: &mut Conn,
    now: Timestamp,
) -> Result<Option<(DistributionId, String)>, StoreError> {
    let due = fetch_optional!(
        conn,
        (String, String),
        "SELECT d.id, d.account_id FROM distribution d JOIN batch b ON b.distribution_id = d.id
         WHERE b.state = 'in_progress' AND b.look_at <= $1
           AND (d.poll_lease_until IS NULL OR d.poll_lease_until <= $1)
         ORDER BY b.look_at, b.id LIMIT 1",
        now.as_micros(),
    )?;
    Ok(due.map(|(id, account)| (DistributionId::from_trusted(id), account)))
}

/// Takes the lease on a distribution, to check its invalidations. `false` if another process has the lease.
pub async fn claim_poll(
    tx: &mut Tx,
    id: &DistributionId,
    lease: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE distribution SET poll_lease = $2, poll_lease_until = $4
         WHERE id = $1 AND (poll_lease_until IS NULL OR poll_lease_until <= $3)",
        id.as_str(),
        lease,
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Releases the lease on a distribution. `false` if the lease was lost.
pub async fn release_poll(tx: &mut Tx, id: &DistributionId, lease: &str) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE distribution SET poll_lease = NULL, poll_lease_until = NULL WHERE id = $1 AND poll_lease = $2",
        id.as_str(),
        lease,
    )?;
    Ok(held == 1)
}
