//! Reads the tags that distributions have in AWS, one distribution a tick, within the account's pace.

use std::time::Duration;

use crate::{
    domain::invalidations::problem::{Problem, ProblemKind},
    store::{
        StoreError, accounts,
        distributions::{self, distribution_tags},
    },
};

use super::super::{Next, WorkerContext};

/// The time after a failure before the tags are read again. Denied access is not such a failure.
const AFTER_FAILURE: Duration = Duration::from_mins(5);
/// The maximum number of tags that are stored. AWS allows 50 for each resource.
const MOST: usize = 100;

/// Reads the tags of one distribution that is due.
///
/// If AWS denies access, the survey does not fail. The tags are then unknown, and no grant by a tag applies there.
pub(super) async fn look(context: &WorkerContext) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let due = distribution_tags::due(&mut *context.db.read().await?, now).await?;
    let Some((distribution, arn)) = due else { return Ok(Next::Idle) };
    let mut tx = context.db.begin().await?;
    let account = distributions::account(&mut tx, &distribution).await?;
    let taken = accounts::take_read(&mut tx, &account, context.settings.read.sparing(), now).await?;
    if let Err(wait) = taken {
        return Ok(Next::At(wait));
    }
    // The next reading is set before the call, so that a replica does not read the same tags at the same time.
    distribution_tags::put_off(&mut tx, &distribution, now.plus(AFTER_FAILURE)).await?;
    tx.commit().await?;
    let read = context.cloudfront.tags(&arn).await;
    let now = context.clock.now();
    let due_at = now.plus(context.settings.tags_every);
    let mut tx = context.db.begin().await?;
    let throttled = read.as_ref().is_err_and(Problem::is_throttling);
    accounts::note_answer(&mut tx, &account, context.settings.read, throttled, now).await?;
    match read {
        Ok(mut tags) => {
            tags.truncate(MOST);
            distribution_tags::replace(&mut tx, &distribution, Some(&tags), now, due_at).await?;
        }
        Err(problem) => {
            tracing::warn!(%distribution, kind = problem.kind.as_str(), said = problem.message,
                "the distribution's tags could not be read");
            if problem.kind == ProblemKind::AccessDenied {
                distribution_tags::replace(&mut tx, &distribution, None, now, due_at).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(Next::Again)
}
