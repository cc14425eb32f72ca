//! Which files of a distribution's buckets changed since they were last invalidated, from the listing of the buckets.

mod finder;
mod problem;
mod refreshed;

use serde::{Deserialize, Serialize};

use crate::{id::DistributionId, invalidations::item::Item, time::Timestamp};

pub use finder::{BucketOrigin, ChangesFinder, bucket_origins};
pub use problem::{ChangesProblem, ChangesProblemName};
pub use refreshed::RefreshedPaths;

/// The changed files of a distribution: what the last listing of its buckets showed, and whether somebody waits for a
/// new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketChanges {
    pub distribution: DistributionId,
    /// When somebody asked for a listing that is still to be made.
    pub asked_at: Option<Timestamp>,
    /// The last comparison, with the time at which it began. `None` if there was none yet.
    pub seen: Option<(Timestamp, BucketComparison)>,
}

impl BucketChanges {
    #[must_use]
    pub fn comparison(&self) -> Option<&BucketComparison> {
        self.seen.as_ref().map(|(_, comparison)| comparison)
    }

    /// The same without what was invalidated after the buckets were listed.
    #[must_use]
    pub fn without(self, refreshed: &RefreshedPaths) -> Self {
        let seen = self.seen.map(|(at, comparison)| (at, comparison.without(refreshed)));
        Self { seen, ..self }
    }
}

/// What the listing of the buckets showed when it was compared with the invalidations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BucketComparison {
    /// The objects that the listing has.
    pub objects: usize,
    /// The files that changed since they were last invalidated.
    pub changed: usize,
    /// Those of them that no known invalidation covers.
    pub never_invalidated: usize,
    /// The first [`BucketComparison::FILES_MAX`] of those that changed. Those that were invalidated before come first.
    pub files: Vec<ChangedFile>,
    /// Why nothing was compared.
    pub problem: Option<ChangesProblem>,
}

/// A file that changed since it was last invalidated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedFile {
    /// Its key, without the origin's path.
    pub name: String,
    /// The paths at which viewers get it: its own, and `/` for the default root object. Only those to be refreshed.
    pub items: Vec<String>,
    /// Whether no known invalidation covers it.
    pub never_invalidated: bool,
}

impl BucketComparison {
    /// The changed files that are kept.
    pub const FILES_MAX: usize = 1_000;

    /// A listing that could not be compared.
    #[must_use]
    pub fn failed(problem: ChangesProblem) -> Self {
        Self { problem: Some(problem), ..Self::default() }
    }

    /// The form in which it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Reads what [`BucketComparison::to_json`] wrote.
    #[must_use]
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The items that refresh the files that are kept.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        self.files.iter().flat_map(|file| &file.items).map(Item::of_checked)
    }

    /// `3 files changed in the bucket since the last invalidation`, or why that is not known.
    #[must_use]
    pub fn describe(&self) -> String {
        if let Some(problem) = &self.problem {
            return problem.found();
        }
        match self.changed {
            0 => "No file changed in the bucket since the last invalidation".to_owned(),
            1 => "1 file changed in the bucket since the last invalidation".to_owned(),
            many => format!("{many} files changed in the bucket since the last invalidation"),
        }
    }

    fn without(mut self, refreshed: &RefreshedPaths) -> Self {
        if refreshed.is_everything() {
            return Self { objects: self.objects, problem: self.problem, ..Self::default() };
        }
        for file in &mut self.files {
            file.items.retain(|item| refreshed.last(item).is_none());
        }
        let (kept, gone): (Vec<_>, Vec<_>) = self.files.into_iter().partition(|file| !file.items.is_empty());
        let never = gone.iter().filter(|file| file.never_invalidated).count();
        self.files = kept;
        self.changed = self.changed.saturating_sub(gone.len());
        self.never_invalidated = self.never_invalidated.saturating_sub(never);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, items: &[&str], never_invalidated: bool) -> ChangedFile {
        let items = items.iter().map(ToString::to_string).collect();
        ChangedFile { name: name.to_owned(), items, never_invalidated }
    }

    fn comparison() -> BucketComparison {
        BucketComparison {
            objects: 9,
            changed: 5,
            never_invalidated: 1,
            files: vec![
                file("index.html", &["/index.html", "/"], false),
                file("a/b.css", &["/a/b.css"], false),
                file("new.js", &["/new.js"], true),
            ],
            problem: None,
        }
    }

    fn refreshed(items: &[&str]) -> RefreshedPaths {
        let mut paths = RefreshedPaths::default();
        for item in items {
            paths.add(&Item::from_trusted(*item), Timestamp::from_micros(1));
        }
        paths
    }

    #[test]
    fn what_was_invalidated_meanwhile_is_taken_out() {
        let left = comparison().without(&refreshed(&["/index.html", "/a/*", "/new.js", "#tag"]));
        assert_eq!(left.files, [file("index.html", &["/"], false)]);
        assert_eq!((left.changed, left.never_invalidated, left.objects), (3, 0, 9));
        assert_eq!(comparison().without(&refreshed(&[])), comparison());
        // Those that are not kept are covered too.
        let none = comparison().without(&refreshed(&["/*"]));
        assert_eq!((none.changed, none.files.len(), none.objects), (0, 0, 9));
    }

    #[test]
    fn it_reads_back_and_has_its_items_in_order() {
        assert_eq!(BucketComparison::from_json(&comparison().to_json()), Some(comparison()));
        let items: Vec<String> = comparison().items().map(|item| item.to_string()).collect();
        assert_eq!(items, ["/index.html", "/", "/a/b.css", "/new.js"]);
        assert_eq!(BucketComparison::from_json("no"), None);
    }
}
