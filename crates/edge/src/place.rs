//! Where a name leads: to what DNS says, or to the one address that `UNSTALE_EDGE` names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use url::{Host, Url};

/// What every look connects to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The public addresses that DNS has for the host of a URL.
    Dns,
    /// This one address in place of DNS, for all hosts: a stand-in, or one particular edge. It is asked in plain HTTP
    /// also for an https URL, which `X-Forwarded-Proto` then tells, and may be any address, such as one of this machine,
    /// because whoever runs the service has named it. `X-Resolved-Name` tells which name would have been resolved, where
    /// that is not the host of the URL.
    At(SocketAddr),
    /// The same, over TLS: the certificate has to be for the site's name, and of an authority that this system believes.
    /// It is told nothing in headers, as a real edge. An http URL cannot be asked there.
    TlsAt(SocketAddr),
}

/// Why `UNSTALE_EDGE` cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("UNSTALE_EDGE {why}; write it as http://127.0.0.1:4601")]
pub struct PlaceError {
    why: &'static str,
}

impl Place {
    /// The one address, if there is one.
    #[must_use]
    pub const fn address(self) -> Option<SocketAddr> {
        match self {
            Self::Dns => None,
            Self::At(address) | Self::TlsAt(address) => Some(address),
        }
    }

    /// Reads the value of `UNSTALE_EDGE`, such as `http://127.0.0.1:4601` or `https://127.0.0.1:4603`. `localhost` is 127.0.0.1. A name is refused,
    /// since it would have to be resolved again for each look.
    pub fn parse(text: &str) -> Result<Self, PlaceError> {
        let refused = |why| Err(PlaceError { why });
        let text = text.trim();
        let (rest, is_tls) = match (text.strip_prefix("http://"), text.strip_prefix("https://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) => (rest, true),
            (None, None) => {
                return refused("has to begin with http:// or, where TLS is spoken there, with https://");
            }
        };
        let Ok(url) = Url::parse(text) else { return refused("is not a URL") };
        if !url.username().is_empty() || url.password().is_some() {
            return refused("has a user name or a password");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return refused("has a path, a ? or a #");
        }
        let ip: IpAddr = match url.host() {
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            Some(Host::Domain("localhost")) => Ipv4Addr::LOCALHOST.into(),
            Some(Host::Domain(_)) | None => return refused("needs an IP address or localhost as its host"),
        };
        // The URL leaves out the usual port, which is as good as any other.
        let written = rest.trim_end_matches('/').rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        match written {
            Some(0) | None => refused("needs a port"),
            Some(port) if is_tls => Ok(Self::TlsAt(SocketAddr::new(ip, port))),
            Some(port) => Ok(Self::At(SocketAddr::new(ip, port))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_address_is_an_ip_address_and_a_port() {
        for (text, address) in [
            ("http://127.0.0.1:4601", "127.0.0.1:4601"),
            (" http://127.0.0.1:4601/ ", "127.0.0.1:4601"),
            ("http://localhost:80", "127.0.0.1:80"),
            ("http://[::1]:4601", "[::1]:4601"),
            ("http://13.32.1.2:80", "13.32.1.2:80"),
        ] {
            assert_eq!(Place::parse(text), Ok(Place::At(address.parse().unwrap())), "{text}");
            let (text, tls) = (text.replace("http:", "https:"), Place::TlsAt(address.parse().unwrap()));
            assert_eq!(Place::parse(&text), Ok(tls), "{text}");
        }
        let port = Place::parse("https://13.32.1.2:443");
        assert_eq!(port, Ok(Place::TlsAt("13.32.1.2:443".parse().unwrap())));
        for (text, why) in [
            ("", "begin with http://"),
            ("127.0.0.1:4601", "begin with http://"),
            ("ftp://127.0.0.1:4601", "begin with http://"),
            ("https://127.0.0.1", "needs a port"),
            ("https://edge.example:443", "an IP address or localhost"),
            ("http://", "not a URL"),
            ("http://127.0.0.1:99999", "not a URL"),
            ("http://ada:hush@127.0.0.1:4601", "a password"),
            ("http://127.0.0.1:4601/site", "a path"),
            ("http://127.0.0.1:4601?x", "a path"),
            ("http://edge.example:4601", "an IP address or localhost"),
            ("http://127.0.0.1", "needs a port"),
            ("http://127.0.0.1:0", "needs a port"),
            ("http://[::1]", "needs a port"),
        ] {
            let words = Place::parse(text).unwrap_err().to_string();
            assert!(words.starts_with("UNSTALE_EDGE ") && words.contains(why), "{text}: {words}");
            assert!(
                words.ends_with("write it as http://127.0.0.1:4601") && !words.contains("hush"),
                "{words}"
            );
        }
    }
}
