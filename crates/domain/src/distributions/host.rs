//! Host names in a normal form for comparisons: ASCII, in lower case, without a dot at the end.

use std::fmt;

use url::Host;

/// The longest text that is parsed as a host name, in bytes. It is more than the 253 of the DNS, because a
/// percent-encoded or Unicode form is longer.
const TEXT_MAX: usize = 1_024;

/// A host name in the form that the DNS and CloudFront use, such as `xn--bcher-kva.example` for `Bücher.example`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(String);

impl HostName {
    /// Parses a host name in every form that browsers accept: upper case, Unicode in any normalization form, with
    /// the ideographic full stop, percent-encoded, or with a dot at the end. `None` if it is not a host name.
    ///
    /// Source: URL standard, host parsing, which maps names with UTS 46.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_MAX {
            return None;
        }
        let mut name =
            if is_plain(text) { text.to_ascii_lowercase() } else { Host::parse(text).ok()?.to_string() };
        if name.ends_with('.') {
            name.pop();
        }
        name.split('.').all(|label| !label.is_empty()).then_some(Self(name))
    }

    /// Parses the host of `host:port` and ignores the port. `None` if the host or the port is not valid.
    #[must_use]
    pub fn of_authority(authority: &str) -> Option<Self> {
        Self::parse(without_port(authority)).filter(|_| is_port_sound(authority))
    }

    /// The host name of an alias that CloudFront returned. If the alias is not a valid host name, it is used as it
    /// is, in lower case.
    #[must_use]
    pub fn of_alias(alias: &str) -> Self {
        Self::parse(alias).unwrap_or_else(|| Self(alias.to_ascii_lowercase()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The text before the port, or the whole text if it has no port.
#[must_use]
pub fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether the text has no port or a valid one. The highest port is 65535 (URL standard, port state).
#[must_use]
pub fn is_port_sound(authority: &str) -> bool {
    let port = authority[without_port(authority).len()..].trim_start_matches(':');
    port.is_empty() || port.parse::<u16>().is_ok()
}

/// The name in Unicode. `None` if it has no internationalized label, or if a label cannot be decoded.
#[must_use]
pub fn in_unicode(name: &str) -> Option<String> {
    if !name.contains("xn--") {
        return None;
    }
    let (text, sound) = idna::domain_to_unicode(name);
    (sound.is_ok() && text != name).then_some(text)
}

/// The name as text for people, such as `xn--bcher-kva.example (bücher.example)`. The ASCII form is always shown,
/// because different Unicode letters can look the same.
#[must_use]
pub fn shown(name: &str) -> String {
    in_unicode(name).map_or_else(|| name.to_owned(), |unicode| format!("{name} ({unicode})"))
}

/// Whether lower case is the only change that this name needs. Such a name does not need the slower URL parser.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| !label.is_empty() && label.bytes().all(plain) && !is_encoded(label);
    let last = text.rsplit('.').next().unwrap_or_default();
    // The URL standard parses a name whose last label is a number as an IPv4 address.
    text.split('.').all(label) && !last.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether the label is in Punycode. Such a label must be decoded to be checked.
fn is_encoded(label: &str) -> bool {
    label.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("xn--"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        HostName::parse(text).map(|name| name.0)
    }

    #[test]
    fn each_spelling_of_a_name_is_one_name() {
        for text in [
            "xn--bcher-kva.example",
            "XN--BCHER-KVA.EXAMPLE",
            "bücher.example",
            "BÜCHER.Example",
            "bu\u{308}cher.example",
            "bücher\u{3002}example",
            "bücher\u{ff0e}example",
            "bücher\u{ff61}example.",
            "b%C3%BCcher.example",
            "ｂücher.example",
        ] {
            assert_eq!(read(text).as_deref(), Some("xn--bcher-kva.example"), "{text}");
        }
        assert_eq!(read("WWW.Example.com.").as_deref(), Some("www.example.com"));
        assert_eq!(read("_dmarc.example.com").as_deref(), Some("_dmarc.example.com"));
        assert_eq!(read("*.example.com").as_deref(), Some("*.example.com"));
    }

    #[test]
    fn what_can_be_no_host_is_none() {
        for text in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "xn--\u{0}",
            "a@b",
            "exa\u{202e}mple.com",
            "a..b",
            ".a.b",
            "a.b..",
            &"a".repeat(2_000),
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(without_port("www.example.com:8080"), "www.example.com");
        assert_eq!(without_port("www.example.com:"), "www.example.com");
        assert_eq!(without_port("me:word"), "me:word");
        assert_eq!(
            HostName::of_authority("a.example:65535").map(|name| name.0).as_deref(),
            Some("a.example")
        );
        assert_eq!(HostName::of_authority("a.example:65536"), None);
        assert_eq!(HostName::of_authority("a.example:99999999999999999999"), None);
    }

    #[test]
    fn the_ascii_form_is_never_left_out() {
        assert_eq!(shown("xn--bcher-kva.example"), "xn--bcher-kva.example (bücher.example)");
        assert_eq!(shown("*.xn--bcher-kva.example"), "*.xn--bcher-kva.example (*.bücher.example)");
        assert_eq!(shown("www.example.com"), "www.example.com");
        assert_eq!(shown("xn--a.example"), "xn--a.example", "what is no good spelling is not decoded");
    }
}
