//! What all handlers of the API share.

use std::{ops::Deref, sync::Arc};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{domain::batching::Limits, ops::Desk};

/// The most requests that wait for an invalidation to end.
const WAITERS: usize = 256;
/// The most open streams.
const STREAMS: usize = 100;

/// The state behind the API. Clones share it.
#[derive(Debug, Clone)]
pub struct Api(Arc<Shared>);

#[derive(Debug)]
pub struct Shared {
    pub desk: Desk,
    pub limits: Limits,
    /// The address that people type, where it is known.
    pub public_url: Option<String>,
    pub waiters: Arc<Semaphore>,
    pub streams: Arc<Semaphore>,
    /// Cancelled when the service stops: whoever waits is answered then.
    pub stop: CancellationToken,
}

impl Api {
    #[must_use]
    pub fn new(desk: Desk, limits: Limits, public_url: Option<String>, stop: CancellationToken) -> Self {
        Self(Arc::new(Shared {
            desk,
            limits,
            public_url,
            waiters: Arc::new(Semaphore::new(WAITERS)),
            streams: Arc::new(Semaphore::new(STREAMS)),
            stop,
        }))
    }
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
