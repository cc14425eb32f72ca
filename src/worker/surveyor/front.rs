//! Reads the front of each distribution's list, steadily, for invalidations that were made outside.

use crate::{
    cloudfront::{Listed, Page},
    domain::{
        id::{CloudFrontInvalidationId, DistributionId},
        outside::{PageSeen, Reading},
    },
    store::{Conn, StoreError, accounts, batches, distributions, outside},
};

use super::super::{Bench, Next};

/// Reads the newest hundred of one distribution that is due, and notes which of them are to be asked for.
pub(super) async fn look(bench: &Bench) -> Result<Next, StoreError> {
    let now = bench.clock.now();
    let due = distributions::outside_due(&mut *bench.db.read().await?, now).await?;
    let Some(distribution) = due.first() else { return Ok(Next::Idle) };
    let mut tx = bench.db.begin().await?;
    let account = distributions::account(&mut tx, distribution).await?;
    if let Err(wait) = accounts::take_read(&mut tx, &account, bench.settings.read, now).await? {
        return Ok(Next::At(wait));
    }
    if !outside::claim_front(&mut tx, distribution, now, now.plus(bench.settings.lease)).await? {
        return Ok(Next::Again);
    }
    tx.commit().await?;
    let page = match bench.cloudfront.list_invalidations(distribution, None).await {
        Ok(page) => Some(page),
        Err(problem) => {
            tracing::warn!(%distribution, kind = problem.kind.as_str(), said = problem.message,
                "the distribution's invalidations could not be read");
            None
        }
    };
    note(bench, distribution, page.as_ref()).await?;
    Ok(Next::Again)
}

async fn note(
    bench: &Bench,
    distribution: &DistributionId,
    page: Option<&Page<Listed>>,
) -> Result<(), StoreError> {
    let now = bench.clock.now();
    let mut tx = bench.db.begin().await?;
    if let Some(page) = page {
        let found = outside::lock(&mut tx, distribution).await?;
        let mut reading = found.unwrap_or_else(|| Reading::new(distribution.clone(), now));
        let (ids, unknown) = unknown(&mut tx, distribution, page).await?;
        reading.front(PageSeen { ids: &ids, unknown: &unknown, next: page.next.as_deref() }, now);
        outside::save(&mut tx, &reading).await?;
    }
    distributions::set_outside_due(&mut tx, distribution, now.plus(bench.settings.outside_every)).await?;
    tx.commit().await
}

/// The IDs of a page, and those of them that Unstale does not know.
pub(super) async fn unknown(
    conn: &mut Conn,
    distribution: &DistributionId,
    page: &Page<Listed>,
) -> Result<(Vec<CloudFrontInvalidationId>, Vec<CloudFrontInvalidationId>), StoreError> {
    let ids: Vec<_> = page.rows.iter().map(|row| row.id.clone()).collect();
    let known = batches::known(conn, distribution, &ids).await?;
    let unknown = ids.iter().filter(|id| !known.contains(id)).cloned().collect();
    Ok((ids, unknown))
}
