//! The spellings under which viewers may ask for one path.
//!
//! CloudFront keeps a copy for each spelling and mends none. Clients differ: browsers send `[ ] ' ( ) + & = @` and the
//! like as they are, Python's `quote` encodes them, `encodeURIComponent` of a page's script some of them, and the
//! `requests` of Python only `[ ]`; curl 7.88 to 8.12 writes what is not ASCII with small digits. `tests/outside` asks
//! with the clients themselves.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfd};

use super::companions::Companion;
use crate::{
    encoding::encode_path,
    invalidations::item::{NOT_PLAIN_IN_LINKS, are_plain},
};

/// Nobody but CloudFront's API needs `~` encoded: it refuses a plain one.
const BROWSERS: AsciiSet = NOT_PLAIN_IN_LINKS.add(b'~');
const REQUESTS: AsciiSet = BROWSERS.add(b'[').add(b']');
/// `urllib.parse.quote`
const PYTHON: AsciiSet = NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');
/// `encodeURIComponent` for each part of the path (ECMA-262, 19.2.6.4).
const SCRIPTS: AsciiSet = PYTHON.remove(b'!').remove(b'\'').remove(b'(').remove(b')');
/// The room for escapes, so that most paths are written without growing.
const SOME_ESCAPES: usize = 24;
/// An escaped slash stays one.
const SLASH: &str = "%2F";

/// The other spellings of a path that is sent. A path without escapes and without characters that clients treat
/// differently has none.
pub(super) fn spellings(path: &str) -> Vec<(String, Companion)> {
    let (name, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    if are_plain(name) {
        return Vec::new();
    }
    let mut found: Vec<(String, Companion)> = Vec::new();
    let mut tell = |other: String, why| {
        if other != path && found.iter().all(|(known, _)| *known != other) {
            found.push((other, why));
        }
    };
    let with_query = |mut name: String| {
        name.push_str(query);
        name
    };
    if has_small_digits(name) {
        tell(with_query(with_capital_digits(name)), Companion::CapitalEscapes);
    }
    if let Some(text) = Text::of(name) {
        for (other, why) in text.spelled() {
            tell(with_query(other), why);
        }
        for wildcard in text.before_its_star() {
            tell(wildcard, Companion::PlainStar);
        }
    }
    if let Some(once) = encoded_once(name) {
        tell(with_query(once), Companion::EncodedOnce);
    }
    found
}

/// Whether clients encode this character differently. They do so with `*` too, which is a case of its own.
const fn is_different(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'+' | b',' | b':' | b';' | b'=' | b'@' | b'[' | b']'
    )
}

/// A path without its escapes, in the parts between its escaped slashes.
struct Text(Vec<String>);

impl Text {
    /// `None` if that is not UTF-8, or if it has dots that clients resolve before they ask.
    fn of(path: &str) -> Option<Self> {
        let capital = path.contains("%2f").then(|| path.replace("%2f", SLASH));
        let parts = capital.as_deref().unwrap_or(path);
        let parts =
            parts.split(SLASH).map(|part| percent_decode_str(part).decode_utf8().ok().map(String::from));
        let parts: Vec<String> = parts.collect::<Option<_>>()?;
        let has_dots =
            parts.iter().flat_map(|part| part.split('/')).any(|segment| [".", ".."].contains(&segment));
        (!has_dots).then_some(Self(parts))
    }

    fn is_ascii(&self) -> bool {
        self.0.iter().all(|part| part.is_ascii())
    }

    /// As each client spells it.
    fn spelled(&self) -> Vec<(String, Companion)> {
        let mut all = vec![(self.encoded(&BROWSERS), Companion::LessEncoded)];
        if self.0.iter().any(|part| part.bytes().any(is_different)) {
            all.push((self.encoded(&PYTHON), Companion::MoreEncoded));
            all.push((self.encoded(&SCRIPTS), Companion::ScriptEncoded));
            all.push((self.encoded(&REQUESTS), Companion::BracketsEncoded));
        }
        if !self.is_ascii() {
            all.extend(self.other_letters().map(|other| (other.encoded(&BROWSERS), Companion::OtherLetters)));
            all.push((self.with_small_digits(&BROWSERS), Companion::SmallEscapes));
        }
        all
    }

    fn encoded(&self, encode: &'static AsciiSet) -> String {
        let mut path = String::with_capacity(self.0.iter().map(String::len).sum::<usize>() + SOME_ESCAPES);
        for (index, part) in self.0.iter().enumerate() {
            path.push_str(if index == 0 { "" } else { SLASH });
            path.extend(utf8_percent_encode(part, encode));
        }
        path
    }

    /// As those versions of curl ask for a link that has the letters plain: the escapes that they make have small digits.
    fn with_small_digits(&self, encode: &'static AsciiSet) -> String {
        let mut small = String::new();
        for (index, part) in self.0.iter().enumerate() {
            small.push_str(if index == 0 { "" } else { SLASH });
            for c in part.chars() {
                let mut utf8 = [0; 4];
                let c = c.encode_utf8(&mut utf8);
                if c.is_ascii() {
                    small.extend(utf8_percent_encode(c, encode));
                } else {
                    small.extend(c.bytes().map(|byte| format!("%{byte:02x}")));
                }
            }
        }
        small
    }

    /// The text in the other of Unicode's two normal forms: `ü` as one character, or as `u` and two dots.
    fn other_letters(&self) -> Option<Self> {
        let composed = |text: &String| is_nfc(text) && !is_nfd(text);
        let to_parts = self.0.iter().any(composed);
        let other = |text: &String| if to_parts { text.nfd().collect() } else { text.nfc().collect() };
        let other: Vec<String> = self.0.iter().map(other).collect();
        (other != self.0).then_some(Self(other))
    }

    /// Wildcards for what begins as it does before its first `*`. Clients send a star plain, and it is not sent so to
    /// CloudFront: at the end it would be a wildcard, and inside a path people mean one. A star behind the first slash has
    /// none: that would be everything.
    fn before_its_star(&self) -> Vec<String> {
        if !self.0.iter().any(|part| part.contains('*')) {
            return Vec::new();
        }
        let with_star = [
            self.encoded(&const { BROWSERS.remove(b'*') }),
            self.encoded(&const { SCRIPTS.remove(b'*') }),
            self.encoded(&const { REQUESTS.remove(b'*') }),
            self.with_small_digits(&const { BROWSERS.remove(b'*') }),
        ];
        let before = with_star.iter().filter_map(|path| path.split_once('*'));
        let mut wildcards: Vec<String> = before.map(|(before, _)| format!("{before}*")).collect();
        wildcards.retain(|wildcard| wildcard != "/*");
        wildcards
    }
}

/// Whether an escape of the path has a small digit.
fn has_small_digits(path: &str) -> bool {
    let mut escapes = path.split('%').skip(1);
    escapes.any(|escape| escape.bytes().take(2).any(|digit| digit.is_ascii_lowercase()))
}

/// The path with capital digits in its escapes.
fn with_capital_digits(path: &str) -> String {
    let mut left = 0_u8;
    let digits = path.bytes().map(|byte| {
        if byte == b'%' {
            left = 2;
            return byte;
        }
        if left > 0 {
            left -= 1;
            return byte.to_ascii_uppercase();
        }
        byte
    });
    digits.map(char::from).collect()
}

/// The path without one of two encodings: `%2520` as `%20`.
fn encoded_once(path: &str) -> Option<String> {
    let once = path.contains("%25").then(|| path.replace("%25", "%"))?;
    encode_path(&once).is_some().then_some(once)
}

#[cfg(test)]
mod tests {
    use super::{Companion::*, *};

    #[test]
    fn each_client_has_its_spelling() {
        for (path, expected) in [
            ("/plain-name_1.html", vec![]),
            ("/a%20b.html", vec![]),
            ("/img[1].png", vec![("/img%5B1%5D.png", MoreEncoded)]),
            ("/img%5B1%5D.png", vec![("/img[1].png", LessEncoded)]),
            ("/a+b.html", vec![("/a%2Bb.html", MoreEncoded)]),
            ("/@a&b=c.html", vec![("/%40a%26b%3Dc.html", MoreEncoded)]),
            ("/%40a.html", vec![("/@a.html", LessEncoded)]),
            ("/100%25.html", vec![]),
            ("/%ff(1).html", vec![("/%FF(1).html", CapitalEscapes)]),
            ("/a%2E/%2e%2e/b", vec![("/a%2E/%2E%2E/b", CapitalEscapes)]),
            ("/a%2fb(1)", vec![("/a%2Fb(1)", CapitalEscapes), ("/a%2Fb%281%29", MoreEncoded)]),
            ("/a%2520b.html", vec![("/a%20b.html", EncodedOnce)]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(path, why)| (path.to_owned(), why)).collect();
            assert_eq!(spellings(path), expected, "{path}");
        }
    }

    #[test]
    fn letters_beyond_ascii_have_two_forms_and_two_sizes_of_digits() {
        for (path, expected) in [
            ("/%c3%bc.html", vec![("/%C3%BC.html", CapitalEscapes), ("/u%CC%88.html", OtherLetters)]),
            ("/%C3%BC.html", vec![("/u%CC%88.html", OtherLetters), ("/%c3%bc.html", SmallEscapes)]),
            (
                "/e%CC%81.html?a=(1)",
                vec![("/%C3%A9.html?a=(1)", OtherLetters), ("/e%cc%81.html?a=(1)", SmallEscapes)],
            ),
            // curl makes small digits where it encodes, and leaves the escapes that it is given.
            ("/%E6%96%B0%3F.js", vec![("/%e6%96%b0%3F.js", SmallEscapes)]),
            // What Python sends tells what all others send.
            ("/%C3%9F%281%29", vec![("/%C3%9F(1)", LessEncoded), ("/%c3%9f(1)", SmallEscapes)]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(path, why)| (path.to_owned(), why)).collect();
            assert_eq!(spellings(path), expected, "{path}");
        }
    }

    #[test]
    fn scripts_and_requests_encode_some_characters() {
        let expected = [
            ("/a%26b%281%29%5B2%5D.png", MoreEncoded),
            ("/a%26b(1)%5B2%5D.png", ScriptEncoded),
            ("/a&b(1)%5B2%5D.png", BracketsEncoded),
        ];
        assert_eq!(spellings("/a&b(1)[2].png"), expected.map(|(path, why)| (path.to_owned(), why)));
    }

    #[test]
    fn a_star_in_a_name_is_covered_by_a_wildcard_before_it() {
        let wildcards = |path: &str| -> Vec<String> {
            let stars = spellings(path).into_iter().filter(|(_, why)| *why == PlainStar);
            stars.map(|(wildcard, _)| wildcard).collect()
        };
        assert_eq!(wildcards("/a/b%2Ac%2A.html?v=1"), ["/a/b*"]);
        assert_eq!(wildcards("/a+b%2A"), ["/a+b*", "/a%2Bb*"]);
        assert_eq!(wildcards("/[1]&%2A"), ["/[1]&*", "/%5B1%5D%26*", "/%5B1%5D&*"]);
        assert_eq!(wildcards("/%C3%BC%2A"), ["/%C3%BC*", "/%c3%bc*"]);
        assert_eq!(wildcards("/%2A.html"), [""; 0]);
    }
}
