//! The base URL of links for people if no public URL is set: the address that the request was sent to.

use std::net::Ipv6Addr;

/// The longest host name with a port, in bytes (RFC 1035: 253 characters, and `:65535`).
const HOST_MAX: usize = 253 + 6;

/// The headers of a request that name the address it was sent to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Addressed<'a> {
    /// The `Host` header.
    pub host: Option<&'a str>,
    /// The `X-Forwarded-Host` and `X-Forwarded-Proto` headers. They are read only if a trusted proxy sent the
    /// request.
    pub forwarded_host: Option<&'a str>,
    pub forwarded_proto: Option<&'a str>,
}

impl Addressed<'_> {
    /// The base URL, such as `http://127.0.0.1:8080`. `None` if the headers name no valid host. Unstale itself
    /// serves plain HTTP, so the scheme is `https` only if a trusted proxy says so.
    #[must_use]
    pub fn base_url(self, from_trusted_proxy: bool) -> Option<String> {
        let forwarded = |value: Option<&str>| {
            // Each proxy appends its value. The last one is from the trusted proxy; the client may have sent the
            // others.
            let last = value.filter(|_| from_trusted_proxy)?.rsplit(',').next()?.trim().to_owned();
            Some(last)
        };
        let host = forwarded(self.forwarded_host).or_else(|| self.host.map(str::to_owned))?;
        let https = forwarded(self.forwarded_proto).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
        let scheme = if https { "https" } else { "http" };
        is_host(&host).then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
    }
}

/// Whether the text is a name, an IPv4 address or an IPv6 address in brackets, with or without a port. It refuses
/// every character that could make a link point to another host.
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
