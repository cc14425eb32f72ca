//! The continuous deployment policies that distributions name, and the pairs that they make.

use unstale_domain::{
    distributions::continuous_deployment::{ContinuousDeployment, ContinuousDeploymentPolicy, StagingPair},
    id::DistributionId,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_to_json, time},
    db::{execute, fetch_all, fetch_optional},
};

/// The number of distributions whose policies are stored at one time.
const MOST: i64 = 500;

/// A distribution whose continuous deployment policy is still to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentWanted {
    pub distribution: DistributionId,
    pub account: String,
    pub policy_id: String,
    /// The last modification for which its configuration was read.
    pub read_for: Timestamp,
}

#[derive(sqlx_macros::FromRow)]
struct PairRow {
    primary_id: String,
    staging_id: String,
    policy: String,
}

fn parse(text: &str) -> Result<ContinuousDeploymentPolicy, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::unreadable("a continuous deployment policy", text))
}

/// Up to 500 distributions whose policies are still to be read, by account.
pub async fn wanted(conn: &mut Conn) -> Result<Vec<DeploymentWanted>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String, String, i64),
        "SELECT c.distribution_id, d.account_id, c.policy_id, c.read_for FROM continuous_deployment c
         JOIN distribution d ON d.id = c.distribution_id
         WHERE c.wanted AND d.gone_at IS NULL ORDER BY d.account_id, c.distribution_id LIMIT $1",
        MOST,
    )?;
    let wanted = rows.into_iter().map(|(distribution, account, policy_id, read_for)| DeploymentWanted {
        distribution: DistributionId::from_trusted(distribution),
        account,
        policy_id,
        read_for: time(read_for),
    });
    Ok(wanted.collect())
}

/// Requests that the policy which a distribution names is read, because its configuration was read anew. What is known of
/// the same policy stays until then; without a policy all is forgotten.
pub async fn want(
    tx: &mut Tx,
    id: &DistributionId,
    policy: Option<&str>,
    read_for: Timestamp,
) -> Result<(), StoreError> {
    let policy_id = policy.unwrap_or_default();
    execute!(
        tx,
        "DELETE FROM staging_domain WHERE distribution_id IN
             (SELECT distribution_id FROM continuous_deployment WHERE distribution_id = $1 AND policy_id <> $2)",
        id.as_str(),
        policy_id,
    )?;
    execute!(
        tx,
        "DELETE FROM continuous_deployment WHERE distribution_id = $1 AND policy_id <> $2",
        id.as_str(),
        policy_id,
    )?;
    if policy.is_some() {
        execute!(
            tx,
            "INSERT INTO continuous_deployment (distribution_id, policy_id, read_for, wanted)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (distribution_id) DO UPDATE SET read_for = $3, wanted = $4",
            id.as_str(),
            policy_id,
            read_for.as_micros(),
            true,
        )?;
    }
    Ok(())
}

/// Stores what the policy says, unless another configuration was stored meanwhile. `None` where AWS no longer lists it.
pub async fn fill_in(
    tx: &mut Tx,
    read: &DeploymentWanted,
    policy: Option<&ContinuousDeploymentPolicy>,
) -> Result<(), StoreError> {
    let stored = execute!(
        tx,
        "UPDATE continuous_deployment SET policy = $4, wanted = $5
         WHERE distribution_id = $1 AND policy_id = $2 AND read_for = $3",
        read.distribution.as_str(),
        read.policy_id.as_str(),
        read.read_for.as_micros(),
        policy.map(|policy| serde_json::json!(policy).to_string()),
        false,
    )?;
    if stored == 0 {
        return Ok(());
    }
    execute!(tx, "DELETE FROM staging_domain WHERE distribution_id = $1", read.distribution.as_str())?;
    for domain in policy.iter().flat_map(|policy| &policy.staging_domains) {
        execute!(
            tx,
            "INSERT INTO staging_domain (distribution_id, domain_name) VALUES ($1, $2)
             ON CONFLICT (distribution_id, domain_name) DO NOTHING",
            read.distribution.as_str(),
            domain.as_str(),
        )?;
    }
    Ok(())
}

/// The policy that a distribution names. `None` if it names none.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<Option<ContinuousDeployment>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, Option<String>),
        "SELECT policy_id, policy FROM continuous_deployment WHERE distribution_id = $1",
        id.as_str(),
    )?;
    row.map(|(policy_id, policy)| {
        Ok(ContinuousDeployment { policy_id, policy: policy.as_deref().map(parse).transpose()? })
    })
    .transpose()
}

macro_rules! pairs_of {
    ($ids:literal) => {
        concat!(
            pairs_of!(@where "c.distribution_id", $ids),
            " UNION ",
            pairs_of!(@where "s.id", $ids),
            " ORDER BY primary_id, staging_id"
        )
    };
    (@where $column:literal, $ids:literal) => {
        concat!(
            "SELECT c.distribution_id AS primary_id, s.id AS staging_id, c.policy AS policy
             FROM continuous_deployment c
             JOIN distribution p ON p.id = c.distribution_id AND p.gone_at IS NULL
             JOIN staging_domain n ON n.distribution_id = c.distribution_id
             JOIN distribution s ON s.domain_name = n.domain_name AND s.staging AND s.gone_at IS NULL
             WHERE c.policy IS NOT NULL AND ",
            $column,
            " ",
            $ids
        )
    };
}

/// The pairs to which one of these distributions belongs, as the primary or the staging one, by the IDs of the primary
/// ones. Both are listed by CloudFront.
pub async fn pairs_of(conn: &mut Conn, ids: &[&DistributionId]) -> Result<Vec<StagingPair>, StoreError> {
    let sql = if conn.is_postgres() {
        pairs_of!("= ANY (ARRAY(SELECT json_array_elements_text($1::json)))")
    } else {
        pairs_of!("IN (SELECT value FROM json_each($1))")
    };
    let rows = fetch_all!(conn, PairRow, sql, list_to_json(ids))?;
    rows.into_iter()
        .map(|row| {
            Ok(StagingPair {
                primary: DistributionId::from_trusted(row.primary_id),
                staging: DistributionId::from_trusted(row.staging_id),
                policy: parse(&row.policy)?,
            })
        })
        .collect()
}
