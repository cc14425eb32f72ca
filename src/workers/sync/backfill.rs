//! Continues after the first pages of the lists of invalidations ([`recent`]). Reads each unknown invalidation by
//! its ID, and older pages. The first time these go back to the oldest invalidation in CloudFront's list.
//!
//! It makes a few calls a tick. While there are older pages to read, all other calls of the account come first.

use std::time::Duration;

use crate::{
    domain::{
        id::CloudFrontInvalidationId,
        invalidations::{
            outside::{BackfillPosition, PageSeen},
            problem::{Problem, ProblemKind},
        },
        time::Timestamp,
    },
    store::{
        StoreError, accounts, distributions,
        invalidations::{batches, outside},
    },
};

use super::{
    super::{Next, WorkerContext},
    found, recent,
};

/// The number of invalidations that one tick reads. It is less than the burst, so that some of it is left for
/// others.
const A_TICK: usize = 5;
const AFTER_FAILURE: Duration = Duration::from_secs(30);

/// Continues with one distribution that is due.
pub(super) async fn look(context: &WorkerContext) -> Result<Next, StoreError> {
    let now = context.clock.now();
    let next = outside::next(&mut *context.db.read().await?).await?;
    let Some(reading) = next else { return Ok(Next::Idle) };
    if reading.due_at > now {
        return Ok(Next::At(reading.due_at));
    }
    let mut tx = context.db.begin().await?;
    let account = distributions::account(&mut tx, &reading.distribution).await?;
    let pace = if reading.older { context.settings.read.behind() } else { context.settings.read };
    if let Err(wait) = accounts::take_read(&mut tx, &account, pace, now).await? {
        return Ok(Next::At(wait));
    }
    let until = now.plus(context.settings.lease);
    if !outside::claim(&mut tx, &reading.distribution, now, until).await? {
        return Ok(Next::Again);
    }
    tx.commit().await?;
    if reading.wants_a_page() {
        page(context, &reading, &account).await?;
    } else {
        ask(context, &reading, &account).await?;
    }
    Ok(Next::Again)
}

/// Reads the next older page.
async fn page(context: &WorkerContext, reading: &BackfillPosition, account: &str) -> Result<(), StoreError> {
    let distribution = &reading.distribution;
    let marker = reading.marker.as_deref();
    let read = context.cloudfront.list_invalidations(distribution, marker).await;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    let throttled = read.as_ref().is_err_and(Problem::is_throttling);
    accounts::note_answer(&mut tx, account, context.settings.read, throttled, now).await?;
    let Some(mut reading) = outside::lock(&mut tx, distribution).await? else { return Ok(()) };
    match read {
        Ok(page) => {
            let (ids, unknown) = recent::unknown(&mut tx, distribution, &page).await?;
            reading.page(marker, PageSeen { ids: &ids, unknown: &unknown, next: page.next.as_deref() }, now);
            reading.due_at = now;
        }
        Err(problem) => {
            tracing::warn!(%distribution, kind = problem.kind.as_str(), said = problem.message,
                "an older page of the distribution's invalidations could not be read; it is tried again");
            // CloudFront no longer accepts the marker, so the pages are read again from the first one.
            if problem.kind == ProblemKind::InvalidArgument {
                reading.lose_place();
            }
            reading.due_at = now.plus(AFTER_FAILURE);
        }
    }
    outside::save(&mut tx, &reading).await?;
    tx.commit().await
}

/// The result of the calls of one tick.
#[derive(Debug, Default)]
struct BackfillRound {
    calls: u32,
    done: Vec<CloudFrontInvalidationId>,
    unreadable: Vec<CloudFrontInvalidationId>,
    failed: bool,
    throttled: bool,
}

/// Reads the next few invalidations and stores them.
async fn ask(context: &WorkerContext, reading: &BackfillPosition, account: &str) -> Result<(), StoreError> {
    let asked = ask_each(context, reading).await?;
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    // `look` has already taken one call from the pace.
    let more = asked.calls.saturating_sub(1);
    accounts::charge_reads(&mut tx, account, context.settings.read, more, now).await?;
    accounts::note_answer(&mut tx, account, context.settings.read, asked.throttled, now).await?;
    let Some(mut reading) = outside::lock(&mut tx, &reading.distribution).await? else { return Ok(()) };
    reading.asked(&asked.done, &asked.unreadable);
    reading.due_at = due(&asked, now);
    outside::save(&mut tx, &reading).await?;
    tx.commit().await
}

fn due(asked: &BackfillRound, now: Timestamp) -> Timestamp {
    // The next calls would fail in the same way, so they wait.
    let stuck = asked.failed || (asked.done.is_empty() && !asked.unreadable.is_empty());
    if stuck { now.plus(AFTER_FAILURE) } else { now }
}

async fn ask_each(context: &WorkerContext, reading: &BackfillPosition) -> Result<BackfillRound, StoreError> {
    let distribution = &reading.distribution;
    let few: Vec<_> = reading.unread.iter().take(A_TICK).cloned().collect();
    // Some may be stored already: before this process started, or by another replica.
    let known = batches::known(&mut *context.db.read().await?, distribution, &few).await?;
    let mut asked = BackfillRound::default();
    for id in few {
        if known.contains(&id) {
            asked.done.push(id);
            continue;
        }
        asked.calls += 1;
        match context.cloudfront.get_invalidation(distribution, &id).await {
            Ok(seen) => {
                found::keep(context, distribution, &seen).await?;
                asked.done.push(id);
            }
            Err(problem) => {
                tracing::warn!(%distribution, invalidation = %id, kind = problem.kind.as_str(),
                    said = problem.message, "an invalidation made outside could not be read");
                if !sort(&problem, id, &mut asked) {
                    break;
                }
            }
        }
    }
    Ok(asked)
}

/// Records an invalidation that could not be read. `false` if the next ones would fail too.
fn sort(problem: &Problem, id: CloudFrontInvalidationId, asked: &mut BackfillRound) -> bool {
    match problem.kind {
        // CloudFront no longer has it, so there is nothing to store.
        ProblemKind::NoSuchInvalidation => asked.done.push(id),
        ProblemKind::UnreadableAnswer | ProblemKind::InvalidArgument | ProblemKind::Other => {
            asked.unreadable.push(id);
        }
        _ => {
            asked.failed = true;
            asked.throttled = problem.is_throttling();
            return false;
        }
    }
    true
}
