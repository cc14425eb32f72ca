//! How many looks go on at one time, so many in all and only a part of them at one host, and how many begin in a second.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep_until, timeout},
};

use crate::{client::Bounds, error::FetchError};

/// The limit. A look that finds no place waits: first for one of its host, then for one of all, so that looks at a
/// host that hangs never hold more than that host's part.
#[derive(Debug)]
pub(crate) struct LookLimits {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    for_one: usize,
    pace: LookPace,
}

/// How soon one look may begin after another.
#[derive(Debug)]
struct LookPace {
    gap: Duration,
    /// What a pause saves up: as many looks begin at once as may go on.
    saved: Duration,
    /// When the next look may begin. `None` before the first.
    next: Mutex<Option<Instant>>,
}

impl LookPace {
    fn new(a_second: u32, at_once: usize) -> Self {
        let gap = Duration::from_secs(1) / a_second.max(1);
        let saved = gap * u32::try_from(at_once.saturating_sub(1)).unwrap_or(u32::MAX);
        Self { gap, saved, next: Mutex::default() }
    }

    /// Takes a turn; gives when it begins.
    fn take_turn(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(self.saved).unwrap_or(now);
        let turn = next.map_or(earliest, |next| next.max(earliest));
        *next = Some(turn + self.gap);
        turn
    }
}

/// A place for one look. Dropping it gives the place back.
#[derive(Debug)]
pub(crate) struct LookPermit {
    _host: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl LookLimits {
    pub(crate) fn new(bounds: &Bounds) -> Self {
        Self {
            all: Arc::new(Semaphore::new(bounds.looks)),
            hosts: Mutex::default(),
            for_one: bounds.looks_of_host,
            pace: LookPace::new(bounds.looks_a_second, bounds.looks),
        }
    }

    /// Waits for a place, and until a look may begin. `Err(Busy)` if none may after this time.
    pub(crate) async fn acquire(&self, host: &str, patience: Duration) -> Result<LookPermit, FetchError> {
        let of_host = self.of(host);
        let both = async {
            let host = of_host.acquire_owned().await?;
            let all = Arc::clone(&self.all).acquire_owned().await?;
            sleep_until(self.pace.take_turn(Instant::now()).into()).await;
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

    fn limits(looks: usize, looks_of_host: usize) -> LookLimits {
        // So many in a second that none waits for its turn.
        LookLimits::new(&Bounds { looks, looks_of_host, looks_a_second: u32::MAX, ..Bounds::default() })
    }

    #[test]
    fn a_burst_is_followed_by_a_pace() {
        let (pace, start) = (LookPace::new(10, 3), Instant::now());
        let mut turns = Vec::new();
        for _ in 0..5 {
            turns.push(pace.take_turn(start).saturating_duration_since(start).as_millis());
        }
        assert_eq!(turns, [0, 0, 0, 100, 200]);
        // A pause saves up no more than the burst.
        let later = start + Duration::from_mins(1);
        let at_once = (0..5).filter(|_| pace.take_turn(later) <= later).count();
        assert_eq!(at_once, 3);
    }

    #[tokio::test]
    async fn a_host_gets_a_part_of_all_places_and_they_come_back() {
        let limits = limits(3, 2);
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
