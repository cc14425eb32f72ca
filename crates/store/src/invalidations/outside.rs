//! How far each distribution's list was read for invalidations made outside, and which of them must still be read
//! from CloudFront.

use unstale_domain::{
    id::{CloudFrontInvalidationId, DistributionId},
    invalidations::outside::BackfillPosition,
    time::Timestamp,
};

use crate::{
    Conn, StoreError, Tx,
    columns::{list_from_json, list_to_json, optional_time, time},
    db::{execute, fetch_optional},
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT distribution_id, newest_id, unread, older, marker, until_id, due_at, whole_at ",
            "FROM outside_reading ",
            $rest
        )
    };
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    distribution_id: String,
    newest_id: Option<String>,
    unread: String,
    older: bool,
    marker: Option<String>,
    until_id: Option<String>,
    due_at: i64,
    whole_at: Option<i64>,
}

impl Row {
    fn into_reading(self) -> Result<BackfillPosition, StoreError> {
        let id = |id: String| CloudFrontInvalidationId::from_trusted(id);
        Ok(BackfillPosition {
            distribution: DistributionId::from_trusted(self.distribution_id),
            newest: self.newest_id.map(id),
            unread: list_from_json(&self.unread)?.into_iter().map(id).collect(),
            older: self.older,
            marker: self.marker,
            until: self.until_id.map(id),
            due_at: time(self.due_at),
            whole_at: optional_time(self.whole_at),
        })
    }
}

/// The position in a distribution's list. `None` if reading has not started.
pub async fn find(conn: &mut Conn, id: &DistributionId) -> Result<Option<BackfillPosition>, StoreError> {
    let row = fetch_optional!(conn, Row, select!("WHERE distribution_id = $1"), id.as_str())?;
    row.map(Row::into_reading).transpose()
}

/// As [`find`], and locks the row until the transaction ends.
pub async fn lock(tx: &mut Tx, id: &DistributionId) -> Result<Option<BackfillPosition>, StoreError> {
    let select = if tx.is_postgres() {
        select!("WHERE distribution_id = $1 FOR NO KEY UPDATE")
    } else {
        select!("WHERE distribution_id = $1")
    };
    let row = fetch_optional!(tx, Row, select, id.as_str())?;
    row.map(Row::into_reading).transpose()
}

/// Writes how far a reading is.
pub async fn save(tx: &mut Tx, reading: &BackfillPosition) -> Result<(), StoreError> {
    execute!(
        tx,
        "INSERT INTO outside_reading (distribution_id, newest_id, unread, older, marker, until_id, due_at, whole_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (distribution_id) DO UPDATE SET newest_id = $2, unread = $3, older = $4, marker = $5,
             until_id = $6, due_at = $7, whole_at = $8",
        reading.distribution.as_str(),
        reading.newest.as_ref().map(CloudFrontInvalidationId::as_str),
        list_to_json(&reading.unread),
        reading.older,
        reading.marker.as_deref(),
        reading.until.as_ref().map(CloudFrontInvalidationId::as_str),
        reading.due_at.as_micros(),
        reading.whole_at.map(Timestamp::as_micros),
    )?;
    Ok(())
}

/// The reading that has waited longest, due or not: distributions take turns.
pub async fn next(conn: &mut Conn) -> Result<Option<BackfillPosition>, StoreError> {
    let row = fetch_optional!(
        conn,
        Row,
        select!(
            "JOIN distribution d ON d.id = distribution_id
             WHERE d.gone_at IS NULL AND NOT d.tenant_only AND (older OR unread <> '[]') ORDER BY due_at, distribution_id LIMIT 1"
        ),
    )?;
    row.map(Row::into_reading).transpose()
}

/// Takes a reading up until a time, unless somebody else did.
pub async fn claim(
    tx: &mut Tx,
    id: &DistributionId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE outside_reading SET due_at = $3 WHERE distribution_id = $1 AND due_at <= $2",
        id.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}

/// Takes up the front of a distribution's list until a time, unless somebody else did.
pub async fn claim_front(
    tx: &mut Tx,
    id: &DistributionId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let claimed = execute!(
        tx,
        "UPDATE distribution SET outside_due_at = $3 WHERE id = $1 AND outside_due_at <= $2",
        id.as_str(),
        now.as_micros(),
        until.as_micros(),
    )?;
    Ok(claimed == 1)
}
