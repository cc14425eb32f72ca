//! The private networks that channels may reach, because whoever runs the service has named them.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

/// Networks beside the public internet that messages may be posted to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedNetworks(Vec<IpNet>);

impl AllowedNetworks {
    /// Reads a comma-separated list of networks and addresses. `Err` names the entry that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let networks = parts.map(|part| {
            let address = part.parse::<IpAddr>().map(IpNet::from);
            let network = part.parse::<IpNet>().or(address);
            network
                .map(|network| network.trunc())
                .map_err(|_| format!("{part:?} is not a network; write them like 10.20.0.0/16,192.168.7.5"))
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl fmt::Display for AllowedNetworks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&networks.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_addresses_are_read() {
        let networks = AllowedNetworks::parse(" 10.20.0.0/16, 192.168.7.5,, fd00::/8").unwrap();
        for (address, is_in) in [
            ("10.20.3.4", true),
            ("::ffff:10.20.3.4", true),
            ("10.21.0.1", false),
            ("192.168.7.5", true),
            ("192.168.7.6", false),
            ("fd00::1", true),
        ] {
            assert_eq!(networks.contains(address.parse().unwrap()), is_in, "{address}");
        }
        assert_eq!(networks.to_string(), "10.20.0.0/16,192.168.7.5/32,fd00::/8");
        assert!(AllowedNetworks::parse("10.20.0.0/16, intern").unwrap_err().starts_with("\"intern\""));
        assert!(!AllowedNetworks::default().contains(IpAddr::from([127, 0, 0, 1])));
    }
}
