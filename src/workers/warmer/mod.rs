//! Fetches the URLs of an invalidation once when it has completed, where the request asked for it.
//!
//! A warming's URLs are fetched in a task of their own, those of one distribution by one task at a time, with clients
//! and a budget of their own: no look and no call to CloudFront waits for them. After each pair of URLs the row says how
//! many were tried, so that another process goes on there if this one is ended.

mod edges;
mod plan;
mod run;

use std::{fmt, sync::Arc, time::Duration};

use tokio::{sync::Mutex, task::JoinSet};

use crate::{
    domain::{causes::with_causes, secrets_key::SecretsKey},
    store::{
        StoreError,
        checks::warming::{self, ClaimedWarming},
    },
};

use super::{Next, WorkerContext, checker::LookBudget};
pub use edges::WarmerEdges;

/// How long a process holds a warming after its last pair of URLs. Longer than one pair can take: each waits a minute
/// for a place at most, and takes a minute at most.
pub const LEASE: Duration = Duration::from_mins(5);
/// The pause where so many URLs were fetched that this process fetches no other in this hour.
pub const REST: Duration = Duration::from_mins(10);
/// The warmings that go on at the same time.
const AT_ONCE: usize = 4;
/// The most URLs that this process fetches in an hour.
const AN_HOUR: u32 = 20_000;

/// The worker that fetches the URLs.
pub struct Warmer {
    shared: Arc<Shared>,
    running: Mutex<JoinSet<()>>,
}

/// What the tasks share.
struct Shared {
    context: WorkerContext,
    edges: WarmerEdges,
    budget: LookBudget,
    secrets_key: Option<Arc<SecretsKey>>,
}

impl fmt::Debug for Warmer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Warmer").field("edges", &self.shared.edges).finish_non_exhaustive()
    }
}

impl Warmer {
    /// `secrets_key` is what the secret headers of settings are encrypted with. `None` if none can be read.
    #[must_use]
    pub fn new(context: WorkerContext, edges: WarmerEdges, secrets_key: Option<Arc<SecretsKey>>) -> Self {
        let shared = Shared { context, edges, budget: LookBudget::of(AN_HOUR), secrets_key };
        Self { shared: Arc::new(shared), running: Mutex::default() }
    }

    /// Starts what is due.
    pub async fn tick(&self) -> Result<Next, StoreError> {
        let context = &self.shared.context;
        let mut running = self.running.lock().await;
        while running.try_join_next().is_some() {}
        let now = context.clock.now();
        let free = AT_ONCE.saturating_sub(running.len());
        let mut conn = context.db.read().await?;
        let due = warming::due(&mut conn, now, free).await?;
        let next = warming::next_due(&mut conn).await?;
        drop(conn);
        let mut taken = Vec::new();
        for (invalidation, distribution) in due {
            // Each one that is claimed keeps the others of its distribution waiting.
            if taken.contains(&distribution) {
                continue;
            }
            let claimed = ClaimedWarming { invalidation, lease: super::new_lease() };
            if self.claim(&claimed).await? {
                taken.push(distribution);
                let shared = Arc::clone(&self.shared);
                running.spawn(async move { shared.work_on(claimed).await });
            }
        }
        Ok(match next {
            Some(at) if at > now => Next::At(at),
            // What is due and was not started waits for one that ends, which notifies.
            _ => Next::Idle,
        })
    }

    /// Waits until all that was started is done, for tests.
    pub async fn settled(&self) {
        let mut running = self.running.lock().await;
        while running.join_next().await.is_some() {}
    }

    async fn claim(&self, claimed: &ClaimedWarming) -> Result<bool, StoreError> {
        let now = self.shared.context.clock.now();
        let mut tx = self.shared.context.db.begin().await?;
        let is_claimed = warming::claim(&mut tx, claimed, now, now.plus(LEASE)).await?;
        tx.commit().await?;
        Ok(is_claimed)
    }
}

impl Shared {
    /// Does a warming. If what became of it cannot be stored, the lease runs out and it goes on then.
    async fn work_on(&self, claimed: ClaimedWarming) {
        if let Err(error) = self.warm(&claimed).await {
            let (id, error) = (&claimed.invalidation, with_causes(&error));
            tracing::error!(invalidation = %id, error, "a warming failed; it is tried again");
        }
        self.context.notifier.notify();
    }
}
