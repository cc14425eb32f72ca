//! A small world: a database, a CloudFront stand-in, one time for both, and the commands and the workers between them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use base64::Engine as _;
use cloudfront_sandbox::{CERTIFICATE_AUTHORITY, Call, Config, Fault, FaultKind, Sandbox};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use unstale::{
    clock::Clock,
    cloudfront::{CloudFront, CloudWatch, Connect, PricingPlanManager, S3},
    commands::{self, CommandContext, Requested},
    domain::{
        access::Role,
        actor::{Acting, Origin},
        audit::{Action, Chained, Event, GENESIS, ItemsRecord, Target},
        checks::CheckSettings,
        distributions::distribution::Distribution,
        id::{CallerReference, DistributionId, InvalidationId, PersonId, RequestKey},
        invalidations::{
            invalidation::{Batch, Invalidation, InvalidationState, NewInvalidation},
            plan::{Plan, Surroundings},
            proposal::Proposal,
        },
        secrets_key::SecretsKey,
        sign_in::person::Person,
        time::Timestamp,
    },
    edge::{Bounds, EdgeClient, Place},
    notify::Notifier,
    store::{
        Db, StoreError, audit, checks, distributions,
        invalidations::{self, batches},
        sign_in::people,
    },
    workers::{
        Checker, CloudFrontSync, Facts, Next, Poller, Submitter, VerificationStep, Warmer, WarmerEdges,
        WorkerContext, WorkerSettings,
    },
};

use super::{Database, Engine, Place as DatabasePlace, START, samples};

pub const WORKSHOP: &str = "E2QWRUHAPOMQZL";
pub const SHOP: &str = "E1SHOP7K2M4NQX";
pub const DOCS: &str = "E3DOCS5V8W1RTY";

/// More ticks than any test needs: a worker that never comes to rest fails.
const TICKS: usize = 3_000;

/// What a world begins with.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    pub settings: WorkerSettings,
    pub connect: Connect,
    pub complete_after: Duration,
    /// Whether looks go to the stand-in's edge over TLS.
    pub tls: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            settings: WorkerSettings::default(),
            connect: Connect::default(),
            complete_after: Duration::from_secs(20),
            tls: false,
        }
    }
}

/// The world. Every test ends it with [`World::finish`], which looks for what should not be left.
#[derive(Debug)]
pub struct World {
    pub database: Database,
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub command_context: CommandContext,
    pub worker_context: WorkerContext,
    submitter: Submitter,
    poller: Poller,
    sync: CloudFrontSync,
    // In boxes, so that futures that hold a world stay small.
    checker: Box<Checker>,
    warmer: Box<Warmer>,
    secrets_key: Option<Arc<SecretsKey>>,
    finished: bool,
    /// Its tables were written to past the service, so that they are not what events state.
    edited: AtomicBool,
    _folder: TempDir,
}

/// Looks at the stand-in's edge.
fn checker(context: &WorkerContext, sandbox: &Sandbox, secrets_key: Option<Arc<SecretsKey>>) -> Checker {
    let address = sandbox.edge_tls_url().unwrap_or_else(|| sandbox.edge_url());
    let place = Place::parse(&address).unwrap();
    // A site that hangs should not hold a test for long.
    let bounds = Bounds { whole: Duration::from_secs(2), ..Bounds::default() };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERTIFICATE_AUTHORITY.as_bytes()).unwrap()).unwrap();
    let edge = EdgeClient::with_roots(place, roots, context.clock.clone(), bounds).unwrap();
    Checker::new(context.clone(), edge, secrets_key)
}

/// Asks the stand-in's buckets. One that hangs should not hold a test for long.
fn bucket_client(sandbox: &Sandbox) -> S3 {
    let endpoint = url::Url::parse(&sandbox.api_url()).unwrap();
    S3::at(&endpoint, "AKIATEST", "secret", Duration::from_secs(2)).unwrap()
}

/// Fetches from the stand-in's edge.
fn warmer(context: &WorkerContext, sandbox: &Sandbox, secrets_key: Option<Arc<SecretsKey>>) -> Warmer {
    let place = Place::parse(&sandbox.edge_url()).unwrap();
    // A site that hangs should not hold a test for long.
    let soon = |bounds| Bounds { whole: Duration::from_secs(2), ..bounds };
    let client = |bounds| EdgeClient::new(place, context.clock.clone(), soon(bounds)).unwrap();
    let (urls, sitemaps) = (client(WarmerEdges::url_bounds()), client(WarmerEdges::sitemap_bounds()));
    Warmer::new(context.clone(), WarmerEdges { urls, sitemaps }, secrets_key)
}

impl World {
    /// On SQLite, as the service is by default, with its distributions read.
    pub async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    pub async fn with(setup: Setup) -> Self {
        let world = Self::unread(Database::new(Engine::Sqlite).await, setup).await;
        world.survey_at_once().await;
        world
    }

    /// The same as [`World::with`], faster: a copy of a database whose distributions were read in this process before.
    pub async fn copied(setup: Setup) -> Self {
        static READ: OnceCell<Vec<u8>> = OnceCell::const_new();
        let read = READ.get_or_init(async || {
            let mut world = Self::new().await;
            world.finished = true;
            // The file alone may lack what is still in the write-ahead log: a reader that is just closing keeps it there.
            let folder = tempfile::tempdir().unwrap();
            let whole = folder.path().join("whole.db");
            world.database.raw().await.run(&format!("VACUUM INTO '{}'", whole.display())).await.unwrap();
            std::fs::read(whole).unwrap()
        });
        Self::over(Database::copied(read.await).await, setup).await
    }

    /// The same on PostgreSQL.
    pub async fn on_postgres() -> Self {
        let world = Self::unread(Database::new(Engine::Postgres).await, Setup::default()).await;
        world.survey_at_once().await;
        world
    }

    /// The distributions are not read yet.
    pub async fn unread(database: Database, setup: Setup) -> Self {
        // Whoever acts is somebody: what they may do is looked up at each act.
        let ada =
            Person { id: PersonId::from_trusted("p1"), ..samples::person("p1@example.com", Role::Operator) };
        database.write(async |tx| people::insert(tx, &ada, "").await).await;
        Self::over(database, setup).await
    }

    /// Around a database as it is.
    async fn over(database: Database, setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let start = jiff::Timestamp::from_microsecond(START.as_micros()).unwrap();
        let sandbox = Sandbox::start(Config {
            complete_after: setup.complete_after,
            edge_tls: setup.tls.then(|| ([127, 0, 0, 1], 0).into()),
            clock: cloudfront_sandbox::Clock::manual(start),
            ..Config::new(folder.path().join("origin"))
        })
        .await
        .unwrap();
        let clock = Clock::manual(START);
        let (db, notifier) = (database.db.clone(), Notifier::new());
        let command_context = CommandContext::new(db.clone(), clock.clone(), notifier.clone());
        let cloudfront = CloudFront::at(&sandbox.api_url(), "AKIATEST", "secret", setup.connect);
        let worker_context = WorkerContext {
            s3: Some(bucket_client(&sandbox)),
            ..WorkerContext::new(db, cloudfront, clock.clone(), notifier, setup.settings)
        };
        Self {
            database,
            clock,
            command_context,
            submitter: Submitter::new(worker_context.clone()),
            poller: Poller::new(worker_context.clone()),
            sync: CloudFrontSync::new(worker_context.clone()),
            checker: Box::new(checker(&worker_context, &sandbox, None)),
            warmer: Box::new(warmer(&worker_context, &sandbox, None)),
            secrets_key: None,
            sandbox,
            worker_context,
            finished: false,
            edited: AtomicBool::new(false),
            _folder: folder,
        }
    }

    /// Nobody has an account yet.
    pub async fn without_people(&self) {
        self.database.raw().await.run("DELETE FROM person").await.unwrap();
    }

    /// The service ends without a word and begins anew.
    pub async fn restart(&mut self) {
        self.database.write(async |tx| batches::release_all(tx).await).await;
        self.database.write(async |tx| checks::warming::release_all(tx).await).await;
        self.submitter = Submitter::new(self.worker_context.clone());
        self.poller = Poller::new(self.worker_context.clone());
        self.sync = CloudFrontSync::new(self.worker_context.clone());
        *self.checker = checker(&self.worker_context, &self.sandbox, self.secrets_key.clone());
        *self.warmer = warmer(&self.worker_context, &self.sandbox, self.secrets_key.clone());
    }

    /// The service begins anew on the database at this place.
    pub async fn move_to(&mut self, place: DatabasePlace) {
        self.database.db.close().await;
        let db = Db::open(&place.address()).await.unwrap();
        self.command_context =
            CommandContext::new(db.clone(), self.clock.clone(), self.worker_context.notifier.clone());
        self.worker_context.db = db.clone();
        self.database = Database { db, place };
        self.restart().await;
    }

    /// From now on secrets are encrypted with a key of these bytes.
    pub fn keep_secrets(&mut self, byte: u8) {
        let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
        self.secrets_key = SecretsKey::parse(&text).map(Arc::new);
        self.command_context = self.command_context.clone().with_secrets_key(self.secrets_key.clone());
        *self.checker = checker(&self.worker_context, &self.sandbox, self.secrets_key.clone());
        *self.warmer = warmer(&self.worker_context, &self.sandbox, self.secrets_key.clone());
    }

    /// Another replica's hand on the same database.
    pub fn another_submitter(&self) -> Submitter {
        Submitter::new(self.worker_context.clone())
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves our time and CloudFront's.
    pub fn advance(&self, span: Duration) {
        self.clock.advance(span);
        assert!(self.sandbox.clock().advance(span));
    }

    /// Sends until there is nothing to send now.
    pub async fn submit(&self) -> Next {
        until_rest(async || self.submitter.tick().await.unwrap()).await
    }

    /// One tick of the submitter.
    pub async fn submit_once(&self) -> Next {
        self.submitter.tick().await.unwrap()
    }

    /// One tick of the submitter that may fail.
    pub async fn try_submit_once(&self) -> Result<Next, StoreError> {
        self.submitter.tick().await
    }

    /// Watches until there is nothing to look at now.
    pub async fn poll(&self) -> Next {
        until_rest(async || self.poller.tick().await.unwrap()).await
    }

    /// One tick of the poller.
    pub async fn poll_once(&self) -> Next {
        self.poller.tick().await.unwrap()
    }

    /// A viewer gets a page.
    pub async fn view(&self, distribution: &str, path: &str) -> reqwest::Response {
        let host = self.distribution(distribution).await.domain_name;
        let address = format!("{}{path}", self.sandbox.edge_url());
        reqwest::Client::new().get(address).header("host", host).send().await.unwrap()
    }

    /// Makes all looks that are due now.
    pub async fn check(&self) -> Next {
        until_rest(async || {
            let next = self.checker.tick().await.unwrap();
            self.checker.settled().await;
            // A run whose looks were just made may be due again at once.
            let due = self.database.get(async |conn| checks::next_due(conn).await).await;
            if due.is_some_and(|due| due <= self.now()) { Next::Again } else { next }
        })
        .await
    }

    /// The origin of a distribution may be asked, and nobody waits for a listing of its bucket.
    pub async fn may_list(&self, distribution: &str) {
        let id = DistributionId::from_trusted(distribution);
        let settings = CheckSettings { ask_origin: true, ..CheckSettings::default() };
        self.database.write(async |tx| checks::settings::set(tx, &id, &settings).await).await;
        self.database.raw().await.run("UPDATE bucket_changes SET asked_at = NULL").await.unwrap();
    }

    /// Begins to fetch what is due now.
    pub async fn begin_to_warm(&self) {
        self.warmer.tick().await.unwrap();
    }

    /// Fetches all that is due now.
    pub async fn warm(&self) {
        self.begin_to_warm().await;
        self.warmer.settled().await;
    }

    /// Surveys until there is nothing to survey now.
    pub async fn survey(&self) -> Next {
        until_rest(async || self.sync.tick().await.unwrap()).await
    }

    /// Reads all there is, without the pace that sync keeps and without a trace of it.
    pub async fn survey_at_once(&self) {
        let read = unstale::domain::invalidations::pace::Pace::new(1_000_000.0, 1_000_000);
        let settings = WorkerSettings { read, ..self.worker_context.settings };
        let sync = CloudFrontSync::new(WorkerContext { settings, ..self.worker_context.clone() });
        until_rest(async || sync.tick().await.unwrap()).await;
        self.database.raw().await.run("UPDATE account SET read_next_at = 0").await.unwrap();
        self.sandbox.clear_calls();
    }

    /// All three work on for so long, a second at a time.
    pub async fn live(&self, seconds: u64) {
        for _ in 0..seconds {
            self.submit().await;
            self.poll().await;
            self.survey().await;
            self.advance(Duration::from_secs(1));
        }
    }

    pub fn fault(&self, fault: Fault) {
        self.sandbox.set_faults(vec![fault]);
    }

    /// The next `CreateInvalidation` meets this.
    pub fn next_create(&self, kind: FaultKind) {
        self.fault(Fault::new("CreateInvalidation", kind).times(1));
    }

    /// Somebody makes an invalidation with the console.
    pub async fn console(&self, distribution: &DistributionId, reference: &str, texts: &[&str]) {
        let reference = CallerReference::from_trusted(reference);
        let items = samples::items(texts);
        self.worker_context.cloudfront.create_invalidation(distribution, &reference, &items).await.unwrap();
    }

    pub async fn distribution(&self, distribution: &str) -> Distribution {
        let id = DistributionId::from_trusted(distribution);
        self.database.get(async |conn| distributions::find(conn, &id).await).await.unwrap()
    }

    /// What a person's form becomes.
    pub async fn new_invalidation(&self, distribution: &str, typed: &str) -> NewInvalidation {
        let distribution = self.distribution(distribution).await;
        let limits = self.worker_context.settings.limits;
        let around = Surroundings::unmeasured(limits);
        let plan = Plan::work_out(typed, &distribution, around);
        assert!(plan.is_sendable(), "{:?}", plan.refused().collect::<Vec<_>>());
        let first = plan.lines.iter().find_map(|line| line.item_to_send()).unwrap().clone();
        let key = RequestKey::parse(&samples::uuid()).unwrap();
        let reason = "a new price".to_owned();
        NewInvalidation::from_batches(distribution.id, plan.batches, first, reason, key, commands::new_uuid)
    }

    /// A person asks for these lines.
    pub async fn request_at(&self, distribution: &str, typed: &str) -> InvalidationId {
        let new = self.new_invalidation(distribution, typed).await;
        let requested = commands::request_invalidation(&self.command_context, &acting(), &new).await.unwrap();
        assert_eq!(requested, Requested::New(new.id.clone(), self.now()));
        new.id
    }

    pub async fn request(&self, typed: &str) -> InvalidationId {
        self.request_at(WORKSHOP, typed).await
    }

    pub async fn invalidation(&self, id: &InvalidationId) -> Invalidation {
        self.database.get(async |conn| invalidations::find(conn, id).await).await.unwrap()
    }

    pub async fn state(&self, id: &InvalidationId) -> &'static str {
        self.invalidation(id).await.state.as_str()
    }

    pub async fn batches(&self, id: &InvalidationId) -> Vec<Batch> {
        self.database.get(async |conn| batches::of_invalidation(conn, id).await).await
    }

    /// The only batch of an invalidation.
    pub async fn batch(&self, id: &InvalidationId) -> Batch {
        let mut batches = self.batches(id).await;
        assert_eq!(batches.len(), 1);
        batches.remove(0)
    }

    pub async fn batch_state(&self, id: &InvalidationId) -> &'static str {
        self.batch(id).await.state.as_str()
    }

    /// The newest invalidations of all distributions.
    pub async fn recent(&self) -> Vec<Invalidation> {
        self.database.get(async |conn| invalidations::recent(conn, &samples::all_seen(), 5_000).await).await
    }

    /// The whole history.
    pub async fn history(&self) -> Vec<Chained> {
        self.database.get(async |conn| audit::after(conn, 0, 1_000_000).await).await
    }

    /// The history of one invalidation, in stable words.
    pub async fn events(&self, id: &InvalidationId) -> Vec<&'static str> {
        let events = self.database.get(async |conn| audit::of_invalidation(conn, id, 1_000).await).await;
        events.iter().map(|chained| chained.event.action.as_str()).collect()
    }

    /// Every action in the history since a sequence, in stable words.
    pub async fn events_after(&self, sequence: i64) -> Vec<&'static str> {
        let events = self.database.get(async |conn| audit::after(conn, sequence, 1_000).await).await;
        events.iter().map(|chained| chained.event.action.as_str()).collect()
    }

    pub async fn head(&self) -> i64 {
        self.database.get(async |conn| audit::head(conn).await).await
    }

    pub fn creates(&self) -> Vec<Call> {
        create_calls(&self.sandbox)
    }

    /// From now on each of these requests is sent by itself, as if CloudFront had refused what they were merged into.
    pub async fn send_each_alone(&self) {
        self.database.raw().await.run("UPDATE batch SET alone = TRUE WHERE state = 'queued'").await.unwrap();
    }

    /// The items that CloudFront was told of a distribution, with how often each.
    pub fn taken_items(&self, distribution: &str) -> BTreeMap<String, usize> {
        let mut taken = BTreeMap::new();
        for item in self.sandbox.invalidations(distribution).into_iter().flat_map(|one| one.items) {
            *taken.entry(item).or_default() += 1;
        }
        taken
    }

    /// How many items CloudFront was told of all distributions. Fails where it was told one twice.
    pub fn items_taken_once(&self) -> usize {
        let each = [WORKSHOP, SHOP, DOCS].map(|distribution| self.taken_items(distribution));
        for (item, times) in each.iter().flatten() {
            assert_eq!(*times, 1, "{item} was sent {times} times");
        }
        each.iter().map(BTreeMap::len).sum()
    }

    /// So many invalidations CloudFront has.
    pub fn at_cloudfront(&self, distribution: &str) -> usize {
        self.sandbox.invalidations(distribution).len()
    }

    /// Ends the world and looks for leftovers.
    pub async fn finish(mut self) {
        self.finished = true;
        self.history_is_whole().await;
        self.tables_are_what_events_state().await;
        self.nothing_is_held().await;
        self.states_follow_from_batches().await;
        self.nothing_was_sent_twice().await;
        self.database.remove().await;
    }

    async fn history_is_whole(&self) {
        let mut previous = GENESIS.to_owned();
        let history = self.history().await;
        for (index, chained) in history.iter().enumerate() {
            assert_eq!(chained.sequence, i64::try_from(index).unwrap() + 1, "the history has a gap");
            assert_eq!(chained.previous_hash, previous, "event {} is not linked", chained.sequence);
            assert!(chained.is_intact(), "event {} was changed: {chained:?}", chained.sequence);
            previous.clone_from(&chained.hash);
        }
        assert_eq!(self.head().await, i64::try_from(history.len()).unwrap());
    }

    /// A test is about to write to its tables past the service.
    pub fn is_edited(&self) {
        self.edited.store(true, Ordering::Relaxed);
    }

    async fn tables_are_what_events_state(&self) {
        if self.edited.load(Ordering::Relaxed) {
            return;
        }
        let mut facts = Facts::begin(&self.database.db, self.head().await).await.unwrap();
        while facts.step(&self.database.db, 500, self.now()).await.unwrap() == VerificationStep::More {}
    }

    async fn nothing_is_held(&self) {
        let mut raw = self.database.raw().await;
        // One that is over holds nothing: whoever had it was ended.
        let now = self.now().as_micros();
        for (table, until) in [
            ("batch", "lease_until"),
            ("distribution", "poll_lease_until"),
            ("survey", "lease_until"),
            ("warming", "lease_until"),
            ("bucket_changes", "lease_until"),
        ] {
            let held = format!("SELECT count(*) FROM {table} WHERE {until} > {now}");
            assert_eq!(raw.number(&held).await, 0, "a lease is left: {held}");
        }
    }

    async fn states_follow_from_batches(&self) {
        for invalidation in self.recent().await {
            let batches = self.batches(&invalidation.id).await;
            let states: Vec<_> =
                batches.iter().filter(|batch| !batch.is_cut()).map(|batch| batch.state).collect();
            assert_eq!(invalidation.state, InvalidationState::of(&states), "{states:?}");
            let open =
                matches!(invalidation.state, InvalidationState::Queued | InvalidationState::InProgress);
            let outside = invalidation.requested_by == unstale::domain::actor::Actor::outside();
            assert!(outside || invalidation.ended_at.is_none() == open, "{invalidation:?}");
        }
    }

    /// Each caller reference stands for one invalidation at CloudFront, and for the one that we noted.
    async fn nothing_was_sent_twice(&self) {
        let mut noted = HashMap::new();
        for invalidation in self.recent().await {
            for batch in self.batches(&invalidation.id).await {
                noted.insert(batch.sent_under().as_str().to_owned(), batch.cloudfront_id);
            }
        }
        for distribution in self.sandbox.distributions() {
            let mut seen = HashMap::new();
            for taken in self.sandbox.invalidations(&distribution.id) {
                let twice = seen.insert(taken.caller_reference.clone(), taken.id.clone());
                assert_eq!(twice, None, "{} was sent twice", taken.caller_reference);
                if let Some(Some(id)) = noted.get(&taken.caller_reference) {
                    assert_eq!(id.as_str(), taken.id, "another invalidation was noted");
                }
            }
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        assert!(self.finished || std::thread::panicking(), "a test ends its world with finish()");
    }
}

/// The context of workers that also ask CloudWatch and the pricing plan manager, which the world's own do not.
pub fn ask_all(world: &World) -> WorkerContext {
    let (endpoint, connect) = (world.sandbox.api_url(), Connect::default());
    WorkerContext {
        cloudwatch: Some(CloudWatch::at(&endpoint, "AKIATEST", "secret", connect)),
        pricing_plan_manager: Some(PricingPlanManager::at(&endpoint, "AKIATEST", "secret", connect)),
        ..world.worker_context.clone()
    }
}

/// Somebody at the shell of the machine: they may manage people.
pub fn shell() -> Acting {
    Acting::command_line("root")
}

/// A person at a browser.
pub fn acting() -> Acting {
    let origin = Origin {
        client_address: "192.0.2.7".to_owned(),
        request_id: "req-1".to_owned(),
        sign_in: "password".to_owned(),
        // No session: a proxy vouches for them.
        ..Origin::default()
    };
    Acting { actor: samples::actor(), origin }
}

/// The event of a request for approval: one that no event states is not approved.
pub fn proposal_made(asked: &Proposal) -> Event {
    let mut event = Event::new(asked.asked_at, &acting(), Action::ProposalMade);
    event.acting.actor = asked.asked_by.clone();
    event.target = Target::Proposal(asked.id.clone());
    event.distribution = Some(asked.distribution.clone());
    event.items = ItemsRecord::of(&asked.items);
    event.reason.clone_from(&asked.reason);
    event
}

pub fn create_calls(sandbox: &Sandbox) -> Vec<Call> {
    sandbox.calls().into_iter().filter(|call| call.operation == "CreateInvalidation").collect()
}

async fn until_rest(tick: impl AsyncFn() -> Next) -> Next {
    for _ in 0..TICKS {
        match tick().await {
            Next::Again => {}
            rest => return rest,
        }
    }
    panic!("the worker never comes to rest");
}
