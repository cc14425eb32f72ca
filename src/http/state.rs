//! What all handlers share.

use std::{
    net::SocketAddr,
    ops::Deref,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::sync::CancellationToken;

use crate::{
    commands::CommandContext,
    domain::{
        invalidations::{batching::Limits, pace::Pace, ticket::Tickets},
        sign_in::throttle::Throttle,
    },
    heartbeats::Heartbeats,
    http::{
        event_stream::{Hub, StreamLimit},
        layers::rate::Rate,
    },
};

use super::{authentication_methods::AuthenticationMethods, once_a_minute::OnceAMinuteLog, ready};

/// How the pages are served.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// The address that people type, where it is known.
    pub public_url: Option<String>,
    pub limits: Limits,
    /// The pace at which CloudFront is sent to, for foretelling when a queued request starts.
    pub create: Pace,
    /// How long a request may take.
    pub timeout: Duration,
    /// How often one client may ask.
    pub rate: Rate,
    pub authentication_methods: AuthenticationMethods,
    /// How tickets in reasons become links.
    pub tickets: Option<Tickets>,
    pub demo: Option<Demo>,
    /// Where workers note that they go on.
    pub heartbeats: Heartbeats,
}

/// What the demo's pages tell of the site that it plays with.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The site as viewers get it from the edge.
    pub edge_url: String,
    /// The edge's socket, and the host by which it knows the site.
    pub edge: SocketAddr,
    pub host: String,
    /// The folder that the edge fetches it from.
    pub folder: PathBuf,
    /// The distribution that the story is about.
    pub distribution: String,
    /// The account that the one click signs in.
    pub email: String,
}

/// The state behind every page. Clones share it.
#[derive(Debug, Clone)]
pub struct AppState(Arc<SharedState>);

#[derive(Debug)]
pub struct SharedState {
    pub context: CommandContext,
    pub options: HttpOptions,
    pub hub: Hub,
    /// The pages that are open.
    pub streams: StreamLimit,
    /// Who tried passwords and codes how often.
    pub throttle: Mutex<Throttle>,
    /// What a stranger can cause is in the history once a minute.
    pub minute: OnceAMinuteLog,
    /// The last answer of `/readyz`.
    pub readiness: ready::CachedReadiness,
    /// Cancelled when the service stops: streams end then.
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
            stop,
        }))
    }

    /// Passes new events on to all open pages, until the service stops.
    pub async fn pass_events_on(&self) {
        self.hub.run(&self.stop).await;
    }

    /// Do viewers come over https? Then cookies are bound to it.
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
