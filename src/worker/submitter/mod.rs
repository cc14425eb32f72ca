//! Sends what is queued: claims a batch, calls CloudFront, writes what came of it.

mod claim;
mod settle;

use std::time::Duration;

use crate::{
    cloudfront::Accepted,
    domain::{
        invalidation::Batch,
        problem::{Problem, Verdict},
        time::Timestamp,
    },
    store::StoreError,
};

use super::{Bench, Next, finder};
use claim::Claim;

/// Within this time after its first call a batch whose answer is unknown is simply asked for again: CloudFront is
/// sure to remember its reference. Later it is looked for first.
const REMEMBERED: Duration = Duration::from_mins(5);

/// The worker that sends.
#[derive(Debug, Clone)]
pub struct Submitter {
    bench: Bench,
    /// What was sent before this is from another life of the service.
    started_at: Timestamp,
}

/// A batch that this worker holds.
#[derive(Debug)]
struct Held {
    batch: Batch,
    lease: String,
    account: String,
    /// A call for it was begun before and its answer never written.
    unknown: bool,
}

/// What came of a batch.
#[derive(Debug)]
enum Answer {
    Accepted(Accepted),
    /// Found at CloudFront: it had been taken before.
    Found(Accepted),
    Problem(Problem),
    /// What CloudFront has of it could not be found out.
    LookFailed(Problem),
}

impl Submitter {
    #[must_use]
    pub fn new(bench: Bench) -> Self {
        let started_at = bench.clock.now();
        Self { bench, started_at }
    }

    /// Sends one batch, if one may go.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        match claim::claim(&self.bench).await? {
            Claim::Nothing(next) => Ok(next),
            Claim::Held(held) => {
                let answer = self.send(&held).await?;
                settle::settle(&self.bench, &held, answer).await?;
                Ok(Next::Again)
            }
        }
    }

    async fn send(&self, held: &Held) -> Result<Answer, StoreError> {
        if self.must_look_first(held) {
            match self.look(held).await? {
                Some(answer) => return Ok(answer),
                None => {
                    tracing::info!(batch = %held.batch.id, "CloudFront has nothing of it; sending it again");
                }
            }
        }
        let batch = &held.batch;
        let called = self
            .bench
            .cloudfront
            .create_invalidation(&batch.distribution, &batch.caller_reference, &batch.items)
            .await;
        match called {
            Ok(accepted) => Ok(Answer::Accepted(accepted)),
            Err(problem) if may_be_there(held, &problem) => {
                Ok(self.look(held).await?.unwrap_or(Answer::Problem(problem)))
            }
            Err(problem) => Ok(Answer::Problem(problem)),
        }
    }

    fn must_look_first(&self, held: &Held) -> bool {
        let Some(first_sent_at) = held.batch.first_sent_at.filter(|_| held.unknown) else {
            return false;
        };
        first_sent_at < self.started_at || self.bench.clock.now().since(first_sent_at) > REMEMBERED
    }

    /// Looks for the batch at CloudFront. `None` where it is surely not there.
    async fn look(&self, held: &Held) -> Result<Option<Answer>, StoreError> {
        Ok(match finder::find(&self.bench, &held.batch).await? {
            Ok(Some(seen)) => Some(Answer::Found(Accepted { id: seen.id, request_id: None })),
            Ok(None) => None,
            Err(problem) => Some(Answer::LookFailed(problem)),
        })
    }
}

/// Does CloudFront have the batch from an earlier call, though it refused this one?
fn may_be_there(held: &Held, problem: &Problem) -> bool {
    match problem.kind.verdict() {
        Verdict::Earlier => true,
        Verdict::Refused => held.unknown,
        Verdict::AccountRefused | Verdict::TryAgain | Verdict::Unknown => false,
    }
}
