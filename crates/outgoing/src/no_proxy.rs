//! The hosts that are never reached through a proxy: this machine, its link-local addresses, and the hosts of
//! `NO_PROXY`.

use std::net::IpAddr;

use ipnet::IpNet;

/// The hosts of `NO_PROXY`, in the forms that curl, Python and Go accept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    /// `None` matches any port.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    Network(IpNet),
    /// A domain and its subdomains, in lower case and without dots at its ends.
    Domain(String),
}

impl NoProxy {
    /// Parses names and networks that are separated by commas, blanks or tabs: `example.com`, `.example.com`,
    /// `*.example.com`, `192.0.2.7`, `10.0.0.0/8`, `[2001:db8::1]:8443`, `example.com:8443`, `*`.
    pub fn parse(text: &str) -> Self {
        let entries = text.split([',', ' ', '\t']).map(str::trim).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Rule::parse).collect())
    }

    pub fn covers(&self, host: &str, port: u16) -> bool {
        self.0.iter().any(|rule| rule.covers(host, port))
    }

    pub fn covers_all(&self) -> bool {
        self.0.iter().any(|rule| rule.hosts == Hosts::All && rule.port.is_none())
    }
}

impl Rule {
    fn parse(entry: &str) -> Option<Self> {
        if let Some(hosts) = Hosts::network(entry) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let hosts = Hosts::network(host).or_else(|| Hosts::named(host))?;
        Some(Self { hosts, port })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        self.port.is_none_or(|only| only == port) && self.hosts.cover(host)
    }
}

impl Hosts {
    fn network(text: &str) -> Option<Self> {
        let bare = bare(text);
        let network = bare.parse().or_else(|_| bare.parse::<IpAddr>().map(IpNet::from));
        network.ok().map(Self::Network)
    }

    fn named(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        let domain = text.strip_prefix('*').unwrap_or(text).trim_matches('.').to_ascii_lowercase();
        (!domain.is_empty()).then_some(Self::Domain(domain))
    }

    fn cover(&self, host: &str) -> bool {
        match self {
            Self::All => true,
            Self::Network(network) => address(host).is_some_and(|address| network.contains(&address)),
            Self::Domain(domain) => is_within(host, domain),
        }
    }
}

/// Whether the host is this machine or can be reached only from it. A proxy would connect to its own host of that
/// address instead: at the addresses for credentials of a role (`169.254.169.254`, `169.254.170.2`,
/// `fd00:ec2::254`), it would get the credentials of another machine.
pub fn is_near(host: &str) -> bool {
    let Some(address) = address(host) else { return is_within(host, "localhost") };
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_unspecified() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unspecified()
                || address.is_unicast_link_local()
                || address.segments()[..2] == [0xfd00, 0xec2]
        }
    }
}

fn is_within(host: &str, domain: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The IP address of a host. An IPv4-mapped IPv6 address becomes the IPv4 address.
fn address(host: &str) -> Option<IpAddr> {
    bare(host).parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_networks_and_ports_are_taken_in_all_their_forms() {
        for (rules, host, port, covered) in [
            ("example.com", "example.com", 443, true),
            ("example.com", "www.Example.COM.", 443, true),
            ("example.com", "notexample.com", 443, false),
            (".example.com", "example.com", 443, true),
            ("*.example.com", "a.example.com", 443, true),
            ("*.example.com", "example.org", 443, false),
            ("a.example, b.example c.example", "c.example", 80, true),
            ("example.com:8443", "example.com", 8443, true),
            ("example.com:8443", "example.com", 443, false),
            ("10.0.0.0/8", "10.1.2.3", 443, true),
            ("10.0.0.0/8", "11.1.2.3", 443, false),
            ("10.0.0.0/8", "ten.example", 443, false),
            ("192.0.2.7", "192.0.2.7", 443, true),
            ("192.0.2.7", "[::ffff:192.0.2.7]", 443, true),
            ("192.0.2.7:81", "192.0.2.7", 80, false),
            ("2001:db8::/32", "[2001:db8::1]", 443, true),
            ("[2001:db8::1]:81", "[2001:db8::1]", 81, true),
            ("[2001:db8::1]:81", "[2001:db8::1]", 82, false),
            ("*", "anything.example", 443, true),
            ("", "example.com", 443, false),
            (",., :, x:y", "example.com", 443, false),
        ] {
            assert_eq!(NoProxy::parse(rules).covers(host, port), covered, "{rules}: {host}:{port}");
        }
        assert!(NoProxy::parse("a.example,*").covers_all() && !NoProxy::parse("*:81").covers_all());
    }

    #[test]
    fn this_machine_and_what_gives_it_its_role_are_near() {
        for host in [
            "localhost",
            "demo.LOCALHOST",
            "localhost.",
            "127.0.0.1",
            "127.8.8.8",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "169.254.169.254",
            "169.254.170.2",
            "[fd00:ec2::254]",
            "[fd00:ec2::23]",
            "[fe80::1]",
        ] {
            assert!(is_near(host), "{host}");
        }
        for host in
            ["example.com", "notlocalhost", "localhost.example", "10.0.0.1", "[fd00::1]", "[2001:db8::1]"]
        {
            assert!(!is_near(host), "{host}");
        }
    }
}
