//! Stores freeze windows, which of them a request overrode, and what they put off.

use unstale_domain::{
    id::{DistributionId, FreezeId, InvalidationId},
    invalidations::freeze_window::{FREEZES_MAX, FreezeScope, FreezeWindow},
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_from_json, list_to_json, optional_time, signed, time},
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, why, from_at, until_at, distributions FROM freeze_window ", $rest)
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: String,
    name: String,
    why: String,
    from_at: i64,
    until_at: i64,
    distributions: Option<String>,
}

impl Row {
    fn into_window(self) -> Result<FreezeWindow, StoreError> {
        let scope = match self.distributions {
            None => FreezeScope::All,
            Some(list) => {
                let ids = list_from_json(&list)?;
                FreezeScope::Only(ids.into_iter().map(DistributionId::from_trusted).collect())
            }
        };
        Ok(FreezeWindow {
            id: FreezeId::from_trusted(self.id),
            name: self.name,
            why: self.why,
            from: time(self.from_at),
            until: time(self.until_at),
            scope,
        })
    }
}

/// The freeze windows that end after this time, in the order in which they begin.
pub async fn ending_after(conn: &mut Conn, at: Timestamp) -> Result<Vec<FreezeWindow>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE until_at > $1 ORDER BY from_at, id LIMIT $2"),
        at.as_micros(),
        signed(FREEZES_MAX),
    )?;
    rows.into_iter().map(Row::into_window).collect()
}

/// The freeze windows that are in force at this time.
pub async fn in_force(conn: &mut Conn, at: Timestamp) -> Result<Vec<FreezeWindow>, StoreError> {
    let rows = fetch_all!(
        conn,
        Row,
        select!("WHERE from_at <= $1 AND until_at > $1 ORDER BY from_at, id LIMIT $2"),
        at.as_micros(),
        signed(FREEZES_MAX),
    )?;
    rows.into_iter().map(Row::into_window).collect()
}

pub async fn find(conn: &mut Conn, id: &FreezeId) -> Result<Option<FreezeWindow>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE id = $1"), id.as_str())?;
    row.map(Row::into_window).transpose()
}

/// How many are kept.
pub async fn count(conn: &mut Conn) -> Result<usize, StoreError> {
    let (number,) = fetch_one!(conn, (i64,), "SELECT count(*) FROM freeze_window")?;
    Ok(crate::columns::count(number))
}

pub async fn insert(tx: &mut Tx, new: &FreezeWindow) -> Result<(), StoreError> {
    let distributions = match &new.scope {
        FreezeScope::All => None,
        FreezeScope::Only(ids) => Some(list_to_json(ids)),
    };
    execute!(
        tx,
        "INSERT INTO freeze_window (id, name, why, from_at, until_at, distributions)
         VALUES ($1, $2, $3, $4, $5, $6)",
        new.id.as_str(),
        new.name.as_str(),
        new.why.as_str(),
        new.from.as_micros(),
        new.until.as_micros(),
        distributions,
    )?;
    Ok(())
}

/// Removes a window. `false` if it is not there.
pub async fn remove(tx: &mut Tx, id: &FreezeId) -> Result<bool, StoreError> {
    Ok(execute!(tx, "DELETE FROM freeze_window WHERE id = $1", id.as_str())? == 1)
}

/// Removes those that ended before this time.
pub async fn remove_ended(tx: &mut Tx, before: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM freeze_window WHERE until_at < $1", before.as_micros())?;
    Ok(())
}

/// The freeze windows that a request overrode.
pub async fn overridden(conn: &mut Conn, id: &InvalidationId) -> Result<Vec<FreezeId>, StoreError> {
    let row = fetch_optional!(
        conn,
        (Option<String>,),
        "SELECT overridden_freezes FROM invalidation WHERE id = $1",
        id.as_str(),
    )?;
    let Some((Some(list),)) = row else { return Ok(Vec::new()) };
    Ok(list_from_json(&list)?.into_iter().map(FreezeId::from_trusted).collect())
}

/// Writes the freeze windows that a request overrode.
pub async fn set_overridden(
    tx: &mut Tx,
    id: &InvalidationId,
    freezes: &[FreezeId],
) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE invalidation SET overridden_freezes = $2 WHERE id = $1",
        id.as_str(),
        list_to_json(freezes),
    )?;
    Ok(())
}

/// Puts the batches of an invalidation off that were never sent. Returns their number.
pub async fn put_off(tx: &mut Tx, id: &InvalidationId, until: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE batch SET put_off_from = COALESCE(put_off_from, due_at), due_at = $2
         WHERE invalidation_id = $1 AND state = 'queued' AND attempts = 0 AND due_at < $2",
        id.as_str(),
        until.as_micros(),
    )
}

/// Makes the batches of an invalidation due at the time that somebody chose for them. Returns their number.
pub async fn release(tx: &mut Tx, id: &InvalidationId) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE batch SET due_at = put_off_from, put_off_from = NULL
         WHERE invalidation_id = $1 AND state = 'queued' AND put_off_from IS NOT NULL",
        id.as_str(),
    )
}

/// The same for all that was put off until this time. Where another freeze window applies, it puts them off again.
pub async fn release_until(tx: &mut Tx, until: Timestamp) -> Result<u64, StoreError> {
    execute!(
        tx,
        "UPDATE batch SET due_at = put_off_from, put_off_from = NULL
         WHERE state IN ('queued', 'submitting') AND state = 'queued' AND put_off_from IS NOT NULL AND due_at = $1",
        until.as_micros(),
    )
}

/// A request that waits for a time that somebody chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRequest {
    pub invalidation: InvalidationId,
    pub distribution: DistributionId,
    /// The time that was chosen.
    pub chosen: Timestamp,
    /// Until when a freeze window put it off. `None` if none did.
    pub put_off_until: Option<Timestamp>,
}

macro_rules! waiting {
    ($and:literal) => {
        concat!(
            "SELECT invalidation_id, distribution_id, MIN(COALESCE(put_off_from, due_at)) AS chosen,
                 MIN(CASE WHEN put_off_from IS NOT NULL THEN due_at END)
             FROM batch
             WHERE state IN ('queued', 'submitting') AND state = 'queued' AND attempts = 0 AND due_at > created_at ",
            $and,
            " GROUP BY invalidation_id, distribution_id ORDER BY chosen, invalidation_id LIMIT $1"
        )
    };
}

/// The requests that wait for a time that somebody chose, the soonest first.
pub async fn waiting(conn: &mut Conn, most: usize) -> Result<Vec<WaitingRequest>, StoreError> {
    let rows = fetch_all!(conn, (String, String, i64, Option<i64>), waiting!(""), signed(most))?;
    Ok(rows.into_iter().map(waiting_request).collect())
}

/// One of them. `None` if it waits for no such time.
pub async fn waiting_of(conn: &mut Conn, id: &InvalidationId) -> Result<Option<WaitingRequest>, StoreError> {
    let rows = fetch_all!(
        conn,
        (String, String, i64, Option<i64>),
        waiting!("AND invalidation_id = $2"),
        1_i64,
        id.as_str(),
    )?;
    Ok(rows.into_iter().map(waiting_request).next())
}

fn waiting_request((id, distribution, chosen, until): (String, String, i64, Option<i64>)) -> WaitingRequest {
    WaitingRequest {
        invalidation: InvalidationId::from_trusted(id),
        distribution: DistributionId::from_trusted(distribution),
        chosen: time(chosen),
        put_off_until: optional_time(until),
    }
}
