//! Stores the protections of distributions. A distribution without a row is not protected.

use std::time::Duration;

use unstale_domain::{
    distributions::protection::{Guard, Protection},
    id::DistributionId,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{count, signed},
    db::{execute, fetch_all, fetch_optional},
    invalidations::monthly_budgets,
};

#[derive(sqlx_macros::FromRow)]
pub(crate) struct Row {
    distribution_id: String,
    guard: String,
    wide_above: Option<i64>,
    reason_required: bool,
    cool_down_seconds: i64,
}

impl Row {
    pub fn into_protection(self) -> Result<Protection, StoreError> {
        Ok(Protection {
            distribution: DistributionId::from_trusted(self.distribution_id),
            guard: Guard::parse(&self.guard)
                .ok_or_else(|| StoreError::unreadable("a protection", &self.guard))?,
            wide_above: self.wide_above.map(count),
            reason_required: self.reason_required,
            cool_down: Duration::from_secs(u64::try_from(self.cool_down_seconds).unwrap_or(0)),
        })
    }
}

/// The protection of a distribution.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<Protection, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT distribution_id, guard, wide_above, reason_required, cool_down_seconds
         FROM protection WHERE distribution_id = $1",
        id.as_str(),
    )?;
    row.map_or_else(|| Ok(Protection::none(id.clone())), Row::into_protection)
}

/// As [`find`], and locks the row until the transaction ends, so that two requests for one protected distribution
/// run one after the other.
pub async fn hold(tx: &mut Tx, id: &DistributionId) -> Result<Protection, StoreError> {
    lock(tx, id).await?;
    find(tx, id).await
}

/// Locks the row until the transaction ends. On SQLite no other transaction writes meanwhile. The budgets come first: a
/// request that is held to them takes both locks, and one for several distributions takes them again and again.
pub(crate) async fn lock(tx: &mut Tx, id: &DistributionId) -> Result<(), StoreError> {
    monthly_budgets::lock(tx).await?;
    if tx.is_postgres() {
        execute!(tx, "SELECT 1 FROM protection WHERE distribution_id = $1 FOR UPDATE", id.as_str())?;
    }
    Ok(())
}

/// The protections of all protected distributions.
pub async fn list(conn: &mut Conn) -> Result<Vec<Protection>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        "SELECT distribution_id, guard, wide_above, reason_required, cool_down_seconds
         FROM protection ORDER BY distribution_id"
    )?;
    rows.into_iter().map(Row::into_protection).collect()
}

/// Writes the new protection of a distribution.
pub async fn set(tx: &mut Tx, new: &Protection) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO protection (distribution_id, guard, wide_above, reason_required, cool_down_seconds)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (distribution_id) DO UPDATE SET guard = $2, wide_above = $3, reason_required = $4,
             cool_down_seconds = $5",
        new.distribution.as_str(),
        new.guard.as_str(),
        new.wide_above.map(signed),
        new.reason_required,
        i64::try_from(new.cool_down.as_secs()).unwrap_or(i64::MAX),
    )?;
    Ok(())
}
