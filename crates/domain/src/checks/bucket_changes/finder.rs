//! Finds the changed files in the listing of a distribution's buckets.

use super::{BucketComparison, ChangedFile, RefreshedPaths};
use crate::{
    checks::bucket_of,
    distributions::{delivery::Behavior, distribution::DistributionConfig},
    invalidations::item::path_of_name,
    time::Timestamp,
};

/// An origin of a distribution that is a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketOrigin {
    /// Its domain name, such as `BUCKET.s3.eu-central-1.amazonaws.com`.
    pub domain: String,
    /// The origin's path, such as `/site`. Empty if it has none.
    path: String,
}

impl BucketOrigin {
    fn new(domain: &str, path: &str) -> Self {
        Self { domain: domain.to_owned(), path: path.trim_end_matches('/').to_owned() }
    }

    /// How the keys of all its files begin, such as `site/`.
    #[must_use]
    pub fn prefix(&self) -> String {
        let path = self.path.trim_start_matches('/');
        if path.is_empty() { String::new() } else { format!("{path}/") }
    }

    /// Whether a behaviour has it as its origin. One with a group of origins may have each.
    fn may_serve(&self, behavior: &Behavior) -> bool {
        let origin_path = behavior.origin_path.trim_end_matches('/');
        behavior.origin.as_ref().is_none_or(|domain| *domain == self.domain && origin_path == self.path)
    }
}

/// The buckets from which a distribution serves, each once.
#[must_use]
pub fn bucket_origins(config: &DistributionConfig) -> Vec<BucketOrigin> {
    let delivery = &config.delivery;
    let of_origins = delivery.origins.iter().map(|origin| BucketOrigin::new(&origin.domain, &origin.path));
    let of_behaviors = delivery.behaviors.iter().filter_map(|behavior| {
        behavior.origin.as_ref().map(|domain| BucketOrigin::new(domain, &behavior.origin_path))
    });
    let mut found: Vec<BucketOrigin> = Vec::new();
    for origin in of_origins.chain(of_behaviors) {
        let is_used = delivery.behaviors.iter().any(|behavior| origin.may_serve(behavior));
        if is_used && bucket_of(&origin.domain).is_some() && !found.contains(&origin) {
            found.push(origin);
        }
    }
    found
}

/// Compares the objects of a listing, one after the other, with what was invalidated.
#[derive(Debug)]
pub struct ChangesFinder<'a> {
    config: &'a DistributionConfig,
    refreshed: &'a RefreshedPaths,
    found: BucketComparison,
    /// The first ones that no known invalidation covers.
    never_invalidated: Vec<ChangedFile>,
}

impl<'a> ChangesFinder<'a> {
    #[must_use]
    pub fn new(config: &'a DistributionConfig, refreshed: &'a RefreshedPaths) -> Self {
        Self { config, refreshed, found: BucketComparison::default(), never_invalidated: Vec::new() }
    }

    /// Takes in an object of a bucket. Those that the distribution does not serve from there change nothing.
    pub fn add(&mut self, origin: &BucketOrigin, key: &str, last_modified: Timestamp, size: u64) {
        self.found.objects += 1;
        let prefix = origin.prefix();
        let Some(name) = key.strip_prefix(prefix.as_str()).filter(|name| is_file(name, size)) else { return };
        let path = path_of_name("/", name);
        let behavior = self.config.delivery.behavior_of(&path);
        if !behavior.is_some_and(|behavior| origin.may_serve(behavior)) {
            return;
        }
        let is_root =
            self.config.root_object.as_ref().is_some_and(|root| root.trim_start_matches('/') == name);
        let root = is_root.then(|| "/".to_owned());
        let paths: Vec<String> = std::iter::once(path).chain(root).collect();
        let never_invalidated = paths.iter().all(|path| self.refreshed.last(path).is_none());
        let items: Vec<String> =
            paths.into_iter().filter(|path| self.has_changed(path, last_modified)).collect();
        if items.is_empty() {
            return;
        }
        self.found.changed += 1;
        self.found.never_invalidated += usize::from(never_invalidated);
        let files = if never_invalidated { &mut self.never_invalidated } else { &mut self.found.files };
        if files.len() < BucketComparison::FILES_MAX {
            files.push(ChangedFile { name: name.to_owned(), items, never_invalidated });
        }
    }

    /// Whether it changed after the last invalidation that covers it, or, where none does, after the earliest one that
    /// is known: what was there before is as old as all that viewers got before.
    fn has_changed(&self, path: &str, last_modified: Timestamp) -> bool {
        let since = self.refreshed.last(path).or_else(|| self.refreshed.first());
        since.is_some_and(|since| last_modified > since)
    }

    #[must_use]
    pub fn finish(self) -> BucketComparison {
        let mut found = self.found;
        let room = BucketComparison::FILES_MAX.saturating_sub(found.files.len());
        found.files.extend(self.never_invalidated.into_iter().take(room));
        found
    }
}

/// Consoles make an empty object with a closing `/` to show a folder. It is no file.
fn is_file(name: &str, size: u64) -> bool {
    let is_folder = size == 0 && name.ends_with('/');
    !name.is_empty() && !is_folder
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        distributions::delivery::{DeliverySettings, OriginAccess, OriginSettings},
        invalidations::item::Item,
    };

    const SITE: &str = "site.s3.eu-central-1.amazonaws.com";
    const IMAGES: &str = "images.s3.eu-central-1.amazonaws.com";

    fn behavior(pattern: &str, origin: Option<&str>, path: &str) -> Behavior {
        Behavior {
            pattern: pattern.to_owned(),
            origin: origin.map(str::to_owned),
            origin_path: path.to_owned(),
            ..Behavior::default()
        }
    }

    fn config(behaviors: Vec<Behavior>, origins: &[(&str, &str)]) -> DistributionConfig {
        let origin = |(domain, path): &(&str, &str)| OriginSettings {
            domain: (*domain).to_owned(),
            path: (*path).to_owned(),
            access: OriginAccess::Open,
        };
        let origins = origins.iter().map(origin).collect();
        DistributionConfig {
            root_object: Some("index.html".to_owned()),
            delivery: DeliverySettings { behaviors, origins, ..DeliverySettings::default() },
            ..DistributionConfig::default()
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn refreshed(items: &[(&str, i64)]) -> RefreshedPaths {
        let mut paths = RefreshedPaths::default();
        for (item, moment) in items {
            paths.add(&Item::from_trusted(*item), at(*moment));
        }
        paths
    }

    /// The items of what changed, of one bucket whose files begin with `v2/`.
    fn changed(items: &[(&str, i64)], objects: &[(&str, i64)]) -> Vec<String> {
        let config = config(vec![behavior("*", Some(SITE), "/v2")], &[(SITE, "/v2")]);
        let refreshed = refreshed(items);
        let origins = bucket_origins(&config);
        assert_eq!(origins, [BucketOrigin::new(SITE, "/v2")]);
        assert_eq!(origins[0].prefix(), "v2/");
        let mut finder = ChangesFinder::new(&config, &refreshed);
        for (key, moment) in objects {
            finder.add(&origins[0], key, at(*moment), 1);
        }
        let found = finder.finish();
        assert_eq!((found.objects, found.changed), (objects.len(), found.files.len()));
        found.items().map(|item| item.to_string()).collect()
    }

    #[test]
    fn a_file_that_is_newer_than_its_last_invalidation_changed() {
        let items = [("/a.css", 10), ("/docs/*", 20), ("/index.html", 30)];
        assert_eq!(changed(&items, &[("v2/a.css", 10), ("v2/docs/b.html", 20)]), [] as [&str; 0]);
        assert_eq!(
            changed(&items, &[("v2/a.css", 11), ("v2/docs/b.html", 21), ("v2/docs/c.html", 15)]),
            ["/a.css", "/docs/b.html"]
        );
        // The root object was invalidated by its own name, and `/` never.
        assert_eq!(changed(&items, &[("v2/index.html", 25)]), ["/"]);
        assert_eq!(changed(&[("/*", 30)], &[("v2/index.html", 31)]), ["/index.html", "/"]);
    }

    #[test]
    fn a_file_that_was_never_invalidated_is_compared_with_the_earliest_invalidation() {
        let items = [("/a.css", 10), ("/b.css", 20)];
        assert_eq!(changed(&items, &[("v2/old.css", 9), ("v2/new.css", 11)]), ["/new.css"]);
        assert_eq!(changed(&[("#tag", 10)], &[("v2/new.css", 11)]), [] as [&str; 0]);
    }

    #[test]
    fn names_of_files_become_paths_as_viewers_ask_for_them() {
        let keys = [("v2/100% cotton.html", 2), ("v2/what?.html", 2), ("v2/c#.html", 2), ("v2/star*", 2)];
        let paths = ["/100%25%20cotton.html", "/what%3F.html", "/c%23.html", "/star%2A"];
        assert_eq!(changed(&[("/*", 1)], &keys), paths);
        // Elsewhere in the bucket, and what a console makes to show a folder.
        let config = config(vec![behavior("*", Some(SITE), "")], &[(SITE, "")]);
        let refreshed = refreshed(&[("/*", 1)]);
        let origin = BucketOrigin::new(SITE, "/v2");
        let mut finder = ChangesFinder::new(&config, &refreshed);
        finder.add(&origin, "v2", at(2), 1);
        finder.add(&origin, "v1/a.css", at(2), 1);
        finder.add(&BucketOrigin::new(SITE, ""), "docs/", at(2), 0);
        assert_eq!(finder.finish(), BucketComparison { objects: 3, ..BucketComparison::default() });
    }

    #[test]
    fn each_bucket_has_the_files_that_are_served_from_it() {
        let behaviors = vec![behavior("/images/*", Some(IMAGES), ""), behavior("*", Some(SITE), "/v2")];
        let origins =
            [(SITE, "/v2/"), (IMAGES, ""), ("unused.s3.amazonaws.com", ""), ("www.example.com", "")];
        let config = config(behaviors, &origins);
        let buckets = bucket_origins(&config);
        assert_eq!(buckets, [BucketOrigin::new(SITE, "/v2"), BucketOrigin::new(IMAGES, "")]);
        let refreshed = refreshed(&[("/*", 1)]);
        let mut finder = ChangesFinder::new(&config, &refreshed);
        finder.add(&buckets[0], "v2/images/a.png", at(2), 1);
        finder.add(&buckets[0], "v2/a.css", at(2), 1);
        finder.add(&buckets[1], "images/a.png", at(2), 1);
        finder.add(&buckets[1], "a.css", at(2), 1);
        let names: Vec<String> = finder.finish().files.into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["a.css", "images/a.png"]);
    }

    #[test]
    fn with_a_group_of_origins_each_bucket_may_have_the_file() {
        let config = config(vec![behavior("*", None, "")], &[(SITE, ""), (IMAGES, "")]);
        assert_eq!(bucket_origins(&config).len(), 2);
        let none = DistributionConfig::default();
        assert!(bucket_origins(&none).is_empty(), "the behaviours are not known");
    }

    #[test]
    fn those_that_were_invalidated_before_are_kept_first() {
        let config = config(vec![behavior("*", Some(SITE), "")], &[(SITE, "")]);
        let refreshed = refreshed(&[("/old/*", 1)]);
        let origin = BucketOrigin::new(SITE, "");
        let mut finder = ChangesFinder::new(&config, &refreshed);
        for number in 0..1_200 {
            finder.add(&origin, &format!("new/{number}"), at(2), 1);
        }
        for number in 0..3 {
            finder.add(&origin, &format!("old/{number}"), at(2), 1);
        }
        let found = finder.finish();
        assert_eq!((found.changed, found.never_invalidated, found.files.len()), (1_203, 1_200, 1_000));
        let first: Vec<&str> = found.files.iter().take(4).map(|file| file.name.as_str()).collect();
        assert_eq!(first, ["old/0", "old/1", "old/2", "new/0"]);
    }
}
