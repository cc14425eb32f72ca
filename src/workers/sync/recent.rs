//! Reads the first page of each distribution's invalidations at intervals, to find those made outside Unstale.

use crate::{
    cloudfront::{InvalidationSummary, Page},
    domain::{
        id::{CloudFrontInvalidationId, DistributionId},
        invalidations::{
            outside::{BackfillPosition, PageSeen},
            problem::Problem,
        },
    },
    store::{
        Conn, StoreError, accounts, distributions,
        invalidations::{batches, outside},
    },
};

use super::super::{Next, WorkerContext};

/// Reads the newest 100 invalidations of one distribution that is due, and writes which of them Unstale does not
/// know.
pub(super) async fn look(context: &WorkerContext) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let due = distributions::outside_due(&mut *context.db.read().await?, now).await?;
    let Some(distribution) = due.first() else { return Ok(Next::Idle) };
    let mut tx = context.db.begin().await?;
    let account = distributions::account(&mut tx, distribution).await?;
    if let Err(wait) = accounts::take_read(&mut tx, &account, context.settings.read.sparing(), now).await? {
        return Ok(Next::At(wait));
    }
    if !outside::claim_front(&mut tx, distribution, now, now.plus(context.settings.lease)).await? {
        return Ok(Next::Again);
    }
    tx.commit().await?;
    let page = context.cloudfront.list_invalidations(distribution, None).await;
    if let Err(problem) = &page {
        tracing::warn!(%distribution, kind = problem.kind.as_str(), said = problem.message,
            "the distribution's invalidations could not be read");
    }
    note(context, distribution, &account, &page).await?;
    Ok(Next::Again)
}

async fn note(
    context: &WorkerContext,
    distribution: &DistributionId,
    account: &str,
    page: &Result<Page<InvalidationSummary>, Problem>,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let throttled = page.as_ref().is_err_and(Problem::is_throttling);
    accounts::note_answer(&mut tx, account, context.settings.read, throttled, now).await?;
    if let Ok(page) = page {
        let found = outside::lock(&mut tx, distribution).await?;
        let mut reading = found.unwrap_or_else(|| BackfillPosition::new(distribution.clone(), now));
        let (ids, unknown) = unknown(&mut tx, distribution, page).await?;
        reading.front(PageSeen { ids: &ids, unknown: &unknown, next: page.next.as_deref() }, now);
        outside::save(&mut tx, &reading).await?;
    }
    distributions::set_outside_due(&mut tx, distribution, now.plus(context.settings.outside_every)).await?;
    tx.commit().await
}

/// The IDs of a page, and those of them that Unstale does not know.
pub(super) async fn unknown(
    conn: &mut Conn,
    distribution: &DistributionId,
    page: &Page<InvalidationSummary>,
) -> Result<(Vec<CloudFrontInvalidationId>, Vec<CloudFrontInvalidationId>), StoreError> {
    let ids: Vec<_> = page.rows.iter().map(|row| row.id.clone()).collect();
    let known = batches::known(conn, distribution, &ids).await?;
    let unknown = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
    Ok((ids, unknown))
}
