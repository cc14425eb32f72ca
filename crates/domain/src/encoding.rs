//! Percent-encodes a path in the form that CloudFront needs to find the cached object.
//!
//! The developer guide (invalidation-specifying-objects) says to percent-encode non-ASCII characters and the
//! characters that RFC 1738 calls unsafe, and nothing else. CloudFront accepts a path in another form, but does not
//! invalidate the object and reports no error.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, utf8_percent_encode};

/// The unsafe characters of RFC 1738, section 2.2, and `~`, without `[` and `]`. `#` and `%` are left out, because
/// Unstale reads them itself.
///
/// Browsers send `[` and `]` plain (seen with Chromium 156), and CloudFront takes them. RFC 1738 lists `~` too. Browsers
/// send it plain, but CloudFront refuses a whole batch with a plain one (aws/aws-sdk#525, bep/s3deploy#46,
/// apancutt/deploy-aws-s3-cloudfront#6).
const UNSAFE: AsciiSet = AsciiSet::EMPTY
    .add(b' ')
    .add(b'<')
    .add(b'>')
    .add(b'"')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'~')
    .add(b'`');

/// Percent-encodes a path, which begins with a slash. It is borrowed if it stays as it is. `None` if a `%` is not
/// followed by two hexadecimal digits.
#[must_use]
pub fn encode_path(path: &str) -> Option<Cow<'_, str>> {
    if !escapes_are_whole(path) {
        return None;
    }
    if path.bytes().all(is_plain) {
        return Some(Cow::Borrowed(path));
    }
    // What is not ASCII is encoded too.
    Some(utf8_percent_encode(path, &UNSAFE).into())
}

/// Whether the path has a character that CloudFront does not match reliably. Users report that sometimes the
/// encoded form works and sometimes the plain one.
///
/// Sources: aws/aws-sdk#525, bep/s3deploy#46, aws/aws-sdk-go#223.
#[must_use]
pub fn is_contested(path: &str) -> bool {
    path.contains([' ', '\'', '"']) || path.contains("%20")
}

/// Whether the path contains `~`, plain or percent-encoded.
#[must_use]
pub fn has_tilde(path: &str) -> bool {
    path.contains('~') || (path.contains('%') && (path.contains("%7E") || path.contains("%7e")))
}

/// Whether the name in the path contains a `*`, which a path can have only percent-encoded.
#[must_use]
pub fn has_star(path: &str) -> bool {
    let name = path.split('?').next().unwrap_or_default();
    name.contains('%') && (name.contains("%2A") || name.contains("%2a"))
}

/// The path with each `~` plain. `None` if it contains none. Older versions of Unstale did not encode `~`, so their
/// events have it plain.
#[must_use]
pub fn with_plain_tildes(path: &str) -> Option<String> {
    has_tilde(path).then(|| path.replace("%7E", "~").replace("%7e", "~"))
}

fn escapes_are_whole(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let mut digits = rest.bytes();
        digits.by_ref().take(2).filter(u8::is_ascii_hexdigit).count() == 2
    })
}

/// Whether a path of such bytes alone stays as it is, which nearly all do.
const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(path: &str) -> String {
        encode_path(path).unwrap().into_owned()
    }

    #[test]
    fn only_what_the_guide_names_is_encoded() {
        assert_eq!(encoded("/a-b_c.d!$&'()*+,;=:@/f?g=h"), "/a-b_c.d!$&'()*+,;=:@/f?g=h");
        assert_eq!(encoded("/~ada/a~b"), "/%7Eada/a%7Eb");
        assert_eq!(encoded("/größe 1.png"), "/gr%C3%B6%C3%9Fe%201.png");
        assert_eq!(encoded("/a[1]{2}|\\^`\"<>"), "/a[1]%7B2%7D%7C%5C%5E%60%22%3C%3E");
    }

    #[test]
    fn what_is_encoded_already_stays_as_it_is() {
        for path in ["/gr%C3%B6%c3%9fe", "/img[1].png"] {
            assert!(matches!(encode_path(path), Some(Cow::Borrowed(same)) if same == path));
        }
    }

    #[test]
    fn a_lone_percent_sign_is_not_guessed_at() {
        assert_eq!(encode_path("/100%"), None);
        assert_eq!(encode_path("/100%zz"), None);
        assert_eq!(encode_path("/1%2"), None);
    }
}
