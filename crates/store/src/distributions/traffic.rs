//! What viewers ask of distributions, as CloudWatch measured it.

use unstale_domain::{distributions::traffic::Traffic, id::DistributionId};

use crate::{
    Conn, StoreError, Tx,
    columns::{signed, time},
    db::{execute, fetch_all},
};

/// Reads the columns of a measurement.
pub(super) fn traffic(requests: Option<i64>, hits: Option<i64>, at: Option<i64>) -> Option<Traffic> {
    Some(Traffic {
        requests_a_minute: u64::try_from(requests?).unwrap_or(0),
        hits_per_thousand: hits.and_then(|hits| u32::try_from(hits).ok()),
        measured_at: time(at?),
    })
}

/// Up to `most` distributions whose traffic can be measured. Those that were used last come first.
pub async fn measurable(conn: &mut Conn, most: usize) -> Result<Vec<DistributionId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT id FROM distribution WHERE gone_at IS NULL AND NOT tenant_only
         ORDER BY last_claimed_at DESC, id LIMIT $1",
        signed(most),
    )?;
    Ok(rows.into_iter().map(|(id,)| DistributionId::from_trusted(id)).collect())
}

/// Writes what was measured, in place of everything that was known.
pub async fn replace(tx: &mut Tx, measured: &[(DistributionId, Traffic)]) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE distribution SET requests_a_minute = NULL, hits_per_thousand = NULL, traffic_at = NULL
         WHERE traffic_at IS NOT NULL"
    )?;
    for (id, traffic) in measured {
        execute!(
            tx,
            "UPDATE distribution SET requests_a_minute = $2, hits_per_thousand = $3, traffic_at = $4 WHERE id = $1",
            id.as_str(),
            i64::try_from(traffic.requests_a_minute).unwrap_or(i64::MAX),
            traffic.hits_per_thousand.map(i64::from),
            traffic.measured_at.as_micros(),
        )?;
    }
    Ok(())
}
