//! The tags that distributions have in AWS, and when to read them again.

use unstale_domain::{id::DistributionId, time::Timestamp};

use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_all, fetch_one, fetch_optional},
};

/// The tags of a distribution by key. `None` if they are not known.
pub async fn of(conn: &mut Conn, id: &DistributionId) -> Result<Option<Vec<(String, String)>>, StoreError> {
    let (read,) = fetch_one!(
        conn,
        (i64,),
        "SELECT count(*) FROM distribution WHERE id = $1 AND tags_read_at IS NOT NULL",
        id.as_str(),
    )?;
    if read == 0 {
        return Ok(None);
    }
    let rows = fetch_all!(
        conn,
        (String, String),
        "SELECT tag_key, tag_value FROM distribution_tag WHERE distribution_id = $1 ORDER BY tag_key",
        id.as_str(),
    )?;
    Ok(Some(rows))
}

/// The distribution whose tags have been due for longest, with its ARN.
pub async fn due(conn: &mut Conn, now: Timestamp) -> Result<Option<(DistributionId, String)>, StoreError> {
    let row = fetch_optional!(
        conn,
        (String, String),
        "SELECT id, arn FROM distribution WHERE gone_at IS NULL AND NOT tenant_only AND tags_due_at <= $1
         ORDER BY tags_due_at, id LIMIT 1",
        now.as_micros(),
    )?;
    Ok(row.map(|(id, arn)| (DistributionId::from_trusted(id), arn)))
}

/// Writes what was read, in place of what was known; `None` where they cannot be known.
pub async fn replace(
    tx: &mut Tx,
    id: &DistributionId,
    tags: Option<&[(String, String)]>,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, "DELETE FROM distribution_tag WHERE distribution_id = $1", id.as_str())?;
    for (key, value) in tags.unwrap_or_default() {
        execute!(
            tx,
            "INSERT INTO distribution_tag (distribution_id, tag_key, tag_value) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            id.as_str(),
            key.as_str(),
            value.as_str(),
        )?;
    }
    execute!(
        tx,
        "UPDATE distribution SET tags_read_at = $2, tags_due_at = $3 WHERE id = $1",
        id.as_str(),
        tags.map(|_| now.as_micros()),
        due_at.as_micros(),
    )?;
    Ok(())
}

/// Sets when to read the tags next. The known tags stay.
pub async fn put_off(tx: &mut Tx, id: &DistributionId, due_at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, "UPDATE distribution SET tags_due_at = $2 WHERE id = $1", id.as_str(), due_at.as_micros())?;
    Ok(())
}
