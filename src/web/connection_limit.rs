//! The limit of connections at one time: so many in all, and only a part of them for one peer, so that slow clients of
//! one address leave room for everybody else.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::rate;

/// The most connections at one time.
const ALL: usize = 4_096;
/// The most from one address, or one /64 of IPv6, that is no trusted proxy.
const ONE: usize = 1_024;

/// The seats. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct ConnectionLimit(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// One seat; it is free again when dropped.
#[derive(Debug)]
pub struct ConnectionPermit {
    seats: ConnectionLimit,
    peer: IpAddr,
}

impl ConnectionLimit {
    /// Takes a seat; `None` where there is none left. A proxy speaks for many and is bounded by the whole only.
    pub fn take(&self, peer: IpAddr, is_proxy: bool) -> Option<ConnectionPermit> {
        let peer = rate::one(peer);
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.by_peer.get(&peer).copied().unwrap_or_default();
        if taken.all >= ALL || (own >= ONE && !is_proxy) {
            return None;
        }
        taken.all += 1;
        taken.by_peer.insert(peer, own + 1);
        Some(ConnectionPermit { seats: self.clone(), peer })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut taken = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.by_peer.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                taken.by_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_peer_gets_a_part_and_seats_come_back() {
        let seats = ConnectionLimit::default();
        let (greedy, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let mut held: Vec<ConnectionPermit> = std::iter::from_fn(|| seats.take(greedy, false)).collect();
        assert_eq!(held.len(), ONE);
        assert!(seats.take(other, false).is_some());
        held.pop();
        assert!(seats.take(greedy, false).is_some());
        let proxied: Vec<ConnectionPermit> = std::iter::from_fn(|| seats.take(other, true)).collect();
        assert_eq!(held.len() + proxied.len(), ALL);
        drop((held, proxied));
        let mut network = (0..=ONE).map(|last| {
            let last = u16::try_from(last).unwrap();
            seats.take(std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into(), false)
        });
        let network: Vec<_> = network.by_ref().collect();
        assert_eq!(network.iter().flatten().count(), ONE, "a whole /64 is one");
        drop(network);
        assert_eq!(seats.0.lock().unwrap().all, 0);
        assert!(seats.0.lock().unwrap().by_peer.is_empty());
    }
}
