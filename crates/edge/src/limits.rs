//! How many looks go on at one time: so many in all, and only a part of them at one host.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::FetchError;

/// The limit. A look that finds no place waits: first for one of its host, then for one of all, so that looks at a
/// host that hangs never hold more than that host's part.
#[derive(Debug)]
pub(crate) struct LookLimits {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    for_one: usize,
}

/// A place for one look. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct LookPermit {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl LookLimits {
    pub(crate) fn new(all: usize, for_one: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(all)), hosts: Mutex::default(), for_one }
    }

    /// Waits for a place. `Err(Busy)` if there is none after this time.
    pub(crate) async fn acquire(&self, host: &str, patience: Duration) -> Result<LookPermit, FetchError> {
        let of_host = self.of(host);
        let both = async {
            let host = of_host.acquire_owned().await?;
            let all = Arc::clone(&self.all).acquire_owned().await?;
            Ok::<_, tokio::sync::AcquireError>(LookPermit { _host: host, _all: all })
        };
        match timeout(patience, both).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(FetchError::Busy),
        }
    }

    fn of(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        // A permit and a wait hold the semaphore too. So who is alone in holding it is the map.
        hosts.retain(|_, semaphore| Arc::strong_count(semaphore) > 1);
        let key = host.trim_end_matches('.').to_ascii_lowercase();
        let found = hosts.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.for_one)));
        Arc::clone(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_host_gets_a_part_of_all_places_and_they_come_back() {
        let limits = LookLimits::new(3, 2);
        let soon = Duration::from_millis(5);
        let a = limits.acquire("hangs.example", soon).await.unwrap();
        let b = limits.acquire("HANGS.example.", soon).await.unwrap();
        assert!(matches!(limits.acquire("hangs.example", soon).await, Err(FetchError::Busy)));
        let other = limits.acquire("other.example", soon).await.unwrap();
        assert!(matches!(limits.acquire("third.example", soon).await, Err(FetchError::Busy)));
        drop(a);
        let third = limits.acquire("third.example", soon).await.unwrap();
        drop((b, other, third));
        let again = limits.acquire("hangs.example", soon).await.unwrap();
        assert_eq!(limits.hosts.lock().unwrap().len(), 1);
        drop(again);
        assert_eq!(limits.all.available_permits(), 3);
    }
}
