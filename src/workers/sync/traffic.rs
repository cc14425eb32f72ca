//! Reads from CloudWatch how much viewers ask of each distribution, if it is to be asked.

use crate::{
    cloudfront::{CloudWatch, METRICS_A_CALL},
    domain::{
        distributions::traffic::Traffic,
        id::DistributionId,
        invalidations::{problem::Problem, radius::BUSY},
        time::Timestamp,
    },
    store::{
        StoreError,
        distributions::{
            optional_readings::{self, OptionalReading},
            traffic,
        },
    },
};

use super::{
    super::{Next, WorkerContext},
    optional_reading,
};

/// The most distributions that are measured, so that the costs are bounded. AWS allows 500 in an account, if nobody asked for
/// more.
const MOST: usize = 1_000;

/// Measures all distributions if that is due.
///
/// If AWS denies access, nothing fails. It is then not known how much a request empties.
pub(super) async fn look(context: &WorkerContext) -> Result<Next, StoreError> {
    let what = OptionalReading::Traffic;
    let Some(cloudwatch) = &context.cloudwatch else { return forget(context).await };
    let before = match optional_reading::due(context, what).await? {
        Ok(before) => before,
        Err(due_at) => return Ok(Next::At(due_at)),
    };
    let distributions = traffic::measurable(&mut *context.db.read().await?, MOST).await?;
    if distributions.is_empty() {
        return Ok(Next::Idle);
    }
    if !optional_reading::claim(context, what).await? {
        return Ok(Next::Again);
    }
    let measured = measure(cloudwatch, &distributions, context.clock.now()).await;
    optional_reading::settle(context, what, &before, measured, traffic::replace).await
}

async fn measure(
    cloudwatch: &CloudWatch,
    distributions: &[DistributionId],
    now: Timestamp,
) -> Result<Vec<(DistributionId, Traffic)>, Problem> {
    let mut all = Vec::with_capacity(distributions.len());
    for some in distributions.chunks(METRICS_A_CALL) {
        all.extend(cloudwatch.traffic(some, BUSY, now).await?);
    }
    Ok(all)
}

/// Drops what was measured before CloudWatch was switched off.
async fn forget(context: &WorkerContext) -> Result<Next, StoreError> {
    let what = OptionalReading::Traffic;
    if optional_reading::is_left(context, what).await? {
        let mut tx = context.db.begin().await?;
        traffic::replace(&mut tx, &[]).await?;
        optional_readings::forget(&mut tx, what).await?;
        tx.commit().await?;
    }
    Ok(Next::Idle)
}
