//! Asks CloudFront for the status of invalidations: one by one or in pages of 100, whichever takes fewer calls.

use std::collections::HashMap;

use crate::{
    cloudfront::InvalidationStatus,
    domain::{
        id::DistributionId,
        invalidations::problem::{Problem, ProblemKind},
        time::Timestamp,
    },
    store::invalidations::batches::WatchedBatch,
};

use super::super::WorkerContext;

/// CloudFront's largest page of invalidations.
const PAGE: usize = 100;
/// The maximum number of calls in one tick.
const CALLS: u32 = 12;

/// CloudFront's answer about one invalidation.
pub(super) enum AnsweredStatus {
    Status(InvalidationStatus),
    Gone(Problem),
}

/// CloudFront's answers by CloudFront's IDs, the number of calls, and the problem that stopped them.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) found: HashMap<String, AnsweredStatus>,
    pub(super) calls: u32,
    pub(super) problem: Option<Problem>,
}

/// Asks about the batches that are due. If pages are read, the answers include all invalidations on them.
pub(super) async fn ask(
    context: &WorkerContext,
    distribution: &DistributionId,
    watched: &[WatchedBatch],
) -> Answers {
    let now = context.clock.now();
    let mut answers = Answers::default();
    let due: Vec<&WatchedBatch> = watched.iter().filter(|one| one.look_at <= now).collect();
    if due.len() > pages_needed(watched, &due) {
        list(context, distribution, &due, &mut answers).await;
    }
    let rest = due.iter().filter(|one| !answers.found.contains_key(one.cloudfront_id.as_str()));
    let mut rest: Vec<&WatchedBatch> = rest.copied().collect();
    rest.sort_by_key(|one| one.look_at);
    for one in rest {
        if answers.problem.is_some() || answers.calls >= CALLS {
            break;
        }
        get(context, distribution, one, &mut answers).await;
    }
    answers
}

/// The number of pages back to the oldest batch that is due, if nobody else makes invalidations.
fn pages_needed(watched: &[WatchedBatch], due: &[&WatchedBatch]) -> usize {
    let oldest: Option<Timestamp> = due.iter().map(|one| one.accepted_at).min();
    let within = watched.iter().filter(|one| Some(one.accepted_at) >= oldest).count();
    within.div_ceil(PAGE)
}

async fn list(
    context: &WorkerContext,
    distribution: &DistributionId,
    due: &[&WatchedBatch],
    answers: &mut Answers,
) {
    let mut marker: Option<String> = None;
    // At least one call is kept for batches that the pages do not reach.
    while answers.calls + 2 <= CALLS {
        answers.calls += 1;
        match context.cloudfront.list_invalidations(distribution, marker.as_deref()).await {
            Ok(page) => {
                let rows = page.rows.into_iter();
                answers
                    .found
                    .extend(rows.map(|row| (row.id.to_string(), AnsweredStatus::Status(row.status))));
                marker = page.next;
            }
            Err(problem) if problem.kind == ProblemKind::NoSuchDistribution => {
                let gone = |one: &&WatchedBatch| {
                    (one.cloudfront_id.to_string(), AnsweredStatus::Gone(problem.clone()))
                };
                answers.found.extend(due.iter().map(gone));
                return;
            }
            Err(problem) => {
                answers.problem = Some(problem);
                return;
            }
        }
        let all = due.iter().all(|one| answers.found.contains_key(one.cloudfront_id.as_str()));
        if all || marker.is_none() {
            return;
        }
    }
}

async fn get(
    context: &WorkerContext,
    distribution: &DistributionId,
    one: &WatchedBatch,
    answers: &mut Answers,
) {
    answers.calls += 1;
    let id = one.cloudfront_id.to_string();
    match context.cloudfront.get_invalidation(distribution, &one.cloudfront_id).await {
        Ok(seen) => {
            answers.found.insert(id, AnsweredStatus::Status(seen.status));
        }
        Err(problem) => match problem.kind {
            ProblemKind::NoSuchInvalidation | ProblemKind::NoSuchDistribution => {
                answers.found.insert(id, AnsweredStatus::Gone(problem));
            }
            _ => answers.problem = Some(problem),
        },
    }
}
