//! What the database of a service says of its batches.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use sqlx::{
    Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

use super::{Outcome, WorkerContext};

/// Until everything is known to have completed.
pub const PATIENCE: Duration = Duration::from_secs(90);

impl WorkerContext {
    /// How late the service has seen that the invalidations of these distributions have completed, each. Waits until it
    /// knows it of all that it has sent.
    pub async fn seen(&self, distributions: &[String]) -> Outcome<Vec<Duration>> {
        let options = SqliteConnectOptions::new().filename(self.folder().join("unstale.db")).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        let began = Instant::now();
        while is_under_way(&pool).await? {
            if began.elapsed() > PATIENCE {
                return Err("not everything was seen to complete".into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let rows =
            sqlx::query("SELECT cloudfront_id, completed_at FROM batch WHERE cloudfront_id IS NOT NULL");
        let mut seen = HashMap::new();
        for row in rows.fetch_all(&pool).await? {
            seen.insert(row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?);
        }
        pool.close().await;
        let made = distributions.iter().flat_map(|id| self.sandbox.invalidations(id));
        let late = made.filter_map(|made| Some(seen.get(&made.id)? - made.complete_at.as_microsecond()));
        Ok(late.map(|late| Duration::from_micros(u64::try_from(late).unwrap_or(0))).collect())
    }
}

async fn is_under_way(pool: &SqlitePool) -> Outcome<bool> {
    let row =
        sqlx::query("SELECT COUNT(*) FROM batch WHERE state IN ('queued', 'submitting', 'in_progress')");
    Ok(row.fetch_one(pool).await?.try_get::<i64, _>(0)? > 0)
}
