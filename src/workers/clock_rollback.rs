//! Sees that the clock was put back, and brings what lies too far ahead nearer: nothing waits for an hour to come again.
//! What let people in by then is over.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    domain::{
        invalidations::{proposal, retry},
        sign_in::session::{LINK_LIFE, PENDING_SECOND_FACTOR_LIFE},
        time::Timestamp,
    },
    store::{
        StoreError,
        deadlines::{self, Deadline, MadeAhead},
    },
};

use super::{Next, WorkerContext, submitter, sync};

/// The longest of what is left: CloudTrail, where it may not be asked.
const LONGEST: Duration = sync::AFTER_REFUSAL;

/// The worker that looks at the clock.
#[derive(Debug, Clone)]
pub struct ClockRollback {
    context: WorkerContext,
    /// The latest time that it saw; `None` where the rows may be from a time that has not come yet.
    last: Arc<Mutex<Option<Timestamp>>>,
}

impl ClockRollback {
    /// Where the database is ours alone, the clock may have been put back between two lives. Where it is shared,
    /// another replica's clock may be the right one, so that only what this process saw itself counts.
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        let last = context.db.is_shared().then(|| context.clock.now());
        Self { context, last: Arc::new(Mutex::new(last)) }
    }

    /// Looks whether it is earlier than it was.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut last = self.last.lock().await;
        let now = self.context.clock.now();
        if last.is_none_or(|last| now < last) {
            self.bring_all_nearer(now).await?;
        }
        *last = Some(now);
        Ok(Next::Idle)
    }

    /// Each in a transaction of its own, so that it waits for others' rows with none in its hands.
    async fn bring_all_nearer(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut brought = 0;
        for what in Deadline::ALL {
            let mut tx = self.context.db.begin().await?;
            brought += deadlines::bring_nearer(&mut tx, what, now.plus(self.furthest(what))).await?;
            tx.commit().await?;
        }
        let mut ended = 0;
        for what in MadeAhead::ALL {
            let mut tx = self.context.db.begin().await?;
            ended += deadlines::end(&mut tx, what, now.plus(Self::longest(what)).and_a_moment()).await?;
            tx.commit().await?;
        }
        if brought + ended > 0 {
            tracing::warn!(
                rows = brought,
                ended,
                "the clock was put back; what waited for a later time goes on, and sessions and links of then are over"
            );
            self.context.notifier.notify();
        }
        Ok(())
    }

    /// How far ahead it is ever written.
    const fn furthest(&self, what: Deadline) -> Duration {
        let settings = &self.context.settings;
        match what {
            Deadline::FirstTries
            | Deadline::TrailBegun
            | Deadline::Turns
            | Deadline::SessionUses
            | Deadline::Tokens
            | Deadline::SecondSteps
            // CloudFront may have completed it long ago.
            | Deadline::Looks => Duration::ZERO,
            Deadline::Approvals => proposal::LIFE,
            Deadline::Leases | Deadline::LookLeases | Deadline::SurveyLease => settings.lease,
            Deadline::Retries => retry::LONGEST_RETRY,
            Deadline::Accounts => submitter::ACCOUNT_REST,
            Deadline::Survey => settings.survey_every,
            Deadline::Outside => settings.outside_every,
            Deadline::Tags => settings.tags_every,
            Deadline::OlderPages | Deadline::Trail | Deadline::Posts => LONGEST,
        }
    }

    /// How long after now the time lies by which it is told.
    const fn longest(what: MadeAhead) -> Duration {
        match what {
            MadeAhead::Sessions | MadeAhead::SetUpLinks => Duration::ZERO,
            MadeAhead::PasswordLinks => LINK_LIFE,
            MadeAhead::PendingSecondFactors => PENDING_SECOND_FACTOR_LIFE,
        }
    }
}
