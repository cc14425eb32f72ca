//! How often one client may ask. Far more than a person or a page needs, far less than a flood.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::domain::actor::Origin;

use super::{error::WebError, state::Web, turned_away::TurnedAway};

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock, NoOpMiddleware>;

/// Clients that are at rest are forgotten after so many requests.
const SWEEP: u32 = 10_000;

/// Counts the requests of each client; an IPv6 client is its /64. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Rate(Option<Arc<Counts>>);

#[derive(Debug)]
struct Counts {
    limiter: Limiter,
    asked: AtomicU32,
}

impl Rate {
    /// So many requests a second, and four times as many at once after a rest. Zero is no limit.
    #[must_use]
    pub fn new(a_second: u32) -> Self {
        let Some(rate) = NonZeroU32::new(a_second) else { return Self(None) };
        let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(3));
        let limiter = RateLimiter::hashmap(Quota::per_second(rate).allow_burst(burst));
        Self(Some(Arc::new(Counts { limiter, asked: AtomicU32::new(0) })))
    }

    /// Takes one request, or says how long to wait.
    fn take(&self, client: IpAddr) -> Result<(), Duration> {
        let Some(counts) = &self.0 else { return Ok(()) };
        if counts.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            counts.limiter.retain_recent();
            counts.limiter.shrink_to_fit();
        }
        let taken = counts.limiter.check_key(&one(client));
        taken.map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }
}

/// The address under which a client is counted.
pub fn one(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Turns a client away that asks far too often. Whether the process lives may be asked at any rate.
pub async fn limit(State(web): State<Web>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/healthz" {
        return next.run(request).await;
    }
    let origin = request.extensions().get::<Origin>().cloned().unwrap_or_default();
    let client = origin.client_address.parse().ok();
    match client.map_or(Ok(()), |client| web.options.rate.take(client)) {
        Ok(()) => next.run(request).await,
        Err(wait) => {
            TurnedAway::TooOften.tell(&web, &origin, "too many requests a second").await;
            WebError::TooOften(wait).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_one_waits_and_nobody_else_does() {
        let rate = Rate::new(1);
        let flood: IpAddr = "192.0.2.1".parse().unwrap();
        for _ in 0..4 {
            assert_eq!(rate.take(flood), Ok(()));
        }
        let wait = rate.take(flood).unwrap_err();
        assert!(!wait.is_zero() && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(rate.take("192.0.2.2".parse().unwrap()), Ok(()));
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one_client() {
        let rate = Rate::new(1);
        for last in 1..5 {
            assert_eq!(rate.take(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into()), Ok(()));
        }
        assert!(rate.take("2001:db8::77".parse().unwrap()).is_err());
        assert_eq!(rate.take("2001:db8:0:1::1".parse().unwrap()), Ok(()));
        assert!(rate.take("::ffff:192.0.2.1".parse().unwrap()).is_ok(), "IPv4 in IPv6's clothes is IPv4");
    }

    #[test]
    fn zero_is_no_limit() {
        let rate = Rate::new(0);
        assert!((0..10_000).all(|_| rate.take("192.0.2.1".parse().unwrap()).is_ok()));
    }
}
