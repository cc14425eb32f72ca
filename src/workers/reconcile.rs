//! Finds the invalidation that CloudFront made for a caller reference, where its answer never came.

use std::{collections::HashSet, time::Duration};

use crate::{
    cloudfront::InvalidationDetails,
    domain::{
        id::CloudFrontInvalidationId,
        invalidations::{
            invalidation::Batch,
            problem::{Problem, ProblemKind},
        },
    },
    store::{StoreError, invalidations::batches},
};

use super::WorkerContext;

/// How far our clock may have been from CloudFront's when the batch was sent.
const SKEW: Duration = Duration::from_hours(24);
/// How far CloudFront's own clocks may be from each other.
const DRIFT: Duration = Duration::from_mins(1);
/// How many pages of a hundred are looked through.
const PAGES: usize = 50;

/// Looks through the distribution's list, which begins with the newest (API reference), back to when the batch was first
/// sent, or to what CloudFront had taken from us before the batch was even requested.
///
/// A list has no references (API reference), so each row that Unstale does not know is asked for. `calls` counts what
/// that took: a batch whose fate is unknown does not wait for the pace, but what only watches does afterwards.
pub(super) async fn find(
    context: &WorkerContext,
    batch: &Batch,
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
    batch: &Batch,
    ids: &[CloudFrontInvalidationId],
) -> Result<HashSet<CloudFrontInvalidationId>, StoreError> {
    batches::known(&mut *context.db.read().await?, &batch.distribution, ids).await
}

async fn taken_before(
    context: &WorkerContext,
    batch: &Batch,
) -> Result<Option<CloudFrontInvalidationId>, StoreError> {
    batches::taken_before(&mut *context.db.read().await?, &batch.distribution, &batch.invalidation).await
}
