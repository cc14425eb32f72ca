//! Limits the connections in all and for each peer, so that slow clients at one address leave connections for
//! everybody else.

use std::net::IpAddr;

use crate::{
    http::layers::rate,
    keyed_limit::{KeyedLimit, Permit},
};

/// The maximum number of open connections.
const ALL: usize = 4_096;
/// The maximum number from one address, or one /64 network of IPv6, that is not a trusted proxy.
const ONE: usize = 1_024;

/// The connections that are open. Clones share them.
#[derive(Debug, Clone)]
pub struct ConnectionLimit(KeyedLimit<IpAddr>);

impl Default for ConnectionLimit {
    fn default() -> Self {
        Self(KeyedLimit::new(ALL, ONE))
    }
}

impl ConnectionLimit {
    /// A permit for one connection. `None` if there are too many. A proxy sends requests of many clients, so only
    /// the limit for all applies to it.
    pub fn acquire(&self, peer: IpAddr, is_proxy: bool) -> Option<Permit<IpAddr>> {
        let peer = rate::one(peer);
        if is_proxy { self.0.acquire_for_many(peer).ok() } else { self.0.acquire(peer).ok() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_gets_a_part_and_connections_come_back() {
        let limit = ConnectionLimit::default();
        let (greedy, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut held: Vec<Permit<IpAddr>> = std::iter::from_fn(|| limit.acquire(greedy, false)).collect();
        assert_eq!(held.len(), ONE);
        assert!(limit.acquire(other, false).is_some());
        held.pop();
        assert!(limit.acquire(greedy, false).is_some());
        let proxied: Vec<Permit<IpAddr>> = std::iter::from_fn(|| limit.acquire(other, true)).collect();
        assert_eq!(held.len() + proxied.len(), ALL);
        drop((held, proxied));
        let mut network = (0..=ONE).map(|last| {
            let last = u16::try_from(last).unwrap();
            limit.acquire(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into(), false)
        });
        let network: Vec<_> = network.by_ref().collect();
        assert_eq!(network.iter().flatten().count(), ONE, "a whole /64 is one");
        drop(network);
        assert!(limit.acquire(greedy, false).is_some(), "they come back");
    }
}
