//! How far a grant reaches within a distribution: a prefix of paths, a prefix of cache tags, and `/*`.
//!
//! CloudFront matches the text of a path, including case and encoding, so the texts are compared here. A path with
//! a dot segment (`..`, also written `%2e%2e`) is in no prefix, because it may be resolved before it is matched.

use crate::{
    encoding::encode_path,
    invalidations::item::{Item, PATH_MAX, TAG_MAX},
};

/// The encoding of `~` in items. A raw `~` is never sent to CloudFront.
const TILDE: &str = "%7E";

/// The items of a distribution that may be invalidated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GrantScope {
    pub paths: Option<PathPrefix>,
    pub tags: Option<TagPrefix>,
    /// Whether `/*`, which invalidates everything, may be sent.
    pub everything: bool,
}

/// The prefix of the paths of a grant, encoded as CloudFront expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPrefix(String);

/// The prefix of the cache tags of a grant, without the `#`. Tags are case-insensitive. Empty means all tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagPrefix(String);

/// Why a grant scope is not valid. The message is for the person who filled in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantScopeError {
    #[error(
        "Leave out *, ?, # and what follows them: a prefix such as /docs/ covers everything that begins with it."
    )]
    NotAPath,
    #[error("Leave out . and .. as parts of the path; viewers' browsers resolve them before they ask.")]
    Dots,
    #[error("A % has no two hexadecimal digits after it; write %25 for a percent sign.")]
    BrokenEscape,
    #[error("Use at most {PATH_MAX} characters.")]
    TooLong,
    #[error("Use ASCII without spaces, commas and *, at most {TAG_MAX} characters.")]
    Tag,
    #[error("/* refreshes everything, so it goes only with / as the path prefix.")]
    EverythingNeedsAll,
    #[error("Allow paths, tags or both.")]
    Nothing,
}

impl GrantScope {
    /// All paths, all tags and `/*`.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            paths: Some(PathPrefix("/".to_owned())),
            tags: Some(TagPrefix(String::new())),
            everything: true,
        }
    }

    /// Combines the parts, or returns `Err` if the combination makes no sense.
    pub fn of(
        paths: Option<PathPrefix>,
        tags: Option<TagPrefix>,
        everything: bool,
    ) -> Result<Self, GrantScopeError> {
        if paths.is_none() && tags.is_none() {
            Err(GrantScopeError::Nothing)
        } else if everything && paths.as_ref().is_none_or(|prefix| prefix.0 != "/") {
            Err(GrantScopeError::EverythingNeedsAll)
        } else {
            Ok(Self { paths, tags, everything })
        }
    }

    /// Whether the scope covers all that this item invalidates.
    #[must_use]
    pub fn covers(&self, item: &Item) -> bool {
        if item.is_tag() {
            self.tags.as_ref().is_some_and(|prefix| prefix.covers(item))
        } else if item.prefix() == Some("/") || item.as_str() == "*" {
            self.everything
        } else {
            self.paths.as_ref().is_some_and(|prefix| prefix.covers(item))
        }
    }

    /// `paths below /docs/ and tags that begin with #product:`
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words = Vec::new();
        if let Some(prefix) = &self.paths {
            words.push(match (prefix.as_str(), self.everything) {
                ("/", true) => "every path, /* too".to_owned(),
                ("/", false) => "every path, but not /* itself".to_owned(),
                (below, _) if below.ends_with('/') => format!("paths below {below}"),
                (path, _) => format!("{path} and paths below {path}/"),
            });
        }
        if let Some(prefix) = &self.tags {
            words.push(match prefix.as_str() {
                "" => "every tag".to_owned(),
                begin => format!("tags that begin with #{begin}"),
            });
        }
        words.join(" and ")
    }
}

impl PathPrefix {
    /// Parses a prefix that an administrator typed, and encodes it as items are encoded. A missing slash before it is
    /// added, as it is before a path in the form of a request.
    pub fn parse(typed: &str) -> Result<Self, GrantScopeError> {
        let typed = typed.trim();
        if typed.is_empty() || typed.contains("//") {
            return Err(GrantScopeError::NotAPath);
        }
        let typed = &format!("{}{typed}", if typed.starts_with('/') { "" } else { "/" });
        if typed.contains(['*', '?', '#']) || typed.chars().any(char::is_control) {
            return Err(GrantScopeError::NotAPath);
        }
        let text = encode_path(typed).ok_or(GrantScopeError::BrokenEscape)?.into_owned();
        if has_dot_segment(&text) {
            return Err(GrantScopeError::Dots);
        }
        if text.chars().count() > PATH_MAX {
            return Err(GrantScopeError::TooLong);
        }
        Ok(Self(text))
    }

    /// A prefix from the database. It may have been stored before Unstale encoded tildes.
    #[must_use]
    pub fn from_trusted(text: impl Into<String>) -> Self {
        Self(text.into().replace('~', TILDE))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the prefix covers every path that this item invalidates.
    ///
    /// `/docs/` covers itself and every path that begins with it. `/docs` covers itself, with or without a query,
    /// and every path below `/docs/`. Neither covers `/docs*`, which also matches `/docs-old/`.
    fn covers(&self, item: &Item) -> bool {
        if self.0 == "/" {
            return item.as_str().starts_with('/');
        }
        let text = &item.prefix().unwrap_or(item.as_str()).replace('~', TILDE);
        let Some(rest) = text.strip_prefix(self.0.as_str()) else { return false };
        let bounded = if self.0.ends_with('/') {
            true
        } else {
            rest.starts_with(['/', '?']) || (rest.is_empty() && !item.is_wildcard())
        };
        bounded && !has_dot_segment(text)
    }
}

impl TagPrefix {
    /// Parses a prefix that an administrator typed, with or without the `#`.
    pub fn parse(typed: &str) -> Result<Self, GrantScopeError> {
        let typed = typed.trim();
        let text = typed.strip_prefix('#').unwrap_or(typed);
        let plain = text.bytes().all(|b| (33..=126).contains(&b) && b != b',' && b != b'*');
        if plain && text.len() <= TAG_MAX {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(GrantScopeError::Tag)
        }
    }

    /// A prefix from the database.
    #[must_use]
    pub fn from_trusted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn covers(&self, item: &Item) -> bool {
        let tag = item.as_str().strip_prefix('#').map(str::to_ascii_lowercase);
        tag.is_some_and(|tag| tag.starts_with(&self.0))
    }
}

/// Whether `.` or `..` is a segment of the path, in any encoding. The query is not checked.
fn has_dot_segment(text: &str) -> bool {
    let mut path = text.split('?').next().unwrap_or_default().to_owned();
    // A server on the way may decode the path more than once. So it is checked as typed and after each decoding.
    for _ in 0..3 {
        let dots = |segment: &str| matches!(segment.split(';').next(), Some("." | ".."));
        if path.split(['/', '\\']).any(dots) {
            return true;
        }
        let decoded = ["%2e", "%2E", "%2f", "%2F", "%5c", "%5C", "%25", "%3b", "%3B"]
            .into_iter()
            .zip([".", ".", "/", "/", "\\", "\\", "%", ";", ";"])
            .fold(path.clone(), |path, (code, c)| path.replace(code, c));
        if decoded == path {
            return false;
        }
        path = decoded;
    }
    path.split(['/', '\\']).any(|segment| matches!(segment, "." | "..")) || path.contains("%2")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(prefix: &str, item: &str) -> bool {
        let scope = GrantScope { paths: Some(PathPrefix::parse(prefix).unwrap()), ..GrantScope::default() };
        scope.covers(&Item::from_trusted(item))
    }

    #[test]
    fn a_prefix_with_a_slash_covers_what_is_below_it_and_itself() {
        for inside in ["/docs/", "/docs/a", "/docs/*", "/docs/a*", "/docs/a/b?x=1", "/docs/?x", "/docs//a"] {
            assert!(covers("/docs/", inside), "{inside}");
        }
        for outside in [
            "/docs",
            "/docs*",
            "/doc*",
            "/docs-old/",
            "/docs-old/*",
            "/docs?x",
            "/*",
            "/",
            "/d*",
            "/Docs/a",
            "//docs/a",
            "/d%6Fcs/a",
            "/docs%2Fa",
            "/docs/..",
            "/docs/../a",
            "/docs/a/../../b*",
            "/docs/..*",
            "/docs/%2e%2E/a",
            "/docs/a%2f..%2f..%2fb",
            "/docs/a%5C..%5C..%5Cb",
            "/docs/%252e%252e/a",
            "/docs/a%3F/../../b",
            "/docs/..;x/a",
            "/docs/./a",
            "#docs",
            "#/docs/",
        ] {
            assert!(!covers("/docs/", outside), "{outside}");
        }
    }

    #[test]
    fn a_prefix_without_a_slash_is_one_path_and_what_is_below_it() {
        for inside in ["/docs", "/docs/", "/docs/a", "/docs/*", "/docs?x=1", "/docs?*", "/docs?x=../.."] {
            assert!(covers("/docs", inside), "{inside}");
        }
        for outside in ["/docs*", "/docsold", "/docsold/*", "/doc", "/docs%3Fx", "/docs.html", "/DOCS"] {
            assert!(!covers("/docs", outside), "{outside}");
        }
    }

    #[test]
    fn a_prefix_is_spelled_as_items_are() {
        assert!(covers("/größe/", "/gr%C3%B6%C3%9Fe/a"));
        for prefix in [PathPrefix::parse("/~ada/").unwrap(), PathPrefix::from_trusted("/~ada/")] {
            let scope = GrantScope { paths: Some(prefix), ..GrantScope::default() };
            for item in ["/%7Eada/a", "/~ada/a", "/%7Eada/*"] {
                assert!(scope.covers(&Item::from_trusted(item)), "{item}");
            }
            assert!(!scope.covers(&Item::from_trusted("/%7Eadam/a")));
        }
        assert_eq!(PathPrefix::parse(" docs/ "), PathPrefix::parse("/docs/"));
        assert_eq!(PathPrefix::parse(""), Err(GrantScopeError::NotAPath));
        assert_eq!(PathPrefix::parse("https://www.example.com/docs/"), Err(GrantScopeError::NotAPath));
        assert_eq!(PathPrefix::parse("/docs/*"), Err(GrantScopeError::NotAPath));
        assert_eq!(PathPrefix::parse("/docs?x"), Err(GrantScopeError::NotAPath));
        assert_eq!(PathPrefix::parse("/docs/../a/"), Err(GrantScopeError::Dots));
        assert_eq!(PathPrefix::parse("/100%"), Err(GrantScopeError::BrokenEscape));
        assert_eq!(PathPrefix::parse(&format!("/{}", "a".repeat(4_000))), Err(GrantScopeError::TooLong));
    }

    #[test]
    fn every_path_is_not_yet_everything() {
        assert!(covers("/", "/a*") && covers("/", "/") && covers("/", "/index.html"));
        assert!(!covers("/", "/*"), "that is allowed by itself");
        assert!(GrantScope::whole().covers(&Item::from_trusted("/*")));
        assert!(GrantScope::whole().covers(&Item::from_trusted("#any")));
        let docs = Some(PathPrefix::parse("/docs/").unwrap());
        assert_eq!(GrantScope::of(docs, None, true), Err(GrantScopeError::EverythingNeedsAll));
        assert_eq!(GrantScope::of(None, None, false), Err(GrantScopeError::Nothing));
    }

    #[test]
    fn tags_are_granted_by_their_beginning_and_know_no_case() {
        let tags = Some(TagPrefix::parse("#Product:").unwrap());
        let scope = GrantScope::of(None, tags, false).unwrap();
        assert!(
            scope.covers(&Item::from_trusted("#product:1")) && scope.covers(&Item::from_trusted("#PRODUCT:"))
        );
        assert!(
            !scope.covers(&Item::from_trusted("#produc")) && !scope.covers(&Item::from_trusted("/product:1"))
        );
        assert_eq!(scope.describe(), "tags that begin with #product:");
        assert_eq!(TagPrefix::parse("a b"), Err(GrantScopeError::Tag));
        assert_eq!(TagPrefix::parse("a*"), Err(GrantScopeError::Tag));
    }

    /// What CloudFront refreshes of this URL (developer guide): the text as it is, or as far as a closing star.
    fn refreshes(item: &str, url: &str) -> bool {
        item.strip_suffix('*').map_or(item == url, |prefix| url.starts_with(prefix))
    }

    /// The same, told in another way: the part of a path before its query, split at slashes.
    fn lies_within(prefix: &str, url: &str) -> bool {
        let path = url.split('?').next().unwrap();
        let want: Vec<&str> = prefix.trim_end_matches('/').split('/').collect();
        let have: Vec<&str> = path.split('/').collect();
        let deep = have.len() > want.len() || (have.len() == want.len() && !prefix.ends_with('/'));
        deep && have[..want.len()] == want
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4_000))]
        #[test]
        fn an_item_that_is_covered_refreshes_nothing_outside(
            prefix in "(/[ab]{1,2}){1,2}/?",
            item in "(/|//)([ab.]{0,3}/?){0,3}(\\?[ab]{0,2})?\\*?",
            more in "[ab/?.]{0,6}",
            other in "(/[ab]{0,2}){1,3}/?(\\?a)?",
        ) {
            if covers(&prefix, &item) {
                let begin = item.strip_suffix('*').unwrap_or(&item).to_owned();
                for url in [begin.clone(), format!("{begin}{more}"), other.clone(), format!("{prefix}{more}")] {
                    if refreshes(&item, &url) {
                        proptest::prop_assert!(lies_within(&prefix, &url), "{prefix} covers {item}, which refreshes {url}");
                    }
                }
            }
        }

        #[test]
        fn a_path_below_a_prefix_is_covered(prefix in "(/[a-z]{1,3}){1,2}/", rest in "[a-z/]{0,8}\\*?") {
            let item = format!("{prefix}{rest}");
            let without = prefix.trim_end_matches('/');
            proptest::prop_assert!(covers(&prefix, &item) && covers(without, &item));
        }
    }
}
