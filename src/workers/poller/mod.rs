//! Asks CloudFront whether invalidations in progress have completed: one distribution a tick, with few calls.

mod ask;

use crate::{
    cloudfront::InvalidationStatus,
    domain::{
        actor::Acting,
        audit::{Action, Event, Outcome},
        id::DistributionId,
        invalidations::{
            merging::{ServedBatch, together},
            problem::Problem,
            retry::wait_before_look,
        },
        time::Timestamp,
        trace_parent::TraceParent,
    },
    failpoint, metrics,
    store::{
        StoreError, Tx, accounts, audit, distributions,
        invalidations::{
            self,
            batches::{self, WatchedBatch},
            trace_parents,
        },
    },
    traces,
};

use super::{Next, WorkerContext};
use ask::{AnsweredStatus, Answers};

/// The worker that watches invalidations in progress.
#[derive(Debug, Clone)]
pub struct Poller {
    context: WorkerContext,
}

/// A distribution that this worker has claimed.
struct Held {
    distribution: DistributionId,
    account: String,
    lease: String,
    watched: Vec<WatchedBatch>,
}

impl Poller {
    #[must_use]
    pub const fn new(context: WorkerContext) -> Self {
        Self { context }
    }

    /// Asks about one distribution, if one is due.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let held = match self.claim().await? {
            Ok(held) => held,
            Err(next) => return Ok(next),
        };
        failpoint::hit("polling");
        let answers = ask::ask(&self.context, &held.distribution, &held.watched).await;
        failpoint::hit("polled");
        self.settle(&held, &answers).await?;
        Ok(Next::Again)
    }

    async fn claim(&self) -> Result<Result<Held, Next>, StoreError> {
        let now = self.context.clock.now();
        let look = batches::next_look(&mut *self.context.db.read().await?).await?;
        match look {
            None => return Ok(Err(Next::Idle)),
            Some(at) if at > now => return Ok(Err(Next::At(at))),
            Some(_) => {}
        }
        let mut tx = self.context.db.begin().await?;
        let due = distributions::poll_due(&mut tx, now).await?;
        let Some((distribution, account)) = due else { return Ok(Err(Next::Idle)) };
        let pace = self.context.settings.read;
        if let Err(wait) = accounts::take_read(&mut tx, &account, pace, now).await? {
            return Ok(Err(Next::At(wait)));
        }
        let lease = super::new_lease();
        let until = now.plus(self.context.settings.lease);
        if !distributions::claim_poll(&mut tx, &distribution, &lease, now, until).await? {
            return Ok(Err(Next::Again));
        }
        let watched = batches::watched(&mut tx, &distribution).await?;
        tx.commit().await?;
        Ok(Ok(Held { distribution, account, lease, watched }))
    }

    async fn settle(&self, held: &Held, answers: &Answers) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let mut tx = self.context.db.begin().await?;
        // `claim` has already taken one call from the pace.
        let extra = answers.calls.saturating_sub(1);
        let pace = self.context.settings.read;
        accounts::charge_reads(&mut tx, &held.account, pace, extra, now).await?;
        let throttled = answers.problem.as_ref().is_some_and(Problem::is_throttling);
        accounts::note_answer(&mut tx, &held.account, pace, throttled, now).await?;
        // The lease was lost, so another worker asks and writes the answers.
        if !distributions::release_poll(&mut tx, &held.distribution, &held.lease).await? {
            return Ok(());
        }
        let (mut ended, mut completed) = (Vec::new(), Vec::new());
        for watched in &held.watched {
            if let Some(mut event) = settle_one(&mut tx, held, watched, answers, now).await? {
                let served = served(&mut tx, held, watched).await?;
                if event.action == Action::BatchCompleted {
                    completed.push((watched, parents_of(&mut tx, &served).await?));
                }
                if event.note.is_empty() {
                    event.note = together(served.len()).unwrap_or_default();
                }
                ended.push((served, event));
            }
        }
        let changed = !ended.is_empty();
        let of = ended.iter().flat_map(|(served, _)| served.iter().map(|batch| batch.invalidation.clone()));
        let states = invalidations::refresh_states(&mut tx, of.collect::<Vec<_>>(), now).await?;
        for event in ended.iter().flat_map(|(served, event)| event.of_each(served, &states)) {
            audit::append(&mut tx, Event { old: String::new(), ..event });
        }
        tx.commit().await?;
        for (watched, parents) in completed {
            metrics::completed(now.since(watched.accepted_at));
            traces::completed(&parents, watched.cloudfront_id.as_str(), watched.accepted_at, now);
        }
        if let Some(problem) = &answers.problem {
            tracing::warn!(
                distribution = %held.distribution, kind = problem.kind.as_str(), said = problem.message,
                "CloudFront could not be asked about invalidations in progress"
            );
        }
        if changed {
            self.context.notifier.notify();
        }
        Ok(())
    }
}

/// Writes CloudFront's answer about one batch. Returns an event if the batch has ended, else `None`.
async fn settle_one(
    tx: &mut Tx,
    held: &Held,
    watched: &WatchedBatch,
    answers: &Answers,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    match answers.found.get(watched.cloudfront_id.as_str()) {
        Some(AnsweredStatus::Status(InvalidationStatus::Completed)) => complete(tx, held, watched, now).await,
        Some(AnsweredStatus::Gone(problem)) => lose(tx, held, watched, problem, now).await,
        Some(AnsweredStatus::Status(status)) => {
            if let InvalidationStatus::Unknown(text) = status {
                tracing::warn!(invalidation = %watched.cloudfront_id, status = text, "unknown status");
            }
            look_later(tx, watched, now).await
        }
        // A batch for which no call was left stays due, so that the next tick asks about it.
        None if watched.look_at <= now && answers.problem.is_some() => look_later(tx, watched, now).await,
        None => Ok(None),
    }
}

async fn look_later(
    tx: &mut Tx,
    watched: &WatchedBatch,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    let wait = wait_before_look(now.since(watched.accepted_at));
    batches::set_look_at(tx, &watched.batch, now.plus(wait)).await?;
    Ok(None)
}

async fn complete(
    tx: &mut Tx,
    held: &Held,
    watched: &WatchedBatch,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    if !batches::set_completed(tx, &watched.batch, now).await? {
        return Ok(None);
    }
    Ok(Some(event(held, watched, Action::BatchCompleted, now)))
}

async fn lose(
    tx: &mut Tx,
    held: &Held,
    watched: &WatchedBatch,
    problem: &Problem,
    now: Timestamp,
) -> Result<Option<Event>, StoreError> {
    if !batches::set_lost(tx, &watched.batch, problem).await? {
        return Ok(None);
    }
    let mut event = event(held, watched, Action::BatchLost, now);
    event.outcome = Outcome::Failed;
    problem.kind.headline().clone_into(&mut event.note);
    Ok(Some(event))
}

/// The event of the end of what was sent, for each of the batches that it serves.
fn event(held: &Held, watched: &WatchedBatch, action: Action, now: Timestamp) -> Event {
    let mut event = Event::new(now, &Acting::service(), action);
    event.distribution = Some(held.distribution.clone());
    event.cloudfront_id = watched.cloudfront_id.to_string();
    event
}

/// The traces of the requests that it serves.
async fn parents_of(tx: &mut Tx, served: &[ServedBatch]) -> Result<Vec<TraceParent>, StoreError> {
    if !traces::are_recorded() {
        return Ok(Vec::new());
    }
    let requests: Vec<_> = served.iter().map(|batch| batch.invalidation.clone()).collect();
    trace_parents::of(tx, &requests).await
}

/// The batches whose items it has: itself, or those that were merged into it.
async fn served(tx: &mut Tx, held: &Held, watched: &WatchedBatch) -> Result<Vec<ServedBatch>, StoreError> {
    let Some(invalidation) = watched.invalidation.clone() else {
        return batches::served(tx, &watched.batch).await;
    };
    let (id, distribution) = (watched.batch.clone(), held.distribution.clone());
    Ok(vec![ServedBatch { id, invalidation, distribution, number: watched.number }])
}
