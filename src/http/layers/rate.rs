//! Limits how often one client may send requests. The limit is far above what a person or a page needs, and far
//! below a flood.

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
    http::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    response::{IntoResponse, Response},
};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};

use crate::http::{
    error::HttpError, problem::is_for_programs, request_origin::RequestOrigin, state::AppState,
};

use super::rejected_requests::RejectedRequest;

type Limiter = RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

/// The number of requests after which idle clients are forgotten.
const SWEEP: u32 = 10_000;
/// The burst, as seconds of the rate: after a rest of this length a client may send all of them at once.
const REST: u32 = 4;

/// Counts the requests of each client. An IPv6 client is its /64 network. Clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Rate(Option<Arc<Counts>>);

#[derive(Debug)]
struct Counts {
    limiter: Limiter,
    a_second: NonZeroU32,
    asked: AtomicU32,
}

/// What a client may still send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Remaining {
    a_second: NonZeroU32,
    requests: u32,
}

/// The result of counting one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RateOutcome {
    Unlimited,
    Yes(Remaining),
    /// The request is refused. The client may send the next one after this time.
    No(Remaining, Duration),
}

impl Rate {
    /// A limit of `a_second` requests a second, and four times as many at once after a rest. Zero means no limit.
    #[must_use]
    pub fn new(a_second: u32) -> Self {
        let Some(rate) = NonZeroU32::new(a_second) else { return Self(None) };
        let limiter = RateLimiter::hashmap(Quota::per_second(rate).allow_burst(burst(rate)))
            .with_middleware::<StateInformationMiddleware>();
        Self(Some(Arc::new(Counts { limiter, a_second: rate, asked: AtomicU32::new(0) })))
    }

    /// Counts one request and says whether it may go on.
    fn take(&self, client: IpAddr) -> RateOutcome {
        let Some(counts) = &self.0 else { return RateOutcome::Unlimited };
        if counts.asked.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            counts.limiter.retain_recent();
            counts.limiter.shrink_to_fit();
        }
        let left = |requests| Remaining { a_second: counts.a_second, requests };
        match counts.limiter.check_key(&one(client)) {
            Ok(state) => RateOutcome::Yes(left(state.remaining_burst_capacity())),
            Err(until) => RateOutcome::No(left(0), until.wait_time_from(DefaultClock::default().now())),
        }
    }
}

/// The number of requests that may come at once after a rest.
const fn burst(a_second: NonZeroU32) -> NonZeroU32 {
    a_second.saturating_mul(NonZeroU32::MIN.saturating_add(REST - 1))
}

impl Remaining {
    /// Seconds until the client may send a full burst again.
    fn seconds_to_rest(self) -> u32 {
        (burst(self.a_second).get() - self.requests).div_ceil(self.a_second.get())
    }

    /// Writes it to the headers for programs (draft-ietf-httpapi-ratelimit-headers, as structured fields).
    fn tell(self, headers: &mut HeaderMap) {
        let quota = burst(self.a_second);
        let policy = format!("\"requests\";q={quota};w={REST}");
        let limit = format!("\"requests\";r={};t={}", self.requests, self.seconds_to_rest());
        for (name, value) in [("ratelimit-policy", policy), ("ratelimit", limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// The address under which a client is counted: an IPv4 address, or the /64 network of an IPv6 address.
pub fn one(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// Refuses a client that sends too many requests, and tells programs how many they may still send. Health checks
/// are not counted.
pub async fn limit(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    let programs = is_for_programs(request.uri().path());
    let origin = RequestOrigin::of(request.extensions());
    let client = origin.client_address.parse().ok();
    let taken = client.map_or(RateOutcome::Unlimited, |client| app.options.rate.take(client));
    let (mut response, left) = match taken {
        RateOutcome::Unlimited => return next.run(request).await,
        RateOutcome::Yes(left) => (next.run(request).await, left),
        RateOutcome::No(left, wait) => {
            RejectedRequest::TooOften.tell(&app, &origin, "too many requests a second").await;
            (HttpError::TooOften(wait).into_response(), left)
        }
    };
    if programs {
        left.tell(response.headers_mut());
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_let_through(rate: &Rate, client: &str) -> bool {
        !matches!(rate.take(client.parse().unwrap()), RateOutcome::No(..))
    }

    #[test]
    fn a_burst_goes_through_and_then_one_waits_and_nobody_else_does() {
        let rate = Rate::new(1);
        let flood: IpAddr = "192.0.2.1".parse().unwrap();
        let left = |requests| Remaining { a_second: NonZeroU32::MIN, requests };
        for requests in [3, 2, 1, 0] {
            assert_eq!(rate.take(flood), RateOutcome::Yes(left(requests)));
        }
        let RateOutcome::No(none, wait) = rate.take(flood) else { panic!("a fifth") };
        assert!(none == left(0) && !wait.is_zero() && wait <= Duration::from_secs(1), "{wait:?}");
        assert!(is_let_through(&rate, "192.0.2.2"));
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one_client() {
        let rate = Rate::new(1);
        for last in 1..5 {
            assert!(is_let_through(&rate, &format!("2001:db8::{last}")));
        }
        assert!(!is_let_through(&rate, "2001:db8::77"));
        assert!(is_let_through(&rate, "2001:db8:0:1::1"));
        assert!(is_let_through(&rate, "::ffff:192.0.2.1"), "IPv4 in IPv6's clothes is IPv4");
    }

    #[test]
    fn zero_is_no_limit() {
        let rate = Rate::new(0);
        assert!((0..10_000).all(|_| is_let_through(&rate, "192.0.2.1")));
    }

    #[test]
    fn what_is_left_is_said_in_structured_fields() {
        let a_second = NonZeroU32::new(50).unwrap();
        for (requests, limit) in
            [(200, "\"requests\";r=200;t=0"), (199, "\"requests\";r=199;t=1"), (0, "\"requests\";r=0;t=4")]
        {
            let mut headers = HeaderMap::new();
            Remaining { a_second, requests }.tell(&mut headers);
            assert_eq!(headers["ratelimit-policy"], "\"requests\";q=200;w=4");
            assert_eq!(headers["ratelimit"], limit);
        }
    }
}
