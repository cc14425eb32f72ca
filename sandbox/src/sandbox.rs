//! Owns a running sandbox: starting it, steering it from Rust, stopping it.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::api::{Batch, create_invalidation};
use crate::clock::Clock;
use crate::config::{Config, Seed};
use crate::edge_rules::EdgeRule;
use crate::faults::Fault;
use crate::origin::seed;
use crate::server::TlsFor;
use crate::state::{Call, Distribution, Invalidation, Line, Settings, Shared, State, View};
use crate::world::World;
use crate::{api, edge, server, tls};

/// By which the edge knows that a viewer came by HTTPS, whoever ends TLS.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// A running sandbox. It ends when it is stopped or dropped.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    api: SocketAddr,
    edge_tls: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Binds its sockets, fills missing origin folders, and serves from then on.
    pub async fn start(config: Config) -> io::Result<Self> {
        std::fs::create_dir_all(&config.origin)?;
        let state = State::open(Settings::new(config.complete_after), config.journal.as_deref())?;
        let api = TcpListener::bind(config.api).await?;
        let edge = TcpListener::bind(config.edge).await?;
        let edge_tls = match config.edge_tls {
            Some(address) => Some(TcpListener::bind(address).await?),
            None => None,
        };
        let edge_tls_address = edge_tls.as_ref().map(TcpListener::local_addr).transpose()?;
        let api_address = api.local_addr()?;
        let world = Arc::new(World {
            shared: Shared::new(state),
            clock: config.clock,
            origin: config.origin,
            edge: edge.local_addr()?,
        });
        if config.seed == Seed::Sites {
            for distribution in seed::distributions() {
                world.put(distribution)?;
            }
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks =
            vec![serve_api(api, &world, stopped.clone()), serve_edge(edge, &world, None, stopped.clone())];
        if let Some(listener) = edge_tls {
            let known = world.clone();
            let tls: TlsFor = Arc::new(move |name| tls::config_for(&known.shared.lock(), name));
            tasks.push(serve_edge(listener, &world, Some(tls), stopped));
        }
        Ok(Self { world, api: api_address, edge_tls: edge_tls_address, stop, tasks })
    }

    /// The API's address, for `AWS_ENDPOINT_URL_CLOUDFRONT`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}", self.api)
    }

    /// The edge's address. Which distribution answers there depends on the `Host` header.
    #[must_use]
    pub fn edge_url(&self) -> String {
        format!("http://{}", self.world.edge)
    }

    /// The edge's address for HTTPS, if it has one. The name that TLS asks for decides the certificate.
    #[must_use]
    pub fn edge_tls_url(&self) -> Option<String> {
        self.edge_tls.map(|address| format!("https://{address}"))
    }

    /// The edge of one distribution, for a browser: `http://<label>.localhost:<port>`.
    #[must_use]
    pub fn edge_url_of(&self, distribution: &str) -> Option<String> {
        let state = self.world.shared.lock();
        state.distribution(distribution).map(|known| self.world.edge_url_of(known))
    }

    /// The folder whose files a distribution serves.
    #[must_use]
    pub fn origin_of(&self, distribution: &str) -> Option<PathBuf> {
        let state = self.world.shared.lock();
        state.distribution(distribution).map(|known| self.world.folder_of(known))
    }

    /// The sandbox's time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    /// What was called, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.world.shared.lock().calls.after(0)
    }

    /// What viewers asked the edge for, oldest first.
    #[must_use]
    pub fn views(&self) -> Vec<View> {
        self.world.shared.lock().views.after(0)
    }

    /// Forgets what was called.
    pub fn clear_calls(&self) {
        let mut state = self.world.shared.lock();
        state.calls.clear();
        // Without its line in the state file, the next run only remembers more than it needs to.
        let _ = state.note(&Line::CallsCleared);
    }

    /// Puts these rules in the place of all that were there; none clears them.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.world.shared.lock().faults.set(faults, self.world.clock.now());
    }

    /// The rules in force.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.world.shared.lock().faults.list()
    }

    /// Puts these rules of the edge in the place of all that were there; none clears them.
    pub fn set_edge_rules(&self, rules: Vec<EdgeRule>) {
        self.world.shared.lock().edge_rules.set(rules, self.world.clock.now());
    }

    /// The rules of the edge in force.
    #[must_use]
    pub fn edge_rules(&self) -> Vec<EdgeRule> {
        self.world.shared.lock().edge_rules.list()
    }

    /// How it behaves now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.world.shared.lock().settings.clone()
    }

    /// Changes how it behaves: `sandbox.change_settings(|settings| settings.reachable = false)`.
    pub fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.world.shared.lock().settings);
    }

    /// Adds a distribution, or puts it in the place of the one with its ID; makes its origin folder if it is missing.
    pub fn add_distribution(&self, distribution: Distribution) -> io::Result<()> {
        self.world.put(distribution)
    }

    /// Takes a distribution away with its invalidations.
    pub fn remove_distribution(&self, id: &str) {
        self.world.shared.lock().remove_distribution(id);
    }

    /// The distributions in the order of `ListDistributions`.
    #[must_use]
    pub fn distributions(&self) -> Vec<Distribution> {
        self.world.shared.lock().distributions.clone()
    }

    /// The invalidations of a distribution, oldest first.
    #[must_use]
    pub fn invalidations(&self, distribution: &str) -> Vec<Invalidation> {
        let state = self.world.shared.lock();
        state.ledgers.get(distribution).map(|ledger| ledger.all().to_vec()).unwrap_or_default()
    }

    /// Makes an invalidation as another program does, such as the console of AWS. Fails with CloudFront's message where
    /// CloudFront refuses it.
    pub fn create_invalidation(
        &self,
        distribution: &str,
        access_key: &str,
        caller_reference: &str,
        items: &[&str],
    ) -> Result<(), String> {
        let batch = Batch::new(caller_reference, items);
        let now = self.world.clock.now();
        let state = &mut self.world.shared.lock();
        let made = create_invalidation(state, now, distribution, access_key, Ok(&batch));
        made.map(|_| ()).map_err(|error| error.message)
    }

    /// Ends both servers and all their connections.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = task.await;
        }
    }
}

fn serve_api(listener: TcpListener, world: &Arc<World>, stopped: watch::Receiver<bool>) -> JoinHandle<()> {
    let world = world.clone();
    let handler = move |request, connection| api::handle(world.clone(), request, connection);
    tokio::spawn(server::serve(listener, http1::Builder::new(), None, stopped, handler))
}

fn serve_edge(
    listener: TcpListener,
    world: &Arc<World>,
    tls: Option<TlsFor>,
    stopped: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let (world, is_https) = (world.clone(), tls.is_some());
    let handler = move |mut request: Request<Incoming>, connection| {
        if is_https {
            request.headers_mut().insert(FORWARDED_PROTO, HeaderValue::from_static("https"));
        }
        edge::handle(world.clone(), request, connection)
    };
    let mut http = http1::Builder::new();
    // The edge's `Date` goes by the sandbox's clock, and a rule may take it away.
    http.auto_date_header(false);
    tokio::spawn(server::serve(listener, http, tls, stopped, handler))
}
