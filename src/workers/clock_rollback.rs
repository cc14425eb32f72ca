//! Notices that the clock was put back. Deadlines that are then too far in the future are brought nearer, so that
//! nothing waits until the clock shows the old time again. Sessions and links that were made in the future end.

use std::{sync::Arc, time::Duration};

use tokio::sync::Mutex;

use crate::{
    domain::{
        checks::CheckRun,
        invalidations::{proposal, retry},
        notifications,
        sign_in::session::{LINK_LIFE, PENDING_SECOND_FACTOR_LIFE},
        time::Timestamp,
    },
    store::{
        StoreError,
        deadlines::{self, Deadline, MadeAhead},
    },
};

use super::{Next, WorkerContext, checker, notifications as notification_workers, submitter, sync, warmer};

/// The longest wait of the deadlines that have no limit of their own: CloudTrail's after AWS refused access, which is as
/// long as that between two optional readings.
const LONGEST: Duration = sync::AFTER_REFUSAL;

/// The worker that watches the clock.
#[derive(Debug, Clone)]
pub struct ClockRollback {
    context: WorkerContext,
    /// The time of the last tick. `None` before the first tick if the clock may have been put back since the rows
    /// were written.
    last: Arc<Mutex<Option<Timestamp>>>,
}

impl ClockRollback {
    /// If only this process uses the database, the clock may have been put back while no process ran, so the first
    /// tick checks all rows. If replicas share the database, the clock of another replica may be the right one, so
    /// only a rollback that this process sees itself counts.
    #[must_use]
    pub fn new(context: WorkerContext) -> Self {
        let last = context.db.is_shared().then(|| context.clock.now());
        Self { context, last: Arc::new(Mutex::new(last)) }
    }

    /// Checks whether the clock is earlier than at the last tick.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let mut last = self.last.lock().await;
        let now = self.context.clock.now();
        if last.is_none_or(|last| now < last) {
            self.bring_all_nearer(now).await?;
        }
        *last = Some(now);
        Ok(Next::Idle)
    }

    /// Corrects each kind of time in its own transaction, so that it holds no locks of other rows while it waits
    /// for rows that another transaction has locked.
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

    /// How far in the future this deadline is ever set.
    const fn furthest(&self, what: Deadline) -> Duration {
        let settings = &self.context.settings;
        match what {
            Deadline::FirstTries
            | Deadline::CloudTrailBegun
            | Deadline::Turns
            | Deadline::SessionUses
            | Deadline::Tokens
            | Deadline::Probes
            | Deadline::SecondSteps
            // CloudFront may have completed the invalidation long ago, so it is asked at once.
            | Deadline::Looks => Duration::ZERO,
            Deadline::Approvals => proposal::LIFE,
            Deadline::Leases | Deadline::LookLeases | Deadline::SurveyLease => settings.lease,
            Deadline::Retries => retry::LONGEST_RETRY,
            Deadline::Checks => checker::LONGEST_PAUSE,
            Deadline::CheckLeases | Deadline::CheckUpLeases | Deadline::ListingLeases => checker::LEASE,
            Deadline::KeptChecks => CheckRun::KEPT,
            Deadline::Listings => checker::LONGEST_LISTING_PAUSE,
            Deadline::Warmings => warmer::REST,
            Deadline::WarmingLeases => warmer::LEASE,
            Deadline::Accounts => submitter::ACCOUNT_REST,
            Deadline::Survey => settings.survey_every,
            Deadline::Outside => settings.outside_every,
            Deadline::Tags => settings.tags_every,
            Deadline::Channels | Deadline::Messages => notifications::retry::LONGEST_PAUSE,
            Deadline::MessageLeases => notification_workers::LEASE,
            Deadline::GivenUpMessages => notifications::retry::GIVEN_UP_AFTER,
            Deadline::KeptMessages => notifications::retry::KEPT,
            Deadline::EarlierKeys => notifications::ROTATION,
            Deadline::OlderPages | Deadline::CloudTrail | Deadline::Posts | Deadline::OptionalReadings => LONGEST,
        }
    }

    /// How far in the future the compared time may be: when it was made for sessions and set-up links, when it ends
    /// for the others. A later time means that it was made in the future.
    const fn longest(what: MadeAhead) -> Duration {
        match what {
            MadeAhead::Sessions | MadeAhead::SetUpLinks => Duration::ZERO,
            MadeAhead::PasswordLinks => LINK_LIFE,
            MadeAhead::PendingSecondFactors => PENDING_SECOND_FACTOR_LIFE,
        }
    }
}
