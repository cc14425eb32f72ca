//! Judges what probes have handed in, by the same facts as the looks of the server.

use crate::{
    domain::{
        causes::with_causes,
        checks::{CheckRun, ExpectedContent, Freshness},
        id::CheckRunId,
    },
    metrics,
    store::{StoreError, checks, distributions},
};

use super::{
    Shared,
    outcome::{next_round, tell},
    run::{Facts, judge_one},
};

/// The runs that one tick judges.
const JUDGED_AT_ONCE: usize = 16;

impl Shared {
    /// Judges looks of probes that nobody has judged yet. `true` if more may follow.
    pub async fn judge_elsewhere(&self) -> Result<bool, StoreError> {
        let unjudged = checks::unjudged_runs(&mut *self.context.db.read().await?, JUDGED_AT_ONCE).await?;
        let mut judged = 0;
        for id in &unjudged {
            match self.judge_run_elsewhere(id).await {
                Ok(()) => judged += 1,
                Err(error) => {
                    tracing::error!(run = %id, error = %with_causes(&error), "what a probe saw could not be judged");
                }
            }
        }
        if judged > 0 {
            self.context.notifier.notify();
        }
        Ok(judged == JUDGED_AT_ONCE)
    }

    async fn judge_run_elsewhere(&self, id: &CheckRunId) -> Result<(), StoreError> {
        let mut conn = self.context.db.read().await?;
        let Some(mut run) = checks::find(&mut conn, id).await? else { return Ok(()) };
        let Some(distribution) = distributions::find(&mut conn, &run.distribution).await? else {
            return Ok(());
        };
        let facts = Facts::read(&mut conn, &run, &distribution).await?;
        drop(conn);
        judge(&mut run, &facts);
        self.store_elsewhere(&run, facts.expected).await
    }

    /// Stores the verdicts, and what they make of the run. While the server has no verdict of its own, that stays open.
    async fn store_elsewhere(&self, judged: &CheckRun, expected: ExpectedContent) -> Result<(), StoreError> {
        let now = self.context.clock.now();
        let mut tx = self.context.db.begin().await?;
        checks::lock(&mut tx, &judged.id).await?;
        for check in &judged.urls {
            for one in &check.elsewhere {
                checks::set_vantage_verdict(&mut tx, &judged.id, check.number, one).await?;
            }
        }
        let Some(run) = checks::find(&mut tx, &judged.id).await? else { return Ok(()) };
        let freshness = run.worst();
        let mut is_news = false;
        if run.freshness != Freshness::Pending && freshness != Freshness::Pending {
            // The number of the next round was set when the last one was stored.
            let due_at = run.round.checked_sub(1).and_then(|round| next_round(&run, round, now));
            checks::set_freshness(&mut tx, &run.id, freshness, due_at).await?;
            is_news = freshness != run.freshness;
            if is_news {
                tell(&mut tx, &run, freshness, expected, now);
            }
        }
        tx.commit().await?;
        if is_news {
            metrics::verdict(freshness.as_str());
        }
        Ok(())
    }
}

/// Judges each look of a probe that has no verdict. What was seen before anything was cleared is what the server saw.
fn judge(run: &mut CheckRun, facts: &Facts<'_>) {
    for check in &mut run.urls {
        let own = check.clone();
        for one in check.elsewhere.iter_mut().filter(|one| one.judgement.is_none()) {
            let mut there = own.clone();
            judge_one(&mut there, one.after.clone(), facts);
            (one.judgement, one.step) = (there.judgement, there.step);
        }
    }
}
