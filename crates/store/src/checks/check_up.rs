//! The looks of check-ups: one row for each distribution that somebody has asked for.

use unstale_domain::{
    actor::Actor,
    checks::{CheckUp, CheckUpLooks},
    id::DistributionId,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{actor, signed, time},
    db::{execute, fetch_all, fetch_optional},
};

/// A check-up whose looks a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedCheckUp {
    pub distribution: DistributionId,
    pub lease: String,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    distribution_id: String,
    asked_at: i64,
    actor_kind: String,
    actor_id: String,
    actor_name: String,
    state: String,
    looked_at: Option<i64>,
    looks: Option<String>,
}

impl Row {
    fn into_check_up(self) -> Result<CheckUp, StoreError> {
        let looks = |text: String| {
            CheckUpLooks::from_json(&text)
                .ok_or_else(|| StoreError::unreadable("the looks of a check-up", &text))
        };
        let is_open = match self.state.as_str() {
            "asked" => true,
            "looked" => false,
            other => return Err(StoreError::unreadable("a check-up's state", other)),
        };
        Ok(CheckUp {
            distribution: DistributionId::from_trusted(self.distribution_id),
            asked_at: time(self.asked_at),
            asked_by: actor(&self.actor_kind, self.actor_id, self.actor_name)?,
            is_open,
            seen: self.looked_at.map(time).zip(self.looks.map(looks).transpose()?),
        })
    }
}

/// The check-up of a distribution. `None` if nobody has asked for its looks.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<Option<CheckUp>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        "SELECT distribution_id, asked_at, actor_kind, actor_id, actor_name, state, looked_at, looks FROM check_up
         WHERE distribution_id = $1",
        id.as_str(),
    )?;
    row.map(Row::into_check_up).transpose()
}

/// Somebody asks for looks. Earlier ones stay until the new ones are there. `false` if looks are still to be made.
pub async fn ask(tx: &mut Tx, id: &DistributionId, by: &Actor, now: Timestamp) -> Result<bool, StoreError> {
    let asked = execute!(
        tx,
        "INSERT INTO check_up (distribution_id, asked_at, actor_kind, actor_id, actor_name, state)
         VALUES ($1, $2, $3, $4, $5, 'asked')
         ON CONFLICT (distribution_id) DO UPDATE SET asked_at = $2, actor_kind = $3, actor_id = $4, actor_name = $5,
             state = 'asked' WHERE check_up.state <> 'asked'",
        id.as_str(),
        now.as_micros(),
        by.kind().as_str(),
        by.id(),
        by.name(),
    )?;
    Ok(asked == 1)
}

/// Up to `limit` distributions whose looks are to be made and that nobody has claimed, the longest asked first.
pub async fn due(conn: &mut Conn, now: Timestamp, limit: usize) -> Result<Vec<DistributionId>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String,),
        "SELECT distribution_id FROM check_up
         WHERE state = 'asked' AND (lease_until IS NULL OR lease_until <= $1)
         ORDER BY asked_at, distribution_id LIMIT $2",
        now.as_micros(),
        signed(limit),
    )?;
    Ok(rows.into_iter().map(|(id,)| DistributionId::from_trusted(id)).collect())
}

/// Takes the lease of a check-up. `false` if another process has it or its looks were made.
pub async fn claim(
    tx: &mut Tx,
    check_up: &ClaimedCheckUp,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE check_up SET lease = $2, lease_until = $4
         WHERE distribution_id = $1 AND state = 'asked' AND (lease_until IS NULL OR lease_until <= $3)",
        check_up.distribution.as_str(),
        check_up.lease.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Stores what the looks saw. `false` if the lease was lost.
pub async fn finish(
    tx: &mut Tx,
    check_up: &ClaimedCheckUp,
    looks: &CheckUpLooks,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let held = execute!(
        tx,
        "UPDATE check_up SET state = 'looked', looked_at = $3, looks = $4, lease = NULL, lease_until = NULL
         WHERE distribution_id = $1 AND lease = $2",
        check_up.distribution.as_str(),
        check_up.lease.as_str(),
        now.as_micros(),
        looks.to_json(),
    )?;
    Ok(held == 1)
}

/// Releases all check-ups: no other process uses the database, so who held them is gone.
pub async fn release_all(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, "UPDATE check_up SET lease = NULL, lease_until = NULL WHERE lease IS NOT NULL")?;
    Ok(())
}
