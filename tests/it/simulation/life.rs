//! One life: random acts, then calm, then the reckoning.

use std::{
    collections::{BTreeSet, HashMap},
    future::poll_fn,
    task::Poll,
    time::Duration,
};

use cloudfront_sandbox::{ConflictingReference, Fault, FaultKind, SameReference};
use unstale::{
    commands,
    domain::{
        id::InvalidationId,
        invalidations::{
            batching::{self, Limits},
            invalidation::InvalidationState,
            pace::Pace,
        },
    },
    workers::{ClockRollback, CloudFrontSync, InsightsCounter, Next, Poller, Submitter, WorkerSettings},
};

use super::rng::Rng;
use crate::support::{DOCS, SHOP, Setup, WORKSHOP, World, acting, no_override};

/// Acts of a life before it calms down.
const ACTS: u64 = 40;
/// More rounds than any life needs to come to rest.
const ROUNDS: usize = 600;
/// A tenth of what CloudFront takes, for both sides: the same cases with a tenth of the bytes.
const PATHS: u16 = 300;

/// Paths with this text are refused, whatever else happens to the call.
pub(super) const REFUSED: &str = "refused-by-cloudfront";

pub(super) struct Life {
    rng: Rng,
    pub(super) world: World,
    submitter: Submitter,
    poller: Poller,
    sync: CloudFrontSync,
    clock_rollback: ClockRollback,
    pub(super) counter: InsightsCounter,
    pub(super) asked: Vec<InvalidationId>,
    /// What each of them was asked for.
    pub(super) items: HashMap<InvalidationId, BTreeSet<String>>,
    /// How many invalidations CloudFront had made of its distribution when each of them was asked for.
    pub(super) before: HashMap<InvalidationId, usize>,
}

/// Lives the seed to its end and looks for what was lost or doubled. Gives how many batches were sent together.
pub async fn live(seed: u64) -> u64 {
    let mut rng = Rng::new(seed);
    let settings = WorkerSettings {
        create: Pace::new(rng.pick(&[0.5, 2.0, 20.0]), 5),
        read: Pace::new(20.0, 50),
        limits: Limits { paths: PATHS.into(), ..batching::OURS },
        survey_every: Duration::from_mins(30),
        outside_every: Duration::from_mins(30),
        ..WorkerSettings::default()
    };
    let complete_after = Duration::from_secs(1 + rng.below(40));
    let world = World::copied(Setup { settings, complete_after, ..Setup::default() }).await;
    world.sandbox.change_settings(|sandbox| {
        sandbox.item_limit = PATHS.into();
        sandbox.refuse_paths_with = Some(REFUSED.to_owned());
    });
    let mut life = Life {
        rng,
        submitter: Submitter::new(world.worker_context.clone()),
        poller: Poller::new(world.worker_context.clone()),
        sync: CloudFrontSync::new(world.worker_context.clone()),
        clock_rollback: ClockRollback::new(world.worker_context.clone()),
        counter: InsightsCounter::new(world.database.db.clone(), world.clock.clone()),
        world,
        asked: Vec::new(),
        items: HashMap::new(),
        before: HashMap::new(),
    };
    for _ in 0..ACTS {
        life.act().await;
    }
    life.calm_down().await;
    let together = life.reckon().await;
    life.reckon_insights().await;
    // What a crash held is free by then.
    life.world.advance(Duration::from_mins(2));
    life.world.finish().await;
    together
}

impl Life {
    async fn act(&mut self) {
        match self.rng.below(100) {
            0..18 => self.ask().await,
            18..22 => self.ask_together().await,
            22..46 => self.submit().await,
            46..58 => self.poll().await,
            58..62 => self.survey().await,
            62..78 => self.world.advance(Duration::from_millis(200 + self.rng.below(20_000))),
            78..82 => self.jump().await,
            82..90 => self.trouble(),
            90..93 => self.change_ways(),
            93..96 => self.cancel_or_retry().await,
            96..98 => self.count().await,
            _ => self.restart().await,
        }
    }

    /// Several people at one time: what they ask for waits together, and has much in common.
    async fn ask_together(&mut self) {
        let distribution = self.rng.pick(&[WORKSHOP, SHOP]);
        for _ in 0..2 + self.rng.below(4) {
            let number = self.rng.next();
            let shared = ["/shared/a", "/shared/b", "/shared/c", "/shared/*", "/shared/b/*"];
            let mut lines = BTreeSet::from([self.rng.pick(&shared).to_owned(), format!("/p/{number}")]);
            if self.rng.chance(10) {
                lines.insert(format!("/{REFUSED}/{number}"));
            }
            self.request(distribution, lines).await;
        }
    }

    async fn ask(&mut self) {
        let distribution = self.rng.pick(&[WORKSHOP, WORKSHOP, SHOP, DOCS]);
        let number = self.rng.next();
        let (paths, wildcards) = match self.rng.below(40) {
            0 => (u64::from(PATHS) + 50, 0),
            1 => (3, 40),
            2..8 => (20, 5),
            8..16 => (0, 1),
            _ => (1 + self.rng.below(4), 0),
        };
        let paths = (0..paths).map(|n| format!("/p/{number}/{n}"));
        let mut lines: Vec<String> =
            paths.chain((0..wildcards).map(|n| format!("/w/{number}/{n}/*"))).collect();
        if self.rng.chance(20) {
            for _ in 0..=self.rng.below(2) {
                let index = usize::try_from(self.rng.below(lines.len() as u64)).unwrap();
                lines[index] = format!("/{REFUSED}{}", lines[index]);
            }
        }
        self.request(distribution, lines.into_iter().collect()).await;
    }

    async fn request(&mut self, distribution: &str, lines: BTreeSet<String>) {
        let typed = lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
        let before = self.world.sandbox.invalidations(distribution).len();
        let id = self.world.request_at(distribution, &typed).await;
        self.asked.push(id.clone());
        self.items.insert(id.clone(), lines);
        self.before.insert(id, before);
    }

    /// A tick that may end at any await: the process is gone, or only this task of it.
    async fn submit(&mut self) {
        let polls = self.patience();
        let cut = !cut(self.submitter.tick(), polls).await;
        self.after(cut).await;
    }

    async fn poll(&mut self) {
        let polls = self.patience();
        let cut = !cut(self.poller.tick(), polls).await;
        self.after(cut).await;
    }

    async fn survey(&mut self) {
        let polls = self.patience();
        let cut = !cut(self.sync.tick(), polls).await;
        self.after(cut).await;
    }

    fn patience(&mut self) -> u64 {
        if self.rng.chance(30) { self.rng.below(14) } else { u64::MAX }
    }

    async fn after(&mut self, cut: bool) {
        if !cut {
            return;
        }
        // What was under way arrives now: time here is compressed, and no packet is on its way for a minute.
        for _ in 0..2 {
            let _ = self.world.worker_context.cloudfront.list_distributions(None, self.world.now()).await;
        }
        if self.rng.chance(50) {
            self.restart().await;
        }
    }

    /// Counts what has happened, for the insights.
    async fn count(&mut self) {
        let polls = self.patience();
        let cut = !cut(self.counter.tick(), polls).await;
        self.after(cut).await;
    }

    async fn restart(&mut self) {
        self.world.restart().await;
        self.submitter = Submitter::new(self.world.worker_context.clone());
        self.poller = Poller::new(self.world.worker_context.clone());
        self.sync = CloudFrontSync::new(self.world.worker_context.clone());
        self.clock_rollback = ClockRollback::new(self.world.worker_context.clone());
        self.counter = InsightsCounter::new(self.world.database.db.clone(), self.world.clock.clone());
    }

    /// Our clock jumps; CloudFront's goes on. The service looks at it each second.
    async fn jump(&mut self) {
        self.clock_rollback.tick().await.unwrap();
        let span = Duration::from_secs(1 + self.rng.below(3_600));
        if self.rng.chance(50) {
            self.world.clock.advance(span);
        } else {
            self.world.clock.put_back(span);
        }
        let polls = self.patience();
        let cut = !cut(self.clock_rollback.tick(), polls).await;
        self.after(cut).await;
    }

    fn trouble(&mut self) {
        let kinds = [
            FaultKind::Throttle,
            FaultKind::ServerError,
            FaultKind::Reset,
            FaultKind::Lost,
            FaultKind::Lost,
            FaultKind::Empty,
            FaultKind::Malformed,
            FaultKind::Truncated,
            FaultKind::Expired,
            FaultKind::AccessDenied,
            FaultKind::UnknownStatus,
        ];
        let count = self.rng.below(3);
        let faults = (0..count).map(|_| {
            let operation =
                self.rng.pick(&["CreateInvalidation", "CreateInvalidation", "*", "ListInvalidations"]);
            let times = 1 + self.rng.below(4);
            Fault::new(operation, self.rng.pick(&kinds)).times(times)
        });
        let faults = faults.collect();
        self.world.sandbox.set_faults(faults);
    }

    /// CloudFront's answers to a reference that it knows are not sure, nor how long it knows one.
    fn change_ways(&mut self) {
        let same = self.rng.pick(&[
            SameReference::Earlier,
            SameReference::AlreadyExists,
            SameReference::InvalidArgument,
        ]);
        let forget = self.rng.pick(&[None, Some(60_000)]);
        self.world.sandbox.change_settings(|settings| {
            settings.same_reference = same;
            settings.conflicting_reference = ConflictingReference::InvalidArgument;
            settings.forget_references_after_ms = forget;
        });
    }

    async fn cancel_or_retry(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        let id = self.rng.pick(&self.asked);
        // Too late is an answer too.
        if self.rng.chance(50) {
            let _ = commands::cancel_invalidation(&self.world.command_context, &acting(), &id).await;
        } else {
            let _ = commands::retry_invalidation(&self.world.command_context, &acting(), &id, no_override())
                .await;
        }
    }

    /// Nothing goes wrong any more: everything has to come to its end by itself.
    async fn calm_down(&mut self) {
        self.world.sandbox.set_faults(Vec::new());
        for _ in 0..ROUNDS {
            self.clock_rollback.tick().await.unwrap();
            let due = [self.world.submit().await, self.world.poll().await, self.world.survey().await];
            if !self.is_busy().await {
                return;
            }
            let due =
                due.into_iter().filter_map(|next| if let Next::At(at) = next { Some(at) } else { None });
            let rest = due.map(|at| at.since(self.world.now())).min().unwrap_or_default();
            let pause = Duration::from_secs(self.rng.pick(&[10, 60, 120, 600]));
            self.world.advance(rest.max(pause));
        }
        for id in &self.asked {
            eprintln!("{id}: {:?}", self.world.batches(id).await);
        }
        panic!("it does not come to rest");
    }

    async fn is_busy(&self) -> bool {
        let open = [InvalidationState::Queued, InvalidationState::InProgress];
        self.world.recent().await.iter().any(|one| open.contains(&one.state) && self.asked.contains(&one.id))
    }
}

/// Polls a future so many times and then drops it where it stands; gives whether it came to its end.
pub async fn cut<F: Future>(future: F, polls: u64) -> bool {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}
