//! One thing to refresh: a path, with or without a closing `*`, or a `#tag`. And how a typed line becomes one.

use std::fmt;

use super::{
    distribution::Distribution,
    encoding::{encode_path, is_contested},
};

/// CloudFront's longest path, in characters (developer guide, invalidation-specifying-objects).
pub const PATH_MAX: usize = 4_000;
/// CloudFront's longest tag, without its `#` (developer guide, invalidation-specifying-tags).
pub const TAG_MAX: usize = 256;

/// One item, in the spelling in which CloudFront gets it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(String);

impl Item {
    /// Takes an item that was checked before, as one of a row of our own or of CloudFront's answer.
    #[must_use]
    pub fn from_trusted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_tag(&self) -> bool {
        self.0.starts_with('#')
    }

    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        !self.is_tag() && self.0.ends_with('*')
    }

    /// What every path that this wildcard covers begins with.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        if self.is_wildcard() { self.0.strip_suffix('*') } else { None }
    }

    /// Equal for items that CloudFront takes for one: tags know no case, paths do.
    #[must_use]
    pub fn identity(&self) -> String {
        if self.is_tag() { self.0.to_ascii_lowercase() } else { self.0.clone() }
    }

    /// What it reaches, where that is worth saying.
    #[must_use]
    pub fn reach(&self) -> Option<String> {
        match self.prefix()? {
            "/" => Some("everything in the distribution".to_owned()),
            prefix if prefix.ends_with('/') => Some(format!("every file below {prefix}")),
            prefix => Some(format!("everything whose path begins with {prefix}")),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What was done to a typed line to make it an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    SlashAdded,
    TakenFromUrl,
    FragmentCut,
    SignatureCut,
    Encoded,
}

impl Mending {
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::SlashAdded => "leading slash added",
            Self::TakenFromUrl => "from the full URL",
            Self::FragmentCut => "the part after # never reaches CloudFront",
            Self::SignatureCut => "CloudFront matches a signed URL without its signature",
            Self::Encoded => "spelled as CloudFront matches it",
        }
    }
}

/// Something about an item that a person should know before sending it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    ContestedCharacter,
    DotSegments,
    TagsAreOff,
    QueryNotInKey,
}

impl Doubt {
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::ContestedCharacter => {
                "with ~, spaces or quotes CloudFront has been seen to miss objects; a wildcard before the character is safer"
            }
            Self::DotSegments => {
                "viewers' browsers resolve . and .. before they ask, so this may match nothing"
            }
            Self::TagsAreOff => "this distribution reads no cache tags, so a tag is billed and does nothing",
            Self::QueryNotInKey => {
                "this distribution caches without the query string; name the path without it"
            }
        }
    }
}

/// Why a line cannot be sent, in words for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ItemError {
    #[error("has a control character; type the line again")]
    ControlCharacter,
    #[error("is {0} characters long; CloudFront takes at most {PATH_MAX}")]
    TooLong(usize),
    #[error(
        "has * in the middle; CloudFront reads * as a wildcard only at the end. Write %2A for a star in a file's name"
    )]
    InnerWildcard,
    #[error("has a % without two hexadecimal digits after it; write %25 for a percent sign")]
    BrokenEscape,
    #[error("has a # in the path; write %23 for it, or begin the line with # for a cache tag")]
    InnerHash,
    #[error("is a URL of {host}, and this distribution serves {serves}")]
    OtherSite { host: String, serves: String },
    #[error("is a URL with a user name or password; leave that part out")]
    Credentials,
    #[error("is not a URL that viewers use; write a path such as /styles.css")]
    OtherScheme,
    #[error("is an empty tag; write a name after the #")]
    EmptyTag,
    #[error("is a tag of {0} characters; CloudFront takes at most {TAG_MAX}")]
    TagTooLong(usize),
    #[error("is a tag with a character that CloudFront does not take; use ASCII without spaces and commas")]
    TagCharacter,
    #[error("is a tag with a wildcard; tags match only as a whole")]
    TagWildcard,
    #[error("is outside your grants; here you may refresh {0}")]
    NotGranted(String),
}

/// A line that became an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    pub item: Item,
    pub mendings: Vec<Mending>,
    pub doubts: Vec<Doubt>,
}

/// Reads one line, trimmed and not empty, as it was typed for this distribution.
pub fn parse_line(line: &str, site: &Distribution) -> Result<Parsed, ItemError> {
    if line.chars().any(char::is_control) {
        return Err(ItemError::ControlCharacter);
    }
    match line.strip_prefix('#') {
        Some(tag) => parse_tag(tag, site),
        None => parse_path(line, site),
    }
}

fn parse_tag(tag: &str, site: &Distribution) -> Result<Parsed, ItemError> {
    let length = tag.chars().count();
    if length == 0 {
        return Err(ItemError::EmptyTag);
    }
    if length > TAG_MAX {
        return Err(ItemError::TagTooLong(length));
    }
    if tag.bytes().any(|b| !(33..=126).contains(&b) || b == b',') {
        return Err(ItemError::TagCharacter);
    }
    if tag.ends_with('*') {
        return Err(ItemError::TagWildcard);
    }
    let off = site.config.as_ref().is_some_and(|config| config.tag_header.is_none());
    let doubts = if off { vec![Doubt::TagsAreOff] } else { Vec::new() };
    Ok(Parsed { item: Item(format!("#{tag}")), mendings: Vec::new(), doubts })
}

fn parse_path(line: &str, site: &Distribution) -> Result<Parsed, ItemError> {
    let mut mendings = Vec::new();
    let mut path = match url_rest(line, site)? {
        Some(rest) => {
            mendings.push(Mending::TakenFromUrl);
            let (before, fragment) = rest.split_once('#').map_or((rest, None), |(b, f)| (b, Some(f)));
            if fragment.is_some() {
                mendings.push(Mending::FragmentCut);
            }
            before.to_owned()
        }
        None => line.to_owned(),
    };
    if !path.starts_with('/') {
        if mendings.is_empty() {
            mendings.push(Mending::SlashAdded);
        }
        path.insert(0, '/');
    }
    if path.contains('#') {
        return Err(ItemError::InnerHash);
    }
    if let Some(bare) = without_signature(&path) {
        path = bare;
        mendings.push(Mending::SignatureCut);
    }
    check_stars(&path)?;
    let contested = is_contested(&path);
    let encoded = encode_path(&path).ok_or(ItemError::BrokenEscape)?;
    if encoded.changed {
        mendings.push(Mending::Encoded);
    }
    let length = encoded.text.chars().count();
    if length > PATH_MAX {
        return Err(ItemError::TooLong(length));
    }
    let doubts = doubts_of(&encoded.text, contested, site);
    Ok(Parsed { item: Item(encoded.text), mendings, doubts })
}

/// What follows the host, where the line is a URL of this distribution; `None` where it is a path.
fn url_rest<'a>(line: &'a str, site: &Distribution) -> Result<Option<&'a str>, ItemError> {
    let after_scheme = match line.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => {
            if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
                return Err(ItemError::OtherScheme);
            }
            Some(rest)
        }
        _ => line.strip_prefix("//"),
    };
    let explicit = after_scheme.is_some();
    let rest = after_scheme.unwrap_or(line);
    let host_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(host_end);
    let host = authority.split(':').next().unwrap_or_default();
    if !explicit {
        return Ok(site.serves(host).then_some(tail));
    }
    if authority.contains('@') {
        return Err(ItemError::Credentials);
    }
    if site.serves(host) {
        Ok(Some(tail))
    } else {
        Err(ItemError::OtherSite { host: host.chars().take(253).collect(), serves: site.hosts() })
    }
}

pub(super) fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// `*` is a wildcard only as the last character (developer guide).
fn check_stars(path: &str) -> Result<(), ItemError> {
    let inner = path.strip_suffix('*').unwrap_or(path);
    if inner.contains('*') { Err(ItemError::InnerWildcard) } else { Ok(()) }
}

/// For signed URLs, only the part before `?` counts (developer guide).
pub(super) fn without_signature(path: &str) -> Option<String> {
    let (bare, query) = path.split_once('?')?;
    let signed = query.split('&').any(|pair| pair.starts_with("Key-Pair-Id="));
    signed.then(|| bare.to_owned())
}

fn doubts_of(path: &str, contested: bool, site: &Distribution) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    if contested {
        doubts.push(Doubt::ContestedCharacter);
    }
    if path.split(['/', '?']).any(|segment| segment == "." || segment == "..") {
        doubts.push(Doubt::DotSegments);
    }
    let keyless = site.config.as_ref().is_some_and(|config| config.query_strings == Some(false));
    if keyless && path.contains('?') {
        doubts.push(Doubt::QueryNotInKey);
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::distribution::{DistributionConfig, tests::sample};

    fn item(line: &str) -> String {
        parse_line(line, &sample()).unwrap().item.0
    }

    fn refusal(line: &str) -> ItemError {
        parse_line(line, &sample()).unwrap_err()
    }

    #[test]
    fn a_leading_slash_is_added() {
        let parsed = parse_line("styles.css", &sample()).unwrap();
        assert_eq!(parsed.item.as_str(), "/styles.css");
        assert_eq!(parsed.mendings, [Mending::SlashAdded]);
        assert_eq!(item("*"), "/*");
    }

    #[test]
    fn a_full_url_of_this_distribution_becomes_its_path() {
        assert_eq!(item("https://www.example.com/a/b.css?v=2"), "/a/b.css?v=2");
        assert_eq!(item("HTTP://WWW.EXAMPLE.COM:8080/A"), "/A");
        assert_eq!(item("https://d12345678.cloudfront.net"), "/");
        assert_eq!(item("https://www.example.com?x=1"), "/?x=1");
        assert_eq!(item("//www.example.com/x"), "/x");
        assert_eq!(item("www.example.com/x"), "/x");
        assert_eq!(item("https://www.example.com/guide#install"), "/guide");
        // A path that only holds a URL is a path.
        assert_eq!(item("/go?to=https://other.example.com/"), "/go?to=https://other.example.com/");
    }

    #[test]
    fn another_sites_url_is_refused_with_the_reason() {
        let refused = refusal("https://shop.example.com/a").to_string();
        assert!(refused.contains("shop.example.com"), "{refused}");
        assert!(refused.contains("www.example.com"), "{refused}");
        assert_eq!(refusal("https://me:pw@www.example.com/"), ItemError::Credentials);
        assert_eq!(refusal("s3://bucket/key"), ItemError::OtherScheme);
    }

    #[test]
    fn a_star_is_a_wildcard_only_at_the_end() {
        assert_eq!(item("/images/*"), "/images/*");
        assert_eq!(refusal("/images/*.png"), ItemError::InnerWildcard);
        assert_eq!(refusal("/images/**"), ItemError::InnerWildcard);
    }

    #[test]
    fn length_is_counted_in_the_spelling_that_is_sent() {
        assert_eq!(item(&format!("/{}", "a".repeat(3_999))).len(), 4_000);
        assert_eq!(refusal(&format!("/{}", "a".repeat(4_000))), ItemError::TooLong(4_001));
        assert_eq!(refusal(&format!("/{}", "é".repeat(1_000))), ItemError::TooLong(6_001));
    }

    #[test]
    fn control_characters_and_broken_escapes_are_refused() {
        assert_eq!(refusal("/a\u{0}b"), ItemError::ControlCharacter);
        assert_eq!(refusal("/a\u{7f}"), ItemError::ControlCharacter);
        assert_eq!(refusal("/100%"), ItemError::BrokenEscape);
        assert_eq!(refusal("/a#b"), ItemError::InnerHash);
    }

    #[test]
    fn tags_are_checked() {
        assert_eq!(item("#product:electronics"), "#product:electronics");
        assert_eq!(refusal("#"), ItemError::EmptyTag);
        assert_eq!(refusal("#a,b"), ItemError::TagCharacter);
        assert_eq!(refusal("#a b"), ItemError::TagCharacter);
        assert_eq!(refusal("#ü"), ItemError::TagCharacter);
        assert_eq!(refusal("#a*"), ItemError::TagWildcard);
        assert_eq!(refusal(&format!("#{}", "a".repeat(257))), ItemError::TagTooLong(257));
    }

    #[test]
    fn a_tag_where_tags_are_off_is_doubted() {
        let mut site = sample();
        site.config = Some(DistributionConfig::default());
        assert_eq!(parse_line("#a", &site).unwrap().doubts, [Doubt::TagsAreOff]);
    }

    #[test]
    fn a_signed_url_loses_its_signature() {
        let line = "https://www.example.com/a.mp4?Expires=1&Signature=x&Key-Pair-Id=K1";
        let parsed = parse_line(line, &sample()).unwrap();
        assert_eq!(parsed.item.as_str(), "/a.mp4");
        assert!(parsed.mendings.contains(&Mending::SignatureCut));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_gives_a_clean_item_or_a_reason(line in "\\PC{1,60}|[ -~]{1,80}") {
            if let Ok(parsed) = parse_line(line.trim(), &sample()) {
                let text = parsed.item.as_str();
                proptest::prop_assert!(text.is_ascii());
                proptest::prop_assert!(text.starts_with('/') || text.starts_with('#'));
                proptest::prop_assert!(!text.bytes().any(|b| b <= 32 || b == 127));
                // What was cleaned once stays as it is.
                let again = parse_line(text, &sample()).unwrap();
                if text.starts_with("//") { return Ok(()); }
                proptest::prop_assert_eq!(again.item.as_str(), text);
            }
        }
    }
}
