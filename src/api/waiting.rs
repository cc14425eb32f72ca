//! Requests that wait until something has happened.

use std::time::Duration;

use tokio::time::Instant;

use crate::{http::caller::Caller, notify::Listener};

use super::{error::ApiError, state::Api, wait_limit::WaitPermit};

/// The longest time between two reads. Other replicas do not notify this process, so this is how soon their changes
/// are seen.
const HEARTBEAT: Duration = Duration::from_millis(500);
/// The pause after a notification before the read, so that one read covers several commits.
const TOGETHER: Duration = Duration::from_millis(100);

/// One request that waits. It holds a place among those that may wait at the same time.
#[derive(Debug)]
pub struct Waiting<'a> {
    api: &'a Api,
    notifier: Listener,
    until: Instant,
    _permit: WaitPermit,
}

impl<'a> Waiting<'a> {
    /// Begins to wait for at most so long. `Err` if too many wait already.
    pub fn begin(api: &'a Api, caller: &Caller, most: Duration) -> Result<Self, ApiError> {
        Ok(Self::with(api, api.waiters.acquire(&caller.acting.actor)?, most))
    }

    /// Begins to wait with a permit that was taken before.
    pub fn with(api: &'a Api, permit: WaitPermit, most: Duration) -> Self {
        Self { api, notifier: api.context.notifier.listen(), until: Instant::now() + most, _permit: permit }
    }

    /// Waits until something may have changed. `false` if the time is over or the service stops.
    pub async fn goes_on(&mut self) -> bool {
        tokio::select! {
            () = self.notifier.notified() => {
                tokio::time::sleep(TOGETHER).await;
                true
            }
            () = tokio::time::sleep(HEARTBEAT) => Instant::now() < self.until,
            () = tokio::time::sleep_until(self.until) => false,
            () = self.api.stop.cancelled() => false,
        }
    }
}
