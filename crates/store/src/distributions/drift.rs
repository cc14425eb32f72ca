//! Stores the configuration that a distribution had before the first change since its last request.

use unstale_domain::{
    distributions::{distribution::DistributionConfig, drift::EarlierConfig},
    id::DistributionId,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::time,
    db::{execute, fetch_optional},
};

/// The configuration before the first change since the last request. `None` if it never changed.
pub async fn earlier_config(
    conn: &mut Conn,
    id: &DistributionId,
) -> Result<Option<EarlierConfig>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Option<String>, Option<i64>),
        "SELECT earlier_config, earlier_config_until FROM distribution WHERE id = $1",
        id.as_str(),
    )?;
    let Some((Some(config), Some(until))) = row else { return Ok(None) };
    let config =
        serde_json::from_str(&config).map_err(|_| StoreError::unreadable("a configuration", &config))?;
    Ok(Some(EarlierConfig { config, until: time(until) }))
}

/// Keeps a configuration that was replaced at this time.
pub async fn set_earlier_config(
    tx: &mut Tx,
    id: &DistributionId,
    config: &DistributionConfig,
    until: Timestamp,
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE distribution SET earlier_config = $2, earlier_config_until = $3 WHERE id = $1",
        id.as_str(),
        serde_json::json!(config).to_string(),
        until.as_micros(),
    )?;
    Ok(())
}

/// When an invalidation of the distribution was last requested here, by whomever. What other tools make does not count:
/// whoever used them was told nothing.
pub async fn last_request(conn: &mut Conn, id: &DistributionId) -> Result<Option<Timestamp>, StoreError> {
    let row = fetch_optional!(
        conn,
        (i64,),
        "SELECT requested_at FROM invalidation WHERE distribution_id = $1 AND actor_kind <> 'outside'
         ORDER BY requested_at DESC LIMIT 1",
        id.as_str(),
    )?;
    Ok(row.map(|(at,)| time(at)))
}
