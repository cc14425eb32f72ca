//! The service and its CloudFront at a time that is moved, from two weeks ago until now.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    cli::CliError,
    clock::Clock,
    cloudfront::{CloudFront, Connect},
    commands::{self, CommandContext},
    domain::{
        distributions::protection::{Guard, Protection},
        id::DistributionId,
        time::Timestamp,
    },
    edge::{Bounds, EdgeClient, Place},
    notify::Notifier,
    store::{Db, StoreError, checks},
    workers::{Checker, CloudFrontSync, Next, Poller, Submitter, WorkerContext},
};
use cloudfront_sandbox::{Clock as SandboxClock, Config, Sandbox};

use super::{
    super::{SHOP, worker_settings},
    people::People,
};

/// How long ago it begins.
const BEGINS: Duration = Duration::from_hours(14 * 24);
/// More ticks than a worker has to do between two acts: a worker that never rests fails.
const TICKS_MAX: usize = 1_000;

/// All that acts in the first two weeks, on clocks that are moved together.
pub(super) struct Past {
    now: Timestamp,
    pub sandbox: Sandbox,
    pub context: CommandContext,
    pub people: People,
    pub complete_after: Duration,
    submitter: Submitter,
    poller: Poller,
    sync: CloudFrontSync,
    checker: Checker,
}

impl Past {
    /// Opens a new database and a new stand-in in this folder, adds the people, and reads the distributions.
    pub async fn begin(folder: &Path, complete_after: Duration) -> Result<Self, CliError> {
        let now = Clock::system().now();
        let begins = now.minus(BEGINS);
        let clock = Clock::manual(begins);
        let sandbox = Sandbox::start(Config {
            clock: SandboxClock::manual(SandboxClock::system().now() - BEGINS),
            ..super::super::sandbox_config(folder, SocketAddr::from(([127, 0, 0, 1], 0)), complete_after)
        })
        .await?;
        let db = Db::open(&super::super::database_in(folder)).await?;
        let notifier = Notifier::new();
        let context = CommandContext::new(db.clone(), clock.clone(), notifier.clone());
        let cloudfront = CloudFront::at(&sandbox.api_url(), "demo", "demo", Connect::default());
        let workers = WorkerContext::new(db, cloudfront, clock.clone(), notifier, worker_settings());
        let edge = EdgeClient::new(Place::parse(&sandbox.edge_url())?, clock, Bounds::default())?;
        let past = Self {
            now,
            people: People::add(&context).await?,
            complete_after,
            submitter: Submitter::new(workers.clone()),
            poller: Poller::new(workers.clone()),
            sync: CloudFrontSync::new(workers.clone()),
            checker: Checker::new(workers, edge, None),
            sandbox,
            context,
        };
        past.read_cloudfront().await?;
        past.protect_the_shop().await?;
        // The checker begins with what is requested from now on.
        past.check().await?;
        Ok(past)
    }

    /// Closes the database and the stand-in.
    pub async fn end(self) {
        self.context.db.close().await;
        self.sandbox.stop().await;
    }

    async fn protect_the_shop(&self) -> Result<(), CliError> {
        let shop = DistributionId::parse(SHOP).ok_or("the shop's ID is wrong")?;
        let protection = Protection { guard: Guard::SecondPerson, ..Protection::none(shop) };
        Ok(commands::protect_distribution(&self.context, &self.people.demo, &protection).await?)
    }

    /// Moves the time on.
    pub fn advance(&self, span: Duration) {
        self.context.clock.advance(span);
        self.sandbox.clock().advance(span);
    }

    /// Moves the time to so long before the demo is opened.
    pub fn advance_to(&self, before: Duration) {
        self.advance(self.now.minus(before).since(self.context.clock.now()));
    }

    /// The folder of a site's files.
    pub fn origin_of(&self, site: &str) -> Result<PathBuf, CliError> {
        Ok(self.sandbox.origin_of(site).ok_or("the stand-in lacks one of its sites")?)
    }

    /// A new version of these files at the origin of a site.
    pub fn publish(&self, site: &str, files: &[&str]) -> Result<(), CliError> {
        let folder = self.origin_of(site)?;
        for file in files {
            let path = folder.join(file);
            let text = fs::read_to_string(&path)?;
            let is_html = path.extension().is_some_and(|extension| extension == "html");
            let (open, close) = if is_html { ("<!--", "-->") } else { ("/*", "*/") };
            fs::write(&path, format!("{text}{open} changed at {} {close}\n", self.context.clock.now()))?;
        }
        Ok(())
    }

    /// Sends what is due now.
    pub async fn submit(&self) -> Result<(), CliError> {
        self.until_idle(async || self.submitter.tick().await).await.map(|_| ())
    }

    /// Asks CloudFront for states when they are due, until all that was sent is completed.
    pub async fn poll(&self) -> Result<(), CliError> {
        for _ in 0..TICKS_MAX {
            match self.until_idle(async || self.poller.tick().await).await? {
                Next::At(due) => self.advance(due.since(self.context.clock.now())),
                Next::Again | Next::Idle => return Ok(()),
            }
        }
        Err("CloudFront does not complete an invalidation".into())
    }

    /// Reads the distributions, and what was made outside Unstale.
    pub async fn read_cloudfront(&self) -> Result<(), CliError> {
        self.until_idle(async || self.sync.tick().await).await.map(|_| ())
    }

    /// Makes the looks that are due now.
    pub async fn check(&self) -> Result<(), CliError> {
        let tick = async || {
            let next = self.checker.tick().await?;
            self.checker.settled().await;
            // A run whose looks were just made may be due again at once.
            let due = checks::next_due(&mut *self.context.db.read().await?).await?;
            Ok(next.or_sooner(due.map_or(Next::Idle, Next::At)))
        };
        self.until_idle(tick).await.map(|_| ())
    }

    /// Runs the ticks of a worker that are due now, and returns when the next one is.
    async fn until_idle(&self, tick: impl AsyncFn() -> Result<Next, StoreError>) -> Result<Next, CliError> {
        for _ in 0..TICKS_MAX {
            match tick().await? {
                Next::Again => {}
                Next::At(due) if due <= self.context.clock.now() => {}
                rest => return Ok(rest),
            }
        }
        Err("a worker does not come to rest".into())
    }
}
