//! The parsed search text: a URL or path, a tag, or words.

use super::words::tokens;
use crate::{
    distributions::host::HostName,
    encoding::encode_path,
    invalidations::item::{PATH_MAX, trimmed},
};

/// The maximum number of words in one search.
const TERMS_MAX: usize = 12;

/// What the search text asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum What {
    #[default]
    Everything,
    /// Events with items that match this URL or path.
    Path {
        /// The host, if a URL with one was given.
        host: Option<HostName>,
        path: String,
        /// The tags of the object that the search text names after it.
        tags: Vec<String>,
    },
    Tag(String),
    /// Each term is a sequence of words that must occur in this order.
    Words(Vec<Vec<String>>),
}

impl What {
    /// Parses what was typed or pasted.
    #[must_use]
    pub fn read(typed: &str) -> Self {
        let typed = trimmed(typed);
        if typed.is_empty() {
            return Self::Everything;
        }
        let one_word = !typed.contains(char::is_whitespace);
        let (object, tags) = tagged(typed);
        if let Some((host, path)) = url(object) {
            return Self::Path { host: Some(host), path, tags };
        }
        if object.starts_with('/') {
            return Self::Path { host: None, path: normal(object), tags };
        }
        let number = typed.bytes().skip(1).all(|byte| byte.is_ascii_digit());
        if typed.starts_with('#') && typed.len() > 1 && one_word && !number {
            return Self::Tag(typed.to_ascii_lowercase());
        }
        let terms: Vec<_> = typed.split_whitespace().map(tokens).filter(|term| !term.is_empty()).collect();
        if terms.is_empty() {
            return Self::Everything;
        }
        Self::Words(terms.into_iter().take(TERMS_MAX).collect())
    }
}

/// Splits a text into the part before the tags at its end, and these tags.
fn tagged(typed: &str) -> (&str, Vec<String>) {
    let (mut object, mut tags) = (typed, Vec::new());
    while let Some((before, tag)) = object.rsplit_once(char::is_whitespace) {
        if !tag.starts_with('#') || tag.len() < 2 {
            break;
        }
        tags.push(tag.to_ascii_lowercase());
        object = before.trim_end();
    }
    (object, tags)
}

/// The host and the path of a URL, with or without a scheme.
fn url(typed: &str) -> Option<(HostName, String)> {
    let lower = typed.get(..8).unwrap_or(typed).to_ascii_lowercase();
    let schemed = lower.starts_with("http://") || lower.starts_with("https://");
    let rest = if schemed { typed.split_once("://")?.1 } else { typed };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if !schemed && !path.starts_with('/') {
        return None;
    }
    let host = HostName::of_authority(host.rsplit('@').next()?)?;
    if !schemed && !host.as_str().contains('.') {
        return None;
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some((host, normal(&path)))
}

/// A path as items are stored: without a fragment, encoded as CloudFront requires, with upper-case escapes.
fn normal(path: &str) -> String {
    spelled(path.split('#').next().unwrap_or(path)).chars().take(PATH_MAX).collect()
}

/// One spelling for an item of any origin: the AWS console and other tools send paths as they are typed.
pub(super) fn spelled(path: &str) -> String {
    encode_path(path).map_or_else(|| capital_escapes(path), |encoded| capital_escapes(&encoded))
}

/// Writes `%c3` as `%C3`, because CloudFront treats both as equal.
fn capital_escapes(path: &str) -> String {
    let mut escape = 0;
    path.chars()
        .map(|c| {
            escape = if c == '%' { 3_u8 } else { escape.saturating_sub(1) };
            if escape > 0 { c.to_ascii_uppercase() } else { c }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_tells_urls_tags_and_words_apart() {
        let path = |host: Option<&str>, path: &str| What::Path {
            host: host.and_then(HostName::parse),
            path: path.to_owned(),
            tags: Vec::new(),
        };
        assert_eq!(
            What::read("https://www.Example.com/a%c3?x=1#f"),
            path(Some("www.example.com"), "/a%C3?x=1")
        );
        assert_eq!(What::read("www.example.com/ü"), path(Some("www.example.com"), "/%C3%BC"));
        assert_eq!(What::read("https://www.example.com"), path(Some("www.example.com"), "/"));
        assert_eq!(What::read("https://Bücher.example:8080/x"), path(Some("xn--bcher-kva.example"), "/x"));
        assert_eq!(What::read("bücher.example/x"), path(Some("xn--bcher-kva.example"), "/x"));
        assert_eq!(What::read("/~ada/%7ex"), path(None, "/%7Eada/%7Ex"));
        assert_eq!(What::read("/a b"), path(None, "/a%20b"));
        let tagged = What::Path {
            host: None,
            path: "/a%20b".to_owned(),
            tags: vec!["#9".to_owned(), "#tv".to_owned()],
        };
        assert_eq!(What::read("/a b #TV #9"), tagged);
        assert_eq!(What::read("www.example.com/a #"), path(Some("www.example.com"), "/a%20"));
        assert_eq!(What::read("#Product:tv"), What::Tag("#product:tv".to_owned()));
        let words = |terms: &[&[&str]]| {
            What::Words(terms.iter().map(|term| term.iter().map(ToString::to_string).collect()).collect())
        };
        assert_eq!(What::read("#412"), words(&[&["412"]]));
        assert_eq!(What::read("WEB-412 price"), words(&[&["web", "412"], &["price"]]));
        assert_eq!(What::read("ada@example.com"), words(&[&["ada", "example", "com"]]));
        assert_eq!(What::read("logo.png"), words(&[&["logo", "png"]]));
        assert_eq!(What::read(" \"' "), What::Everything);
    }
}
