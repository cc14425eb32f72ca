//! The last part of a tick: writes the result of sending a batch, with its audit event, if the lease still holds.

use std::time::Duration;

use crate::{
    cloudfront::CreatedInvalidation,
    domain::{
        actor::Acting,
        audit::{Action, Event, ItemsRecord, Outcome},
        id::{CloudFrontInvalidationId, InvalidationId},
        invalidations::{
            item::Item,
            merging::{ServedBatch, together},
            problem::{Problem, ProblemKind, ProblemVerdict},
            retry::{wait_before_look, wait_before_retry},
        },
        time::Timestamp,
    },
    failpoint, metrics,
    store::{
        StoreError, Tx, accounts, audit,
        distributions::survey,
        invalidations::{
            self,
            batches::{self, Afterwards, NotAccepted},
        },
    },
};

use super::{super::WorkerContext, Held, SubmitOutcome, halves};

/// How long an account is paused after AWS refused the whole account. Then one batch is tried again.
pub(in crate::workers) const ACCOUNT_REST: Duration = Duration::from_secs(30);
/// The maximum wait after a network error, so that sending resumes soon after the network works again.
const NETWORK_REST: Duration = Duration::from_secs(20);
/// The maximum wait before what several requests were merged into is sent again.
const MERGED_REST: Duration = Duration::from_mins(1);
/// The number of attempts to find an earlier invalidation with the same caller reference. After that a person
/// decides.
const LOOKS: u32 = 5;

pub(super) async fn settle(
    context: &WorkerContext,
    held: &Held,
    answer: &SubmitOutcome,
) -> Result<(), StoreError> {
    let now = context.clock.now();
    let mut tx = context.db.begin().await?;
    accounts::charge_reads(&mut tx, &held.account, context.settings.read, held.reads, now).await?;
    let event = match answer {
        SubmitOutcome::Accepted(accepted) => accept(&mut tx, held, accepted, None, now).await?,
        SubmitOutcome::Found(accepted) => {
            let note = "found at CloudFront by its caller reference";
            accept(&mut tx, held, accepted, Some(note), now).await?
        }
        SubmitOutcome::Refreshed => skip(&mut tx, held, now).await?,
        SubmitOutcome::Problem(problem) => {
            if let Some(halves) = halves::of(&mut tx, held, problem).await? {
                halves::replace(&mut tx, held, problem, halves, now).await?
            } else {
                let verdict = verdict_on(&mut tx, problem).await?;
                not_accepted(&mut tx, held, problem, verdict, held.unknown, now).await?
            }
        }
        SubmitOutcome::LookFailed(problem) => {
            let throttled = problem.is_throttling();
            accounts::note_answer(&mut tx, &held.account, context.settings.read, throttled, now).await?;
            not_accepted(&mut tx, held, problem, after_a_look(held, problem.kind), held.counted, now).await?
        }
    };
    let Some(event) = event else {
        tracing::warn!(batch = %held.batch.id, "the lease was lost; whoever holds it now finds out");
        return Ok(());
    };
    let is_accepted = event.action == Action::BatchAccepted;
    let serves = &held.batch.serves;
    let states = invalidations::refresh_states(&mut tx, invalidations_of(serves), now).await?;
    let repeated = held.batch.problem.as_ref().map(|problem| problem.kind);
    if is_news(&event, repeated) {
        for event in event.of_each(serves, &states) {
            audit::append(&mut tx, event);
        }
    }
    failpoint::hit("settling");
    tx.commit().await?;
    failpoint::hit("settled");
    if is_accepted {
        count_sent(&held.batch.items);
    }
    context.notifier.notify();
    Ok(())
}

/// Counts the items that CloudFront accepted.
fn count_sent(items: &[Item]) {
    let tags = items.iter().filter(|item| item.is_tag()).count();
    let wildcards = items.iter().filter(|item| item.is_wildcard()).count();
    metrics::items_sent("tag", tags);
    metrics::items_sent("wildcard", wildcards);
    metrics::items_sent("path", items.len() - tags - wildcards);
}

fn invalidations_of(batches: &[ServedBatch]) -> Vec<InvalidationId> {
    batches.iter().map(|batch| batch.invalidation.clone()).collect()
}

/// What to do, for the log. A policy statement is too long for a line.
fn advice(problem: &Problem, items: &[Item]) -> String {
    match problem.statement("") {
        Some(_) => {
            "The page of the invalidation has the policy statement to add. Then press Retry there.".to_owned()
        }
        None => problem.advice(items),
    }
}

/// The invalidations for the log, of which one batch can serve many.
fn named(batches: &[ServedBatch]) -> String {
    const NAMED: usize = 5;
    let mut names: Vec<String> =
        batches.iter().take(NAMED).map(|batch| batch.invalidation.to_string()).collect();
    if batches.len() > NAMED {
        names.push(format!("and {} more", batches.len() - NAMED));
    }
    names.join(" ")
}

/// Whether the event is written. A repeated problem is not: a day without network must not fill the history.
fn is_news(event: &Event, before: Option<ProblemKind>) -> bool {
    let repeats = matches!(event.action, Action::BatchPostponed | Action::BatchUnknown)
        && before.is_some_and(|kind| kind.headline() == event.note);
    !repeats
}

async fn accept(
    tx: &mut Tx,
    held: &Held,
    accepted: &CreatedInvalidation,
    note: Option<&str>,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    let look_at = now.plus(wait_before_look(Duration::ZERO));
    let id: &CloudFrontInvalidationId = &accepted.id;
    let request_id = accepted.request_id.as_deref();
    if !batches::set_accepted(tx, &held.batch.id, &held.lease, id, request_id, now, look_at).await? {
        return Ok(None);
    }
    accounts::resume(tx, &held.account).await?;
    let mut event = event(held, Action::BatchAccepted, now);
    request_id.unwrap_or_default().clone_into(&mut event.aws_request_id);
    event.cloudfront_id = id.to_string();
    let notes = [note.map(str::to_owned), together(held.batch.serves.len())];
    event.note = notes.into_iter().flatten().collect::<Vec<_>>().join("; ");
    Ok(Some(event))
}

/// Writes that the batch is not sent again after a restore. `None` if the lease was lost.
async fn skip(tx: &mut Tx, held: &Held, now: Timestamp) -> Result<Option<Event>, StoreError> {
    if !batches::set_skipped(tx, &held.batch.id, &held.lease).await? {
        return Ok(None);
    }
    tracing::info!(
        batch = %held.batch.id, invalidation = named(&held.batch.serves), distribution = %held.batch.distribution,
        "after the restore it is not sent again: CloudFront has accepted all of its items since it was due"
    );
    let mut event = event(held, Action::BatchSkipped, now);
    "CloudFront has accepted all of its items since it was due".clone_into(&mut event.note);
    Ok(Some(event))
}

/// The verdict on a problem. `AccessDenied` refuses only this batch, unless AWS also denies the survey: then it
/// refuses the whole account.
async fn verdict_on(tx: &mut Tx, problem: &Problem) -> Result<ProblemVerdict, StoreError> {
    if problem.kind == ProblemKind::AccessDenied {
        let survey = survey::read(tx).await?.problem;
        if survey.is_some_and(|problem| problem.kind == ProblemKind::AccessDenied) {
            return Ok(ProblemVerdict::AccountRefused);
        }
    }
    Ok(problem.kind.verdict())
}

/// The verdict if CloudFront could not be searched for the batch. Only a distribution that does not exist any more
/// certainly does not have it.
///
/// One of a restored backup for which this database knows of no call waits as before, so that a person can still cancel it. It
/// is looked for again before it is sent.
fn after_a_look(held: &Held, kind: ProblemKind) -> ProblemVerdict {
    match (kind, kind.verdict()) {
        (ProblemKind::NoSuchDistribution, _) => ProblemVerdict::Refused,
        (_, verdict @ ProblemVerdict::AccountRefused) => verdict,
        _ if !held.counted => ProblemVerdict::TryAgain,
        (_, ProblemVerdict::Refused | ProblemVerdict::TryAgain) => ProblemVerdict::Unknown,
        (_, verdict) => verdict,
    }
}

/// Writes that CloudFront did not accept the batch. `None` if the lease was lost.
///
/// `unknown`: CloudFront may have accepted an earlier call, so the batch stays unknown until a search has found
/// out.
async fn not_accepted(
    tx: &mut Tx,
    held: &Held,
    problem: &Problem,
    verdict: ProblemVerdict,
    unknown: bool,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    let attempts = held.batch.attempts;
    let dice = uuid::Uuid::new_v4().as_u64_pair().0;
    let wait = match problem.kind {
        ProblemKind::Network => wait_before_retry(attempts, dice).min(NETWORK_REST),
        _ => wait_before_retry(attempts, dice),
    };
    // What was merged stands for many requests, and one call a minute is few.
    let wait = if held.batch.is_merged { wait.min(MERGED_REST) } else { wait };
    let retry_at = now.plus(wait);
    // A batch that may be at CloudFront must be searched for before it is sent again.
    let later = if unknown { NotAccepted::Unknown } else { NotAccepted::Postponed };
    let (what, action, outcome) = match verdict {
        // The refusal of what was merged is nobody's own. By itself, each batch gets its own answer.
        ProblemVerdict::Refused if held.batch.is_merged => {
            (NotAccepted::Failed, Action::BatchSeparated, Outcome::Done)
        }
        ProblemVerdict::Refused => (NotAccepted::Failed, Action::BatchFailed, Outcome::Refused),
        ProblemVerdict::AccountRefused => {
            accounts::pause(tx, &held.account, problem, now, now.plus(ACCOUNT_REST)).await?;
            (later(now), Action::BatchPostponed, Outcome::Failed)
        }
        ProblemVerdict::TryAgain => (later(retry_at), Action::BatchPostponed, Outcome::Failed),
        ProblemVerdict::Earlier if attempts >= LOOKS => {
            (NotAccepted::NeedsALook, Action::BatchNeedsALook, Outcome::Failed)
        }
        ProblemVerdict::Unknown | ProblemVerdict::Earlier => {
            (NotAccepted::Unknown(retry_at), Action::BatchUnknown, Outcome::Failed)
        }
    };
    if !batches::set_not_accepted(tx, &held.batch.id, &held.lease, what, problem).await? {
        return Ok(None);
    }
    tracing::warn!(
        batch = %held.batch.id, invalidation = named(&held.batch.serves), distribution = %held.batch.distribution,
        kind = problem.kind.as_str(), code = problem.code, said = problem.message, attempts,
        advice = advice(problem, &held.batch.items), "CloudFront did not take a batch"
    );
    let mut event = event(held, action, now);
    event.outcome = outcome;
    problem.kind.headline().clone_into(&mut event.note);
    if action == Action::BatchSeparated {
        failpoint::hit("separating");
        batches::separate(tx, &held.batch.id, Afterwards::Alone, now).await?;
        event.note = format!("CloudFront refused what was sent together: {}", event.note);
    } else if verdict == ProblemVerdict::Refused && problem.is_about_items() && held.batch.items.len() == 1 {
        // The only item of a batch that is refused for its items is the refused one.
        event.items = ItemsRecord::of(&held.batch.items);
    }
    event.aws_request_id = problem.request_id.clone().unwrap_or_default();
    Ok(Some(event))
}

/// An event of what was sent, for each of the batches that it serves.
pub(super) fn event(held: &Held, action: Action, now: Timestamp) -> Event {
    let mut event = Event::new(now, &Acting::service(), action);
    event.distribution = Some(held.batch.distribution.clone());
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_says_what_to_do_and_where_the_statement_is() {
        let of = |kind, message: &str| {
            let problem =
                Problem { kind, code: String::new(), message: message.to_owned(), request_id: None };
            advice(&problem, &[])
        };
        let denied = "User: a is not authorized to perform: cloudfront:CreateInvalidation on resource: b because no identity-based policy allows the cloudfront:CreateInvalidation action";
        assert!(
            of(ProblemKind::AccessDenied, denied).starts_with("The page of the invalidation has the policy")
        );
        assert!(!of(ProblemKind::Network, "refused").contains("statement"));
    }
}
