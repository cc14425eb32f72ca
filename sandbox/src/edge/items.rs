//! Owns the question whether the items of an invalidation name a cached object.

use std::collections::HashSet;

use super::cache::Entry;

/// The items of one invalidation, sorted by kind.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    exact: HashSet<&'a str>,
    prefixes: Vec<&'a str>,
    tags: HashSet<String>,
}

impl<'a> Named<'a> {
    pub fn of(items: &'a [String]) -> Self {
        let mut named = Self::default();
        for item in items {
            if let Some(tag) = item.strip_prefix('#') {
                named.tags.insert(tag.to_ascii_lowercase());
            } else if let Some(prefix) = item.strip_suffix('*') {
                named.prefixes.push(prefix);
            } else {
                named.exact.insert(item);
            }
        }
        named
    }

    /// Paths are compared as they were requested, letter by letter; an asterisk counts only at the end.
    pub fn names(&self, path: &str, entry: &Entry, tag_header: Option<&str>) -> bool {
        self.exact.contains(path)
            || self.prefixes.iter().any(|prefix| path.starts_with(prefix))
            || self.tags_name(entry, tag_header)
    }

    fn tags_name(&self, entry: &Entry, tag_header: Option<&str>) -> bool {
        let same_header = match (tag_header, &entry.tag_header) {
            (Some(now), Some(then)) => now.eq_ignore_ascii_case(then),
            _ => false,
        };
        same_header && entry.tags.iter().any(|tag| self.tags.contains(tag))
    }
}
