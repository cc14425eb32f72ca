//! Finds the invalidation that CloudFront made for a caller reference, if its answer was lost.

use std::{collections::HashSet, time::Duration};

use crate::{
    cloudfront::InvalidationDetails,
    domain::{
        id::CloudFrontInvalidationId,
        invalidations::problem::{Problem, ProblemKind},
    },
    store::{
        StoreError,
        invalidations::batches::{self, SendingBatch},
    },
};

use super::WorkerContext;

/// How far our clock may have differed from CloudFront's when the batch was sent.
const SKEW: Duration = Duration::from_hours(24);
/// How far CloudFront's own clocks may differ from each other.
const DRIFT: Duration = Duration::from_mins(1);
/// The maximum number of pages that are searched, each with 100 invalidations.
const PAGES: usize = 50;

/// Searches the distribution's list, which begins with the newest invalidation (API reference). The search ends at
/// the time when the batch was first sent, or at an invalidation that CloudFront accepted from Unstale before the
/// batch was requested. `Ok(None)` if CloudFront certainly does not have the batch.
///
/// The list has no caller references (API reference), so each invalidation that Unstale does not know is read by
/// its ID. `calls` counts the calls. A batch whose result is unknown does not wait for the pace; its calls are
/// charged afterwards, so that reads of other work wait.
pub(super) async fn find(
    context: &WorkerContext,
    batch: &SendingBatch,
    calls: &mut u32,
) -> Result<Result<Option<InvalidationDetails>, Problem>, StoreError> {
    let before = taken_before(context, batch).await?;
    let mut oldest = batch.first_sent_at.unwrap_or(batch.created_at).minus(SKEW);
    let mut marker = None;
    for _ in 0..PAGES {
        *calls += 1;
        let page = match context.cloudfront.list_invalidations(&batch.distribution, marker.as_deref()).await {
            Ok(page) => page,
            Err(problem) => return Ok(Err(problem)),
        };
        let ids: Vec<CloudFrontInvalidationId> = page.rows.iter().map(|row| row.id.clone()).collect();
        let known = known(context, batch, &ids).await?;
        if let Some(row) = page.rows.iter().find(|row| Some(&row.id) == before.as_ref()) {
            oldest = oldest.max(row.created_at.minus(DRIFT));
        }
        let young = page.rows.iter().filter(|row| row.created_at >= oldest && !known.contains(&row.id));
        for row in young {
            *calls += 1;
            match context.cloudfront.get_invalidation(&batch.distribution, &row.id).await {
                Ok(seen) if seen.caller_reference == batch.caller_reference => {
                    return Ok(Ok(Some(seen)));
                }
                Ok(_) => {}
                Err(problem) => return Ok(Err(problem)),
            }
        }
        marker = page.next;
        if marker.is_none() || page.rows.iter().any(|row| row.created_at < oldest) {
            return Ok(Ok(None));
        }
    }
    Ok(Err(Problem {
        kind: ProblemKind::ReferenceInUse,
        code: String::new(),
        message: format!("It is not among the {} newest invalidations of the distribution.", PAGES * 100),
        request_id: None,
    }))
}

async fn known(
    context: &WorkerContext,
    batch: &SendingBatch,
    ids: &[CloudFrontInvalidationId],
) -> Result<HashSet<CloudFrontInvalidationId>, StoreError> {
    batches::known(&mut *context.db.read().await?, &batch.distribution, ids).await
}

async fn taken_before(
    context: &WorkerContext,
    batch: &SendingBatch,
) -> Result<Option<CloudFrontInvalidationId>, StoreError> {
    // The reference of a merged batch was made after each of its requests.
    let Some(served) = batch.serves.first() else { return Ok(None) };
    batches::taken_before(&mut *context.db.read().await?, &batch.distribution, &served.invalidation).await
}
