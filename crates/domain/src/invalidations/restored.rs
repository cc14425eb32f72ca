//! Requests of a database that was restored from a backup. Some were sent after the backup was made, perhaps together with
//! others under another caller reference, and the restored database does not know it.

use std::collections::BTreeSet;

use super::{
    item::Item,
    plan::{covering, widest},
};

/// Why a request was not sent after a restore, for people.
pub const NOT_SENT_AGAIN: &str = "not sent again: CloudFront has accepted all of its items since it was due";

/// The items that CloudFront accepted for a distribution since some moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AcceptedItems {
    prefixes: BTreeSet<String>,
    identities: BTreeSet<String>,
}

impl AcceptedItems {
    /// Takes in the items of an invalidation.
    pub fn add(&mut self, items: &[Item]) {
        let prefixes = items.iter().filter_map(Item::prefix).chain(self.prefixes.iter().map(String::as_str));
        self.prefixes = widest(prefixes);
        self.identities.extend(items.iter().map(|item| item.identity().into_owned()));
    }

    /// Takes in what another set has.
    pub fn join(&mut self, other: Self) {
        self.prefixes = widest(self.prefixes.iter().chain(&other.prefixes).map(String::as_str));
        self.identities.extend(other.identities);
    }

    /// Whether each of these items was accepted, or is covered by a wildcard that was.
    #[must_use]
    pub fn refresh_all(&self, items: &[Item]) -> bool {
        let is_refreshed = |item: &Item| {
            self.identities.contains(item.identity().as_ref()) || covering(item, &self.prefixes).is_some()
        };
        items.iter().all(is_refreshed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(texts: &[&str]) -> Vec<Item> {
        texts.iter().map(|text| Item::from_trusted(*text)).collect()
    }

    #[test]
    fn several_invalidations_together_refresh_what_none_does_alone() {
        let mut accepted = AcceptedItems::default();
        assert!(!accepted.refresh_all(&items(&["/a"])));
        accepted.add(&items(&["/a", "/img/*", "#Product"]));
        accepted.add(&items(&["/b"]));
        assert!(accepted.refresh_all(&items(&["/a", "/b", "/img/*", "/img/x.png", "/img/x/*", "#product"])));
        for missing in ["/c", "/im*", "/image", "/A", "/a*", "/*", "#other"] {
            assert!(!accepted.refresh_all(&items(&["/a", missing])), "{missing}");
        }
        accepted.add(&items(&["/*"]));
        assert!(accepted.refresh_all(&items(&["/c", "/*", "#other"])));
    }
}
