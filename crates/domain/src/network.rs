//! Where a request comes from: the client behind trusted proxies, and the network that a client belongs to.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;

/// A client's network: /24 of IPv4, /64 of IPv6. One client can often use every address of such a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    V4(u32),
    V6(u64),
    Unknown,
}

impl Network {
    #[must_use]
    pub fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => Self::V4(address.to_bits() >> 8),
            Some(IpAddr::V6(address)) => Self::V6(u64::try_from(address.to_bits() >> 64).unwrap_or(0)),
            None => Self::Unknown,
        }
    }
}

/// The networks of the trusted proxies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trusted(Vec<IpNet>);

/// The shortest prefix lengths that may be trusted. A shorter prefix would include many strangers.
const WIDEST_V4: u8 = 8;
const WIDEST_V6: u8 = 16;

impl fmt::Display for Trusted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&networks.join(", "))
    }
}

impl Trusted {
    /// Reads a comma-separated list of networks and addresses. `Err` names the entry that is not a network, or that
    /// is too wide to be trusted.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut networks = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let address = part.parse::<IpAddr>().map(IpNet::from);
            let network = part.parse::<IpNet>().or(address).map_err(|_| {
                format!("{part:?} is not a network; write them like 10.0.0.0/16,fd00:1234::/32")
            })?;
            let widest = match network {
                IpNet::V4(_) => WIDEST_V4,
                IpNet::V6(_) => WIDEST_V6,
            };
            if network.prefix_len() < widest {
                return Err(format!(
                    "{part} would trust half of the internet; name the networks of your proxies, /{widest} or smaller"
                ));
            }
            networks.push(network.trunc());
        }
        Ok(Self(networks))
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this address belongs to a trusted proxy.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client's address: the peer, or if the peer is a trusted proxy, the right-most address that is not one.
    ///
    /// `forwarded_for` has the values of all `X-Forwarded-For` headers, in their order. They are read from right to
    /// left, because each proxy appends the address that it saw. The first address that is not a trusted proxy is
    /// the client; everything to its left was sent by that client and may be false. If all are trusted, the
    /// left-most is returned. Reading stops at an entry that is not an address; then the last address that was read
    /// is returned.
    #[must_use]
    pub fn client(&self, peer: IpAddr, forwarded_for: &[&str]) -> IpAddr {
        let mut client = peer.to_canonical();
        let hops = forwarded_for.iter().rev().flat_map(|value| value.rsplit(','));
        for hop in hops {
            if !self.contains(client) {
                return client;
            }
            match read_hop(hop.trim()) {
                Some(address) => client = address,
                None => return client,
            }
        }
        client
    }
}

/// Reads an address as proxies write it: alone, in brackets, or with a port. `None` for `0.0.0.0` too, because it
/// is not the address of a client.
fn read_hop(text: &str) -> Option<IpAddr> {
    let bare = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<std::net::SocketAddr>().ok().map(|socket| socket.ip());
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let address = bare.or_else(with_port).or_else(bracketed)?.to_canonical();
    (address != IpAddr::V4(Ipv4Addr::UNSPECIFIED)).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted() -> Trusted {
        Trusted::parse("10.0.0.0/16, 127.0.0.1,fd00:1::/32").unwrap()
    }

    #[test]
    fn wide_networks_are_not_trusted() {
        for wide in ["0.0.0.0/0", "::/0", "10.0.0.0/7", "fc00::/7", "2000::/15", "x", "10.0.0.0/33"] {
            assert!(Trusted::parse(wide).is_err(), "{wide}");
        }
        assert!(Trusted::parse("10.0.0.0/8").is_ok());
        assert!(Trusted::parse("").unwrap().is_empty());
    }

    #[test]
    fn the_client_is_the_right_most_address_that_is_not_ours() {
        let client = |peer: &str, hops: &[&str]| trusted().client(peer.parse().unwrap(), hops).to_string();
        assert_eq!(client("203.0.113.5", &["1.2.3.4"]), "203.0.113.5", "an untrusted peer is the client");
        assert_eq!(client("10.0.3.4", &[]), "10.0.3.4");
        assert_eq!(client("10.0.3.4", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(client("10.0.3.4", &["6.6.6.6, 198.51.100.7, 10.0.9.9"]), "198.51.100.7");
        assert_eq!(client("10.0.3.4", &["6.6.6.6", "198.51.100.7", "10.0.9.9"]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.3.4", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(client("fd00:1::9", &["[2001:db8::7]:99"]), "2001:db8::7");
        assert_eq!(
            client("10.0.3.4", &["198.51.100.7, unknown"]),
            "10.0.3.4",
            "nothing behind what is unreadable"
        );
        assert_eq!(client("10.0.3.4", &["10.0.0.1, 10.0.0.2"]), "10.0.0.1");
    }

    #[test]
    fn neighbours_are_one_network() {
        let network = |text: &str| Network::of(Some(text.parse().unwrap()));
        assert_eq!(network("192.0.2.1"), network("::ffff:192.0.2.200"));
        assert_ne!(network("192.0.2.1"), network("192.0.3.1"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::2:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
    }
}
