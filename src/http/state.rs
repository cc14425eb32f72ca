//! The state that all handlers share.

use std::{
    io,
    net::SocketAddr,
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{
    backup_status::BackupStatus,
    commands::CommandContext,
    domain::{
        backups::BackupPlace,
        invalidations::{queue::Throughput, ticket::Tickets},
        sign_in::throttle::Throttle,
        time::Timestamp,
    },
    file_thread::FileThread,
    heartbeats::Heartbeats,
    http::{
        event_stream::{Hub, StreamLimit},
        layers::rate::Rate,
        metrics::MetricsOptions,
    },
};

use super::{authentication_methods::AuthenticationMethods, once_a_minute::OnceAMinuteLog, ready};

/// The settings of the pages and the API.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The URL that people open, if it is set.
    pub public_url: Option<String>,
    /// The limits of a distribution, and the pace of calls, for estimating when a queued request starts.
    pub throughput: Throughput,
    /// How long a request may take.
    pub timeout: Duration,
    /// The limit on how often one client may send requests.
    pub rate: Rate,
    pub authentication_methods: AuthenticationMethods,
    /// The rule that turns tickets in reasons into links.
    pub tickets: Option<Tickets>,
    pub demo: Option<Demo>,
    /// Whether the service looks at what viewers get.
    pub are_checks_on: bool,
    /// Where the workers record that they are running.
    pub heartbeats: Heartbeats,
    /// The backups that the service makes by itself. `None` if it makes none.
    pub backups: Option<ScheduledBackups>,
    /// What `/metrics` shows, and to whom. `None` if nothing is recorded.
    pub metrics: Option<MetricsOptions>,
}

/// The backups that the service makes by itself, as a page looks at them.
#[derive(Debug, Clone)]
pub struct ScheduledBackups {
    pub place: BackupPlace,
    pub every: Duration,
    /// What the worker knows of them.
    pub status: BackupStatus,
    /// Reads when the newest one in a folder was begun. It blocks.
    pub newest: fn(&Path, Timestamp) -> io::Result<Option<Timestamp>>,
}

/// What the demo's pages show about the example site.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The URL at which viewers get the site from the edge.
    pub edge_url: String,
    /// The address of the edge, and the host name by which it knows the site.
    pub edge: SocketAddr,
    pub host: String,
    /// The folder that is the origin of the site.
    pub folder: PathBuf,
    /// The distribution of the example site.
    pub distribution: String,
    /// The account that the demo's button signs in.
    pub email: String,
}

/// The state of all pages and of the API. Clones share it.
#[derive(Debug, Clone)]
pub struct AppState(Arc<SharedState>);

#[derive(Debug)]
pub struct SharedState {
    pub context: CommandContext,
    pub options: HttpOptions,
    pub hub: Hub,
    /// The streams that are open.
    pub streams: StreamLimit,
    /// Counts the attempts with passwords and codes.
    pub throttle: Mutex<Throttle>,
    /// Limits how often events that a stranger can cause are written to the history.
    pub minute: OnceAMinuteLog,
    /// The last answer of `/readyz`.
    pub readiness: ready::CachedReadiness,
    /// Reads files for `/metrics` and the page of the system.
    pub files: FileThread,
    /// Cancelled when the service stops. Streams end then.
    pub stop: CancellationToken,
}

impl AppState {
    #[must_use]
    pub fn new(context: CommandContext, options: HttpOptions, stop: CancellationToken) -> Self {
        let hub = Hub::new(context.clone());
        Self(Arc::new(SharedState {
            context,
            options,
            hub,
            streams: StreamLimit::default(),
            throttle: Mutex::default(),
            minute: OnceAMinuteLog::default(),
            readiness: ready::CachedReadiness::default(),
            files: FileThread::default(),
            stop,
        }))
    }

    /// Passes new events on to all open streams until the service stops.
    pub async fn pass_events_on(&self) {
        self.hub.run(&self.stop).await;
    }

    /// Whether people open the pages over https. If so, cookies are sent only over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.options.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

impl Deref for AppState {
    type Target = SharedState;
    fn deref(&self) -> &SharedState {
        &self.0
    }
}
