//! Looks at what viewers get, before and after an invalidation, and says what that proves.
//!
//! The history tells which invalidations are new or have ended, so that checks add no write to the commands. A run's
//! looks are made in a task of their own: a site that hangs holds no other work.

mod apis;
mod changes;
mod check_up;
mod check_up_looks;
mod compressed;
mod configuration;
mod cors;
mod elsewhere;
mod intake;
mod locations;
mod look;
mod looks;
mod origin;
mod outcome;
mod pairs;
mod redirects;
mod references;
mod run;
mod secrets;
mod storing;

use std::{fmt, sync::Arc, time::Duration};

use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    domain::{causes::with_causes, secrets_key::SecretsKey},
    edge::EdgeClient,
    store::{
        StoreError,
        checks::{
            self, ClaimedRun,
            check_up::{self as check_ups, ClaimedCheckUp},
        },
    },
};

use super::{Next, WorkerContext};
pub(super) use changes::LONGEST_LISTING_PAUSE;
use intake::Intake;
pub use look::UrlLooker;
pub(super) use look::{BROWSER_ENCODINGS, failure};
pub(super) use looks::LookBudget;
pub use pairs::{LOOKING, in_pairs};
pub(super) use secrets::{OpenedHeaders, open_own, site_headers};

/// How long a process holds a run. Longer than its looks can take: none begins after two minutes, those at the files
/// that its pages need included, and the last ones wait a minute for a place and take 15 seconds.
pub const LEASE: Duration = Duration::from_mins(5);
/// The pauses between the rounds of looks after completion, while the verdict is not good.
const PAUSES: [Duration; 3] = [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15)];
/// The longest of them.
pub const LONGEST_PAUSE: Duration = PAUSES[2];
/// The runs whose looks are made at the same time.
const AT_ONCE: usize = 16;

/// The check-ups whose looks are made at the same time. They have places of their own: nobody waits for them.
const CHECK_UPS_AT_ONCE: usize = 2;

/// The runs whose time has passed that one tick deletes: whoever else writes waits no longer than for these.
const DELETED_AT_ONCE: usize = 20;

/// The worker that checks what viewers get.
pub struct Checker {
    shared: Arc<Shared>,
    intake: Intake,
    running: Mutex<JoinSet<()>>,
    check_ups: Mutex<JoinSet<()>>,
    listings: Mutex<JoinSet<()>>,
}

/// What the tasks share.
struct Shared {
    context: WorkerContext,
    edge: EdgeClient,
    budget: LookBudget,
    secrets_key: Option<Arc<SecretsKey>>,
}

impl fmt::Debug for Checker {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Checker").field("edge", &self.shared.edge).finish_non_exhaustive()
    }
}

impl Checker {
    /// `secrets_key` is what the secret headers of settings are encrypted with. `None` if none can be read.
    #[must_use]
    pub fn new(context: WorkerContext, edge: EdgeClient, secrets_key: Option<Arc<SecretsKey>>) -> Self {
        let shared = Shared { context, edge, budget: LookBudget::default(), secrets_key };
        Self {
            shared: Arc::new(shared),
            intake: Intake::default(),
            running: Mutex::default(),
            check_ups: Mutex::default(),
            listings: Mutex::default(),
        }
    }

    /// Takes in what is new, and starts the looks that are due.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let context = &self.shared.context;
        let more = self.intake.take_in(context).await?;
        let more = self.shared.judge_elsewhere().await? || more;
        let more = self.delete_expired().await? || more;
        self.start_check_ups().await?;
        let next_listing = self.start_listings().await?;
        let mut running = self.running.lock().await;
        while running.try_join_next().is_some() {}
        let now = context.clock.now();
        let free = AT_ONCE.saturating_sub(running.len());
        let mut conn = context.db.read().await?;
        let due = checks::due_runs(&mut conn, now, free).await?;
        let next = checks::next_due(&mut conn).await?;
        drop(conn);
        let mut taken = Vec::new();
        for (id, distribution) in due {
            // Each run that is claimed keeps the others of its distribution waiting.
            if taken.contains(&distribution) {
                continue;
            }
            let run = ClaimedRun { id, lease: super::new_lease() };
            if self.claim(&run).await? {
                taken.push(distribution);
                let shared = Arc::clone(&self.shared);
                running.spawn(async move { shared.work_on(run).await });
            }
        }
        Ok(match next {
            _ if more => Next::Again,
            // What is due and was not started waits for a run that ends, which notifies.
            _ => match next.filter(|at| *at > now).into_iter().chain(next_listing).min() {
                Some(at) => Next::At(at),
                None => Next::Idle,
            },
        })
    }

    /// Waits until all looks that were started are done, for tests.
    pub async fn settled(&self) {
        for all in [&self.running, &self.check_ups, &self.listings] {
            let mut running = all.lock().await;
            while running.join_next().await.is_some() {}
        }
    }

    /// Deletes some of the runs whose time has passed. `true` if more may follow.
    async fn delete_expired(&self) -> Result<bool, StoreError> {
        let (db, now) = (&self.shared.context.db, self.shared.context.clock.now());
        if checks::expired(&mut *db.read().await?, now, 1).await?.is_empty() {
            return Ok(false);
        }
        let mut tx = db.begin().await?;
        let deleted = checks::delete_expired(&mut tx, now, DELETED_AT_ONCE).await?;
        tx.commit().await?;
        Ok(deleted == DELETED_AT_ONCE)
    }

    /// Starts the looks of check-ups that somebody has asked for. The others wait for one that ends, which notifies.
    async fn start_check_ups(&self) -> Result<(), StoreError> {
        let mut running = self.check_ups.lock().await;
        while running.try_join_next().is_some() {}
        let context = &self.shared.context;
        let now = context.clock.now();
        let free = CHECK_UPS_AT_ONCE.saturating_sub(running.len());
        let due = check_ups::due(&mut *context.db.read().await?, now, free).await?;
        for distribution in due {
            let claimed = ClaimedCheckUp { distribution, lease: super::new_lease() };
            let mut tx = context.db.begin().await?;
            let is_ours = check_ups::claim(&mut tx, &claimed, now, now.plus(LEASE)).await?;
            tx.commit().await?;
            if is_ours {
                let shared = Arc::clone(&self.shared);
                running.spawn(async move { shared.work_on_check_up(claimed).await });
            }
        }
        Ok(())
    }

    async fn claim(&self, run: &ClaimedRun) -> Result<bool, StoreError> {
        let now = self.shared.context.clock.now();
        let mut tx = self.shared.context.db.begin().await?;
        let claimed = checks::claim(&mut tx, run, now, now.plus(LEASE)).await?;
        if claimed {
            checks::begin_round(&mut tx, &run.id, now).await?;
        }
        tx.commit().await?;
        Ok(claimed)
    }
}

impl Shared {
    /// Makes the looks of a run. If they cannot be stored, the lease runs out and they are made again.
    async fn work_on(&self, run: ClaimedRun) {
        if let Err(error) = self.check(&run).await {
            tracing::error!(run = %run.id, error = %with_causes(&error), "a check failed; it is tried again");
        }
        self.context.notifier.notify();
    }
}
