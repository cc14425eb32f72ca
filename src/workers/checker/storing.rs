//! Stores what the looks of a round prove, and says so in the history where that is news.

use crate::{
    domain::checks::{CheckRun, ExpectedContent},
    metrics,
    store::{
        StoreError, Tx,
        checks::{self, ClaimedRun},
    },
};

use super::{
    Shared,
    locations::{self, Numbered},
    outcome::{next_round, tell},
};

impl Shared {
    /// Stores the looks of the server and their verdicts. The run is released if the round is over. `false` if the lease
    /// was lost.
    pub async fn store(
        &self,
        claimed: &ClaimedRun,
        run: &CheckRun,
        expected: ExpectedContent,
        is_over: bool,
    ) -> Result<bool, StoreError> {
        let mut tx = self.context.db.begin().await?;
        checks::lock(&mut tx, &run.id).await?;
        for check in &run.urls {
            checks::set_after(&mut tx, &run.id, check).await?;
        }
        self.conclude(tx, claimed, expected, is_over).await
    }

    /// Stores what edge locations answered, and ends the round.
    pub async fn store_locations(
        &self,
        claimed: &ClaimedRun,
        run: &CheckRun,
        seen: &[Numbered],
        expected: ExpectedContent,
    ) -> Result<(), StoreError> {
        let mut tx = self.context.db.begin().await?;
        checks::lock(&mut tx, &run.id).await?;
        locations::store(&mut tx, run, seen).await?;
        self.conclude(tx, claimed, expected, true).await.map(|_| ())
    }

    async fn conclude(
        &self,
        mut tx: Tx,
        claimed: &ClaimedRun,
        expected: ExpectedContent,
        is_over: bool,
    ) -> Result<bool, StoreError> {
        let now = self.context.clock.now();
        // With what probes have handed in meanwhile.
        let Some(run) = checks::find(&mut tx, &claimed.id).await? else { return Ok(false) };
        let freshness = run.worst();
        let is_ours = if is_over {
            checks::finish(&mut tx, claimed, freshness, next_round(&run, run.round, now)).await?
        } else {
            checks::set_verdict(&mut tx, claimed, freshness).await?
        };
        if !is_ours {
            return Ok(false);
        }
        let is_news = freshness != run.freshness;
        if is_news {
            tell(&mut tx, &run, freshness, expected, now);
        }
        tx.commit().await?;
        if is_news {
            metrics::verdict(freshness.as_str());
        }
        Ok(true)
    }
}
