//! The state that all handlers of the API share.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use tokio_util::sync::CancellationToken;

use crate::{
    commands::CommandContext,
    domain::{invalidations::queue::Throughput, once_a_minute::OnceAMinute},
    http::state::AppState,
};

use super::{refused_tokens::Told, wait_limit::WaitLimit};

/// The maximum number of requests that wait for an invalidation to end: in all, and for one token or person.
const WAITERS: (usize, usize) = (256, 20);
/// The maximum number of requests that wait for something to look at: in all, and for one probe.
const PROBE_WAITERS: (usize, usize) = (100, 3);
/// The maximum number of open streams: in all, and for one token or person.
const STREAMS: (usize, usize) = (100, 10);

/// The state of the API. Clones share it.
#[derive(Debug, Clone)]
pub struct Api(Arc<ApiShared>);

#[derive(Debug)]
pub struct ApiShared {
    /// The state that the pages use too.
    pub app: AppState,
    pub context: CommandContext,
    pub throughput: Throughput,
    pub waiters: WaitLimit,
    pub probe_waiters: WaitLimit,
    pub streams: WaitLimit,
    /// Limits how often refused tokens are written to the history.
    pub told: Mutex<OnceAMinute<Told>>,
    /// Cancelled when the service stops. Waiting requests are answered then, and streams end.
    pub stop: CancellationToken,
}

impl Api {
    #[must_use]
    pub fn new(app: AppState) -> Self {
        let (context, throughput, stop) = (app.context.clone(), app.options.throughput, app.stop.clone());
        Self(Arc::new(ApiShared {
            app,
            context,
            throughput,
            waiters: WaitLimit::new("waiting requests", WAITERS.0, WAITERS.1),
            probe_waiters: WaitLimit::new("requests of probes", PROBE_WAITERS.0, PROBE_WAITERS.1),
            streams: WaitLimit::new("streams", STREAMS.0, STREAMS.1),
            told: Mutex::default(),
            stop,
        }))
    }
}

impl Deref for Api {
    type Target = ApiShared;

    fn deref(&self) -> &ApiShared {
        &self.0
    }
}
