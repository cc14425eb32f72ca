//! The spellings under which viewers may ask for one path.
//!
//! CloudFront keeps a copy for each spelling and mends none. Clients differ: browsers send `[ ] ' ( ) + & = @` and the
//! like as they are, Python's `quote` encodes them; curl 7.88 to 8.12 writes escapes with small digits, browsers with capital ones (seen by
//! running them in November 2026).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use unicode_normalization::{UnicodeNormalization, is_nfc, is_nfd};

use super::companions::Companion;
use crate::encoding::encode_path;

/// What Python's `quote` encodes and browsers do not. CloudFront refuses a plain `~`, which all of them leave plain.
const PLAIN_IN_BROWSERS: &[u8] = b"!$&'()+,:;=@[]";
const ENCODED_BY_SOME: AsciiSet = AsciiSet::EMPTY
    .add(b'!')
    .add(b'$')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'+')
    .add(b',')
    .add(b':')
    .add(b';')
    .add(b'=')
    .add(b'@')
    .add(b'[')
    .add(b']');

/// The other spellings of a path that is sent. A path without escapes and without characters that clients treat
/// differently has none.
pub(super) fn spellings(path: &str) -> Vec<(String, Companion)> {
    let (name, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    if name.bytes().all(plain) {
        return Vec::new();
    }
    let mut spelled = vec![(more_encoded(name), Companion::MoreEncoded)];
    // The others change nothing but escapes.
    if name.contains('%') {
        spelled.insert(0, (with_digits(name, u8::to_ascii_uppercase), Companion::CapitalEscapes));
        spelled.push((less_encoded(name), Companion::LessEncoded));
        spelled.extend(other_letters(name).map(|other| (other, Companion::OtherLetters)));
        spelled.extend(small_escapes(name).map(|other| (other, Companion::SmallEscapes)));
        spelled.extend(encoded_once(name).map(|other| (other, Companion::EncodedOnce)));
    }
    spelled.retain(|(other, _)| other != name);
    spelled.into_iter().map(|(other, why)| (format!("{other}{query}"), why)).collect()
}

/// The path with the hexadecimal digits of its escapes changed.
fn with_digits(path: &str, change: fn(&u8) -> u8) -> String {
    let mut left = 0_u8;
    let digits = path.bytes().map(|byte| {
        if byte == b'%' {
            left = 2;
            return byte;
        }
        if left > 0 {
            left -= 1;
            return change(&byte);
        }
        byte
    });
    digits.map(char::from).collect()
}

/// Small digits, for escapes of characters beyond ASCII. Clients that encode ASCII characters write capital digits.
fn small_escapes(path: &str) -> Option<String> {
    let decoded = decoded(path)?;
    (!decoded.is_ascii() && with_digits(path, u8::to_ascii_uppercase) == path)
        .then(|| with_digits(path, u8::to_ascii_lowercase))
}

/// A path that is sent is ASCII, so nothing but these characters is encoded.
fn more_encoded(path: &str) -> String {
    utf8_percent_encode(path, &ENCODED_BY_SOME).to_string()
}

/// The path with those escapes decoded that stand for characters which browsers leave plain.
fn less_encoded(path: &str) -> String {
    let mut less = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        less.push_str(before);
        let digits = after.get(..2).unwrap_or_default();
        let byte = u8::from_str_radix(digits, 16).ok().filter(|byte| PLAIN_IN_BROWSERS.contains(byte));
        if let Some(byte) = byte {
            less.push(char::from(byte));
        } else {
            less.push('%');
            less.push_str(digits);
        }
        rest = &after[digits.len()..];
    }
    less.push_str(rest);
    less
}

/// The path in the other of Unicode's two normal forms: `ü` as one character, or as `u` and two dots.
fn other_letters(path: &str) -> Option<String> {
    let decoded = decoded(path).filter(|text| !text.is_ascii())?;
    let other: String =
        if is_nfc(&decoded) && !is_nfd(&decoded) { decoded.nfd().collect() } else { decoded.nfc().collect() };
    (other != decoded).then(|| encode_non_ascii(path, &other)).flatten()
}

/// Encodes the other form of the text. Only letters beyond ASCII differ, so the escapes of ASCII characters must stay as
/// they are: the path is decoded and encoded by runs.
fn encode_non_ascii(path: &str, other: &str) -> Option<String> {
    // Escapes of ASCII characters, such as `%20`, would be decoded too; so they are kept apart.
    let escaped_ascii = path.as_bytes().windows(3).any(|three| {
        three[0] == b'%' && three[1].is_ascii_digit() && three[1] < b'8' && &three[1..] != b"20"
    });
    if escaped_ascii { None } else { Some(encode_path(other)?.text) }
}

/// The path without one of two encodings: `%2520` as `%20`.
fn encoded_once(path: &str) -> Option<String> {
    let once = path.replace("%25", "%");
    (once != path && encode_path(&once).is_some()).then_some(once)
}

/// The text of the path without its escapes. `None` if that is not UTF-8.
fn decoded(path: &str) -> Option<String> {
    percent_decode_str(path).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> Vec<(String, Companion)> {
        spellings(path)
    }

    #[test]
    fn each_client_has_its_spelling() {
        for (path, expected) in [
            ("/plain-name_1.html", vec![]),
            ("/a%20b.html", vec![]),
            ("/img[1].png", vec![("/img%5B1%5D.png", Companion::MoreEncoded)]),
            ("/img%5B1%5D.png", vec![("/img[1].png", Companion::LessEncoded)]),
            ("/a+b.html", vec![("/a%2Bb.html", Companion::MoreEncoded)]),
            ("/@a&b=c.html", vec![("/%40a%26b%3Dc.html", Companion::MoreEncoded)]),
            ("/%40a.html", vec![("/@a.html", Companion::LessEncoded)]),
            (
                "/%c3%bc.html",
                vec![("/%C3%BC.html", Companion::CapitalEscapes), ("/u%CC%88.html", Companion::OtherLetters)],
            ),
            (
                "/%C3%BC.html",
                vec![("/u%CC%88.html", Companion::OtherLetters), ("/%c3%bc.html", Companion::SmallEscapes)],
            ),
            (
                "/e%CC%81.html?a=(1)",
                vec![
                    ("/%C3%A9.html?a=(1)", Companion::OtherLetters),
                    ("/e%cc%81.html?a=(1)", Companion::SmallEscapes),
                ],
            ),
            ("/a%2520b.html", vec![("/a%20b.html", Companion::EncodedOnce)]),
            ("/100%25.html", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(path, why)| (path.to_owned(), why)).collect();
            assert_eq!(found(path), expected, "{path}");
        }
    }
}
