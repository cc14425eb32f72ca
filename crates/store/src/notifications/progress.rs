//! How far the history was looked at for notices.

use crate::{
    Conn, StoreError, Tx,
    db::{execute, fetch_one},
};

/// The last event that was looked at.
pub async fn progress(conn: &mut Conn) -> Result<i64, StoreError> {
    let (sequence,) = fetch_one!(conn, (i64,), "SELECT sequence FROM notification_progress WHERE id = 1")?;
    Ok(sequence)
}

/// Stores that the events up to `to` were looked at. `false` if another process did it meanwhile: `seen` is not the
/// stored progress any more, and the caller must not commit what it made of them.
pub async fn advance(tx: &mut Tx, seen: i64, to: i64) -> Result<bool, StoreError> {
    let moved = execute!(
        tx,
        "UPDATE notification_progress SET sequence = $2 WHERE id = 1 AND sequence = $1",
        seen,
        to
    )?;
    Ok(moved == 1)
}

/// Passes over all events that there are: nobody was to be told of them.
pub async fn start_at_head(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(
        tx,
        "UPDATE notification_progress SET sequence = (SELECT sequence FROM audit_head WHERE id = 1) WHERE id = 1"
    )?;
    Ok(())
}
