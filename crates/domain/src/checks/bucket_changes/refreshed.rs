//! When paths were last invalidated.

use std::collections::{BTreeSet, HashMap};

use crate::{invalidations::item::Item, time::Timestamp};

/// The moments at which CloudFront accepted invalidations, by what they cover. Tags are not in here: which paths one
/// covers is known to the origin alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefreshedPaths {
    paths: HashMap<String, Timestamp>,
    /// By the prefixes of wildcards.
    prefixes: HashMap<String, Timestamp>,
    /// The lengths of these prefixes.
    lengths: BTreeSet<usize>,
    first: Option<Timestamp>,
}

impl RefreshedPaths {
    /// Takes in an item of an invalidation that CloudFront accepted at this moment.
    pub fn add(&mut self, item: &Item, accepted_at: Timestamp) {
        if item.is_tag() {
            return;
        }
        self.first = Some(self.first.map_or(accepted_at, |first| first.min(accepted_at)));
        let text = spelled(item.prefix().unwrap_or(item.as_str()));
        let moments = if item.is_wildcard() {
            self.lengths.insert(text.len());
            &mut self.prefixes
        } else {
            &mut self.paths
        };
        let moment = moments.entry(text).or_insert(accepted_at);
        *moment = accepted_at.max(*moment);
    }

    /// How many items it keeps.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len() + self.prefixes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The moment of the earliest invalidation. `None` if there is none.
    #[must_use]
    pub const fn first(&self) -> Option<Timestamp> {
        self.first
    }

    /// The moment of the last invalidation that covers this path. `None` if none does.
    #[must_use]
    pub fn last(&self, path: &str) -> Option<Timestamp> {
        let path = spelled(path);
        self.last_by_prefix(&path).max(self.paths.get(&path).copied())
    }

    /// The moment of the last invalidation that covers all that this item does. `None` if none does, and for tags.
    #[must_use]
    pub fn last_of(&self, item: &Item) -> Option<Timestamp> {
        if item.is_tag() {
            return None;
        }
        match item.prefix() {
            Some(prefix) => self.last_by_prefix(&spelled(prefix)),
            None => self.last(item.as_str()),
        }
    }

    fn last_by_prefix(&self, path: &str) -> Option<Timestamp> {
        let beginnings = self.lengths.iter().filter_map(|length| path.get(..*length));
        beginnings.filter_map(|beginning| self.prefixes.get(beginning).copied()).max()
    }

    /// The moment of the last invalidation of `/*`. `None` if there is none.
    #[must_use]
    pub fn everything(&self) -> Option<Timestamp> {
        self.prefixes.get("/").copied()
    }

    /// Whether an invalidation of `/*` is among them.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.everything().is_some()
    }
}

/// The one spelling of a path: it begins with `/`, and its tildes are encoded, as they are when they are sent.
fn spelled(path: &str) -> String {
    let slash = if path.starts_with('/') { "" } else { "/" };
    format!("{slash}{}", path.replace('~', "%7E"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn the_last_invalidation_that_covers_a_path_counts() {
        let mut paths = RefreshedPaths::default();
        assert!(paths.is_empty() && paths.first().is_none());
        for (item, moment) in
            [("/a/b.css", 5), ("/a/*", 3), ("/a/b.css", 4), ("/%7Eada/x", 2), ("#a", 1), ("/doc*", 7)]
        {
            paths.add(&Item::from_trusted(item), at(moment));
        }
        for (path, moment) in [
            ("/a/b.css", Some(5)),
            ("/a/c.css", Some(3)),
            ("/a/", Some(3)),
            ("/a", None),
            ("/~ada/x", Some(2)),
            ("/docs/\u{fc}", Some(7)),
            ("/do", None),
            ("/A/b.css", None),
        ] {
            assert_eq!(paths.last(path), moment.map(at), "{path}");
        }
        assert_eq!((paths.first(), paths.len()), (Some(at(2)), 4));
        assert!(!paths.is_everything());
        paths.add(&Item::from_trusted("*"), at(9));
        assert!(paths.is_everything());
        assert_eq!(paths.last("/any"), Some(at(9)));
    }
}
