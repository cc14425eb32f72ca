//! Sends queued batches: claims a batch, calls CloudFront and writes the result.

mod claim;
mod frozen;
mod halves;
mod merging;
mod settle;
mod withdrawn;

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;
use tracing::{Instrument, Span};

use crate::{
    cloudfront::CreatedInvalidation,
    domain::{
        invalidations::problem::{Problem, ProblemKind, ProblemVerdict},
        time::Timestamp,
    },
    failpoint,
    store::{
        StoreError,
        invalidations::{batches::SendingBatch, trace_parents},
    },
    traces,
};

use super::{
    Next, WorkerContext,
    reconcile::{self, Found},
};
use claim::Claim;

pub(super) use settle::ACCOUNT_REST;

/// How long after a batch's first call CloudFront certainly remembers its caller reference.
const REMEMBERED: Duration = Duration::from_secs(30);

/// The worker that sends batches.
#[derive(Debug, Clone)]
pub struct Submitter {
    context: WorkerContext,
    /// The start of this process. Batches that were sent earlier were sent by an earlier process.
    started_at: Timestamp,
    /// A result that could not be written to the database. It is written before anything else is sent.
    unwritten: Arc<Mutex<Option<Unwritten>>>,
}

/// Work to do: a batch to send, or `None` if only the unwritten result of an earlier batch has to be written.
#[derive(Debug)]
pub struct SubmitWork(Option<Box<Held>>);

/// A batch and the result of sending it.
type Unwritten = (Box<Held>, SubmitOutcome);

/// A batch that this worker has claimed.
#[derive(Debug)]
struct Held {
    batch: SendingBatch,
    lease: String,
    account: String,
    /// Whether a call was started whose answer was never written: an earlier one, or the one that is made now.
    counted: bool,
    /// Whether CloudFront may have it: because of such a call, or because it may have been sent after the backup that was
    /// restored.
    unknown: bool,
    /// The number of calls for this batch other than `CreateInvalidation`.
    reads: u32,
}

/// The result of sending a batch.
#[derive(Debug)]
enum SubmitOutcome {
    Accepted(CreatedInvalidation),
    /// CloudFront had accepted the batch in an earlier call.
    Found(CreatedInvalidation),
    Problem(Problem),
    /// After a restore: CloudFront does not have the batch, and what it accepted since refreshes all of its items.
    Refreshed,
    /// CloudFront could not be searched for the batch.
    LookFailed(Problem),
}

impl Submitter {
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        let started_at = context.clock.now();
        Self { context, started_at, unwritten: Arc::default() }
    }

    /// Sends one batch, if one may be sent now.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        match self.claim().await? {
            Ok(work) => self.finish(work).await.map(|()| Next::Again),
            Err(next) => Ok(next),
        }
    }

    /// Claims the next work. `Err` says when there may be some.
    pub async fn claim(&self) -> Result<Result<SubmitWork, Next>, StoreError> {
        if self.unwritten.lock().await.is_some() {
            return Ok(Ok(SubmitWork(None)));
        }
        match claim::claim(&self.context).await? {
            Claim::Withdrawn => Ok(Err(Next::Again)),
            Claim::Nothing(next) => Ok(Err(next)),
            Claim::Held(held) => {
                failpoint::hit("claimed");
                Ok(Ok(SubmitWork(Some(held))))
            }
        }
    }

    /// Sends the claimed batch and writes the result, or writes the result that an earlier call could not write.
    pub async fn finish(&self, work: SubmitWork) -> Result<(), StoreError> {
        let mut unwritten = self.unwritten.lock().await;
        if let Some(mut held) = work.0 {
            let span = self.span_of(&held).await?;
            let answer = self.send(&mut held).instrument(span).await?;
            failpoint::hit("answered");
            *unwritten = Some((held, answer));
        }
        if let Some((held, answer)) = unwritten.as_ref() {
            settle::settle(&self.context, held, answer).await?;
        }
        *unwritten = None;
        Ok(())
    }

    /// The span of sending a batch, in the traces of its requests.
    async fn span_of(&self, held: &Held) -> Result<Span, StoreError> {
        if !traces::are_recorded() {
            return Ok(Span::none());
        }
        let batch = &held.batch;
        let requests: Vec<_> = batch.serves.iter().map(|served| served.invalidation.clone()).collect();
        let parents = trace_parents::of(&mut *self.context.db.read().await?, &requests).await?;
        Ok(traces::sending(&parents, batch.id.as_str(), batch.distribution.as_str(), batch.items.len()))
    }

    async fn send(&self, held: &mut Held) -> Result<SubmitOutcome, StoreError> {
        // CloudFront may have accepted an earlier call, so it is searched before the batch is sent again.
        if held.unknown {
            match self.look(held).await? {
                Some(SubmitOutcome::LookFailed(problem)) if self.may_ask_blindly(held, &problem) => {}
                Some(answer) => return Ok(answer),
                None => {
                    tracing::info!(batch = %held.batch.id, "CloudFront has nothing of it; sending it again");
                }
            }
        }
        // From here on, CloudFront may have it because of this call.
        held.counted = true;
        let batch = &held.batch;
        let called = self
            .context
            .cloudfront
            .create_invalidation(&batch.distribution, &batch.caller_reference, &batch.items)
            .await;
        match called {
            Ok(accepted) => Ok(SubmitOutcome::Accepted(accepted)),
            // CloudFront may refuse this call because it accepted an earlier one.
            Err(problem) if may_be_there(held, &problem) => {
                Ok(self.look(held).await?.unwrap_or(SubmitOutcome::Problem(problem)))
            }
            Err(problem) => Ok(SubmitOutcome::Problem(problem)),
        }
    }

    /// Whether the batch may be sent again although CloudFront could not be searched for it. This is so if AWS
    /// denied the search and this process sent the batch first within `REMEMBERED`, because CloudFront then
    /// recognizes the caller reference.
    fn may_ask_blindly(&self, held: &Held, problem: &Problem) -> bool {
        let now = self.context.clock.now();
        let fresh = held
            .batch
            .first_sent_at
            .is_some_and(|first| first >= self.started_at && now.is_soon_after(first, REMEMBERED));
        // That of a restored backup may have been sent by another process, which nobody noted.
        fresh && held.batch.restored_from.is_none() && problem.kind == ProblemKind::AccessDenied
    }

    /// Searches CloudFront for the batch. `None` if CloudFront certainly does not have it, and it is to be sent.
    async fn look(&self, held: &mut Held) -> Result<Option<SubmitOutcome>, StoreError> {
        Ok(match reconcile::find(&self.context, &held.batch, &mut held.reads).await? {
            Ok(Found::Itself(seen)) => {
                Some(SubmitOutcome::Found(CreatedInvalidation { id: seen.id, request_id: None }))
            }
            Ok(Found::Refreshed) => Some(SubmitOutcome::Refreshed),
            Ok(Found::Nothing) => None,
            Err(problem) => Some(SubmitOutcome::LookFailed(problem)),
        })
    }
}

/// Whether CloudFront may have accepted the batch in an earlier call although it refused this one.
fn may_be_there(held: &Held, problem: &Problem) -> bool {
    match problem.kind.verdict() {
        ProblemVerdict::Earlier => true,
        ProblemVerdict::Refused => held.unknown,
        ProblemVerdict::AccountRefused | ProblemVerdict::TryAgain | ProblemVerdict::Unknown => false,
    }
}
