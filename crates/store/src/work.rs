//! Counts the work that an engine does for an answer, so that a test can limit the work of every read. A duration
//! would vary from run to run. A release build does not contain this module.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use super::{
    Conn, StoreError,
    db::{Engine, fetch_one},
};

/// Runs `read`. Returns its answer, and how much work the engine did for it: on SQLite the loops and jumps of its
/// virtual machine, on PostgreSQL the rows and index entries that it read. PostgreSQL counts within a transaction.
pub async fn of<T>(
    conn: &mut Conn,
    read: impl AsyncFnOnce(&mut Conn) -> Result<T, StoreError>,
) -> Result<(T, u64), StoreError> {
    if conn.is_postgres() {
        let before = taken_up(conn).await?;
        let answer = read(conn).await?;
        return Ok((answer, taken_up(conn).await?.saturating_sub(before)));
    }
    let steps = Arc::new(AtomicU64::new(0));
    count_steps(conn, Some(Arc::clone(&steps))).await?;
    let answer = read(conn).await;
    count_steps(conn, None).await?;
    Ok((answer?, steps.load(Ordering::Relaxed)))
}

async fn count_steps(conn: &mut Conn, steps: Option<Arc<AtomicU64>>) -> Result<(), StoreError> {
    if let Engine::Sqlite(connection) = conn.engine().await? {
        let mut handle = connection.lock_handle().await?;
        match steps {
            Some(steps) => handle.set_progress_handler(1, move || {
                steps.fetch_add(1, Ordering::Relaxed);
                true
            }),
            None => handle.remove_progress_handler(),
        }
    }
    conn.answered();
    Ok(())
}

/// The rows and index entries that the statements of this connection read and that it has not reported to the
/// server's statistics yet. Those of the current transaction are included.
async fn taken_up(conn: &mut Conn) -> Result<u64, StoreError> {
    let (rows,) = fetch_one!(
        conn,
        (i64,),
        "SELECT COALESCE(sum(pg_stat_get_xact_tuples_returned(oid) + pg_stat_get_xact_tuples_fetched(oid)), 0)::bigint
         FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i')",
    )?;
    Ok(u64::try_from(rows).unwrap_or(0))
}
