//! Finds the invalidation that CloudFront made for a caller reference, if its answer was lost.

use std::{collections::HashSet, time::Duration};

use crate::{
    cloudfront::InvalidationDetails,
    domain::{
        id::CloudFrontInvalidationId,
        invalidations::{
            problem::{Problem, ProblemKind},
            restored::AcceptedItems,
        },
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

/// What CloudFront has of a batch.
#[derive(Debug)]
pub(super) enum Found {
    /// It has the invalidation with the caller reference of the batch.
    Itself(Box<InvalidationDetails>),
    /// It does not have it. The batch is one of a restored backup, and what CloudFront accepted since it was due refreshes all
    /// of its items: it was probably sent together with others.
    Refreshed,
    /// It certainly does not have it.
    Nothing,
}

/// Searches the distribution's list, which begins with the newest invalidation (API reference). The search ends at
/// the time when the batch was first sent, or at an invalidation that CloudFront accepted from Unstale before the
/// batch was requested.
///
/// The list has no caller references (API reference), so each invalidation that Unstale does not know is read by
/// its ID. `calls` counts the calls. A batch whose result is unknown does not wait for the pace; its calls are
/// charged afterwards, so that reads of other work wait.
pub(super) async fn find(
    context: &WorkerContext,
    batch: &SendingBatch,
    calls: &mut u32,
) -> Result<Result<Found, Problem>, StoreError> {
    let before = taken_before(context, batch).await?;
    // A batch of a restored backup may have been sent before this database knows of a call.
    let first_sent_at =
        batch.first_sent_at.filter(|_| batch.restored_from.is_none()).unwrap_or(batch.created_at);
    let mut oldest = first_sent_at.minus(SKEW);
    let mut marker = None;
    let mut unknown = AcceptedItems::default();
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
                    return Ok(Ok(Found::Itself(Box::new(seen))));
                }
                Ok(seen) if batch.restored_from.is_some_and(|from| seen.created_at >= from) => {
                    unknown.add(&seen.items);
                }
                Ok(_) => {}
                Err(problem) => return Ok(Err(problem)),
            }
        }
        marker = page.next;
        if marker.is_none() || page.rows.iter().any(|row| row.created_at < oldest) {
            return Ok(Ok(without_itself(context, batch, unknown).await?));
        }
    }
    Ok(Err(Problem {
        kind: ProblemKind::ReferenceInUse,
        code: String::new(),
        message: format!("It is not among the {} newest invalidations of the distribution.", PAGES * 100),
        request_id: None,
    }))
}

/// What there is of a batch whose own invalidation CloudFront does not have. `unknown` are the items of invalidations that
/// were made since it was due, and that Unstale does not know.
async fn without_itself(
    context: &WorkerContext,
    batch: &SendingBatch,
    unknown: AcceptedItems,
) -> Result<Found, StoreError> {
    let Some(from) = batch.restored_from else { return Ok(Found::Nothing) };
    let mut conn = context.db.read().await?;
    let mut accepted = batches::accepted_since(&mut conn, &batch.distribution, from).await?;
    accepted.join(unknown);
    Ok(if accepted.refresh_all(&batch.items) { Found::Refreshed } else { Found::Nothing })
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
