//! What addresses for people begin with where no public URL is set: the address that whoever asks uses now.

use std::net::Ipv6Addr;

/// The longest name of a host with its port (RFC 1035: 253 characters, and `:65535`).
const HOST_MAX: usize = 253 + 6;

/// What a request says of the address that it was sent to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Addressed<'a> {
    /// `Host`.
    pub host: Option<&'a str>,
    /// `X-Forwarded-Host` and `X-Forwarded-Proto`, which count from a trusted proxy only.
    pub forwarded_host: Option<&'a str>,
    pub forwarded_proto: Option<&'a str>,
}

impl Addressed<'_> {
    /// `http://127.0.0.1:8080`, or nothing where no good host was named. Unstale itself speaks plain HTTP, so that only a
    /// trusted proxy makes it https.
    #[must_use]
    pub fn base_url(self, from_trusted_proxy: bool) -> Option<String> {
        let forwarded = |value: Option<&str>| {
            // The proxy next to us wrote the last one.
            let last = value.filter(|_| from_trusted_proxy)?.rsplit(',').next()?.trim().to_owned();
            Some(last)
        };
        let host = forwarded(self.forwarded_host).or_else(|| self.host.map(str::to_owned))?;
        let https = forwarded(self.forwarded_proto).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        let scheme = if https { "https" } else { "http" };
        is_host(&host).then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
    }
}

/// A name, an IPv4 address or an IPv6 address in brackets, with a port or without: nothing that could lead a link
/// elsewhere.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if address.parse::<Ipv6Addr>().is_ok() => ("v6", port),
            _ => return false,
        },
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(number) => number.bytes().all(|byte| byte.is_ascii_digit()) && number.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let named = !name.is_empty() && name.bytes().all(plain) && !name.starts_with(['.', '-']);
    port && named && text.len() <= HOST_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_proxy_says_how_people_reach_it_and_nobody_else_does() {
        let asked = Addressed {
            host: Some("10.0.0.7:8080"),
            forwarded_host: Some("evil.example, Unstale.example.com"),
            forwarded_proto: Some("https"),
        };
        assert_eq!(asked.base_url(true).as_deref(), Some("https://unstale.example.com"));
        assert_eq!(asked.base_url(false).as_deref(), Some("http://10.0.0.7:8080"));
        let plain = Addressed { forwarded_host: None, forwarded_proto: Some("http"), ..asked };
        assert_eq!(plain.base_url(true).as_deref(), Some("http://10.0.0.7:8080"));
        assert_eq!(Addressed::default().base_url(true), None);
    }

    #[test]
    fn what_is_no_host_begins_no_link() {
        for good in ["localhost", "u.example.com:8443", "127.0.0.1:1", "[::1]:8080", "[2001:db8::1]", "a_b"] {
            assert!(is_host(good), "{good}");
        }
        for bad in [
            "",
            "a b",
            "user@example.com",
            "example.com/",
            "example.com?x",
            "example.com#x",
            "a:b",
            "a:",
            "a:99999",
            "a:+1",
            "[::1",
            "[x]",
            "::1",
            ".a",
            "ä.example",
            "a\"b",
            "<a>",
            &"a".repeat(300),
        ] {
            assert!(!is_host(bad), "{bad}");
        }
    }
}
