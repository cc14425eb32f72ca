//! Finds keys that are written into the text of a page or a script. It keeps their places and never their values.

use serde::{Deserialize, Serialize};

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// A key of an API, such as those of API Gateway.
    ApiKey,
    /// The ID of an access key of AWS.
    AccessKey,
}

/// Where a key is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPlace {
    /// The URL of the file, without its query: that may be a secret too.
    pub url: String,
    /// From 1.
    pub line: usize,
    pub kind: KeyKind,
}

/// The places of one text that are kept.
const FOUND_MAX: usize = 5;
/// The shortest and the longest value of an API key. API Gateway makes keys of 40 characters and takes some from 20
/// (its quotas, "API key").
const VALUE: std::ops::RangeInclusive<usize> = 20..=64;
/// How far the value may be from the end of the name: quotes, brackets, spaces and the rest of the name.
const BETWEEN_MAX: usize = 48;
/// IAM user guide, "Understanding unique ID prefixes": `AKIA` and 16 further characters.
const ACCESS_KEY: (&[u8], usize) = (b"AKIA", 20);

/// The lines of the text on which a key stands, each kind once a line, in their order.
///
/// An API key is a literal of 20 to 64 letters and digits that is set beside `x-api-key`, `apiKey`, `API_KEY` or the
/// like. Keys that begin with `AIza` are left out: Google's are meant to be in pages (Firebase, "API keys").
#[must_use]
pub fn find_keys(text: &[u8]) -> Vec<(usize, KeyKind)> {
    let mut found: Vec<(usize, KeyKind)> = Vec::new();
    let mut line = 1;
    for (at, byte) in text.iter().enumerate() {
        if *byte == b'\n' {
            line += 1;
            continue;
        }
        let rest = &text[at..];
        let before = at.checked_sub(1).map(|before| text[before]);
        let kind = match byte {
            b'a' | b'A' if is_api_key(rest) => KeyKind::ApiKey,
            b'A' if is_access_key(before, rest) => KeyKind::AccessKey,
            _ => continue,
        };
        if !found.contains(&(line, kind)) {
            found.push((line, kind));
        }
        if found.len() >= FOUND_MAX {
            break;
        }
    }
    found
}

fn is_access_key(before: Option<u8>, rest: &[u8]) -> bool {
    let (prefix, length) = ACCESS_KEY;
    let run = rest.iter().take(length + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let key = &rest[..run.min(length)];
    rest.starts_with(prefix)
        && run == length
        && !before.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && key.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether a name of an API key begins here, and a value follows it.
fn is_api_key(rest: &[u8]) -> bool {
    let Some(after) = after_name(rest) else { return false };
    let between = &after[..after.len().min(BETWEEN_MAX)];
    let Some(quote) = between.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'`')) else {
        return false;
    };
    // The first quote may end the name; then the value begins with the next one.
    let opening = if is_set(&after[..quote]) {
        Some(quote)
    } else {
        let second = between[quote + 1..].iter().position(|byte| matches!(byte, b'"' | b'\'' | b'`'));
        second.map(|second| quote + 1 + second).filter(|second| is_set(&after[quote + 1..*second]))
    };
    opening.is_some_and(|opening| is_value(&after[opening + 1..], after[opening]))
}

/// What follows `api`, `key` and what may be between them.
fn after_name(rest: &[u8]) -> Option<&[u8]> {
    let api = rest.get(..3).filter(|word| word.eq_ignore_ascii_case(b"api"))?;
    let rest = &rest[api.len()..];
    let rest = if matches!(rest.first(), Some(b'-' | b'_')) { &rest[1..] } else { rest };
    rest.get(..3).filter(|word| word.eq_ignore_ascii_case(b"key"))?;
    Some(&rest[3..])
}

/// Whether the text between a name and a quote sets the name: `:`, `=` or `,`, after the rest of the name.
fn is_set(between: &[u8]) -> bool {
    let mut signs =
        between.iter().filter(|byte| !(byte.is_ascii_alphanumeric() || b"_ \t\\])".contains(byte)));
    matches!(signs.next(), Some(b':' | b'=' | b',')) && signs.next().is_none()
}

/// Whether a value of a key and then the same quote stand here.
fn is_value(text: &[u8], quote: u8) -> bool {
    let length = text.iter().take(VALUE.end() + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let after = &text[length..];
    let after = if after.first() == Some(&b'\\') { &after[1..] } else { after };
    VALUE.contains(&length) && after.first() == Some(&quote) && !text.starts_with(b"AIza")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0";

    #[test]
    fn a_literal_beside_a_name_is_found_however_it_is_written() {
        for text in [
            "headers: {'x-api-key': 'VALUE'}",
            "headers: { \"X-Api-Key\" : \"VALUE\" }",
            "{\\\"x-api-key\\\":\\\"VALUE\\\"}",
            "const apiKey = `VALUE`;",
            "var API_KEY='VALUE'",
            "const API_KEY_PROD = \"VALUE\"",
            "xhr.setRequestHeader('x-api-key', 'VALUE')",
            "headers['x-api-key'] = 'VALUE'",
            "h.set(\"x-api-key\",\"VALUE\")",
            "{apikey:\"VALUE\"}",
        ] {
            let text = format!("// first\n\n{}", text.replace("VALUE", VALUE));
            assert_eq!(find_keys(text.as_bytes()), [(3, KeyKind::ApiKey)], "{text}");
        }
        assert_eq!(find_keys(b"id='AKIAIOSFODNN7EXAMPLE'"), [(1, KeyKind::AccessKey)]);
    }

    #[test]
    fn what_is_no_literal_of_a_key_is_not_found() {
        for text in [
            "headers: {'x-api-key': key}",
            "headers: {'x-api-key': 'short'}",
            "apiKey: 'not-a-key-because-it-has-hyphens'",
            "apiKey: 'AIzaSyA1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q'",
            "apiKey() { return 'VALUE' }",
            "apiKey: other, title: 'VALUE'",
            "capital: 'VALUE', keyboard: 'VALUE'",
            "XAKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEX AKIAiosfodnn7example AKIA",
            "apiKey: 'VALUEVALUE'",
            "apiKey:\"VALUE",
            "",
        ] {
            let text = text.replace("VALUE", VALUE);
            assert!(find_keys(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_hostile_text_is_read_in_bounds_and_few_places_are_kept() {
        let many = format!("apiKey='{VALUE}'\n").repeat(5_000);
        assert_eq!(find_keys(many.as_bytes()).len(), FOUND_MAX);
        assert!(find_keys(&b"apikey".repeat(40_000)).is_empty());
        assert!(find_keys(&[0xff; 1_000]).is_empty());
    }
}
