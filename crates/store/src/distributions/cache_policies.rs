//! The distributions with cache policies of the account's own, and what those say.

use unstale_domain::{distributions::delivery::DeliverySettings, id::DistributionId, time::Timestamp};

use crate::{
    Conn, StoreError, Tx,
    columns::time,
    db::{execute, fetch_all},
};

/// The number of distributions whose policies are filled in at one time.
const MOST: i64 = 500;

/// A distribution whose cache policies are still to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoliciesWanted {
    pub distribution: DistributionId,
    pub account: String,
    pub delivery: DeliverySettings,
    /// The last modification for which its configuration was read.
    pub read_for: Timestamp,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    account_id: String,
    delivery: String,
    config_read_for: i64,
}

/// Up to 500 distributions whose policies are still to be read, by account.
pub async fn wanted(conn: &mut Conn) -> Result<Vec<PoliciesWanted>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT id, account_id, delivery, config_read_for FROM distribution
         WHERE policies_wanted AND gone_at IS NULL AND delivery IS NOT NULL AND config_read_for IS NOT NULL
         ORDER BY account_id, id LIMIT $1",
        MOST,
    )?;
    rows.into_iter()
        .map(|row| {
            Ok(PoliciesWanted {
                delivery: serde_json::from_str(&row.delivery)
                    .map_err(|_| StoreError::unreadable("a configuration", &row.delivery))?,
                distribution: DistributionId::from_trusted(row.id),
                account: row.account_id,
                read_for: time(row.config_read_for),
            })
        })
        .collect()
}

/// Requests that the policies of a distribution are read, because its configuration was read anew.
pub async fn want(tx: &mut Tx, id: &DistributionId, wanted: bool) -> Result<(), StoreError> {
    execute!(tx, "UPDATE distribution SET policies_wanted = $2 WHERE id = $1", id.as_str(), wanted)?;
    Ok(())
}

/// Stores the behaviours with what their policies say, unless another configuration was stored meanwhile.
pub async fn fill_in(tx: &mut Tx, filled: &PoliciesWanted) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE distribution SET delivery = $3, policies_wanted = $4 WHERE id = $1 AND config_read_for = $2",
        filled.distribution.as_str(),
        filled.read_for.as_micros(),
        serde_json::json!(filled.delivery).to_string(),
        false,
    )?;
    Ok(())
}
