//! What all handlers of the API share.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use tokio_util::sync::CancellationToken;

use crate::{
    commands::CommandContext,
    domain::{invalidations::batching::Limits, once_a_minute::OnceAMinute},
    http::state::AppState,
};

use super::{refused_tokens::Told, wait_limit::WaitLimit};

/// The most requests that wait for an invalidation to end, in all and of one token or person.
const WAITERS: (usize, usize) = (256, 20);
/// The most open streams.
const STREAMS: (usize, usize) = (100, 10);

/// The state behind the API. Clones share it.
#[derive(Debug, Clone)]
pub struct Api(Arc<ApiShared>);

#[derive(Debug)]
pub struct ApiShared {
    /// What the pages have too: who is signed in, and the commands.
    pub app: AppState,
    pub context: CommandContext,
    pub limits: Limits,
    pub waiters: WaitLimit,
    pub streams: WaitLimit,
    /// Tokens that let nobody in are in the history once a minute.
    pub told: Mutex<OnceAMinute<Told>>,
    /// Cancelled when the service stops: whoever waits is answered then.
    pub stop: CancellationToken,
}

impl Api {
    #[must_use]
    pub fn new(app: AppState) -> Self {
        let (context, limits, stop) = (app.context.clone(), app.options.limits, app.stop.clone());
        Self(Arc::new(ApiShared {
            app,
            context,
            limits,
            waiters: WaitLimit::new("waiting requests", WAITERS.0, WAITERS.1),
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
