//! Finds the path under which viewers ask for a file that a tool named.

use std::borrow::Cow;

use super::{Drop, LineVerdict};
use crate::{
    checks::bucket_of,
    distributions::{
        delivery::DeliverySettings,
        distribution::Distribution,
        path_mapping::{PathMapping, mapping_of},
    },
    encoding::encode_path,
    invalidations::{
        intake::{FileChange, FilePlace, NamedFile},
        item::{Item, ItemError, Mending, PATH_MAX, check_encoded, doubts_of_name, path_of_name},
    },
};

/// Folders into which site generators write. Their files are not found under these names, so they are asked about.
const BUILD_FOLDERS: [&str; 11] =
    ["dist", "build", "public", "out", "output", "_site", "site", "www", "htdocs", "public_html", "target"];

/// The path of a file, and how it was found.
struct Found {
    /// As viewers ask for it, with its first slash.
    path: String,
    how: Mending,
}

/// What is done with a file that a tool named.
pub(super) fn verdict_of(
    file: &NamedFile,
    distribution: &Distribution,
    mappings: &[PathMapping],
) -> LineVerdict {
    let found = match find(file, distribution, mappings) {
        Ok(found) => found,
        Err(verdict) => return *verdict,
    };
    let mut mendings = vec![found.how];
    mendings.extend(file.note.map(Mending::FileNote));
    if file.change == FileChange::Deleted {
        mendings.push(Mending::Deleted);
    }
    // A name has no broken escapes any more: each of its percent signs was encoded.
    let encoded = match encode_path(&found.path) {
        Some(Cow::Owned(encoded)) => Some(encoded),
        Some(Cow::Borrowed(_)) | None => None,
    };
    let path = encoded.unwrap_or(found.path);
    // A line that is typed is held to the same.
    if let Err(error) = check_encoded(&path) {
        return LineVerdict::Refused(error);
    }
    let length = path.chars().count();
    if length > PATH_MAX {
        return LineVerdict::Refused(ItemError::TooLong(length));
    }
    let doubts = doubts_of_name(&path);
    LineVerdict::Send { item: Item::of_checked(path), mendings, doubts }
}

fn find(
    file: &NamedFile,
    distribution: &Distribution,
    mappings: &[PathMapping],
) -> Result<Found, Box<LineVerdict>> {
    if let Some((mapping, rest)) = mapping_of(mappings, &file.place, &file.name) {
        return Ok(Found { path: path_of_name(mapping.to(), rest), how: Mending::Mapped });
    }
    match &file.place {
        FilePlace::Bucket(bucket) => in_bucket(bucket, &file.name, distribution),
        FilePlace::Local | FilePlace::Destination => on_disk(file, mappings),
        FilePlace::UnnamedBucket => Ok(below_origin_path(&file.name, distribution)),
    }
}

/// The path of a key: the key without the path of the origin before it, where the behaviour of that path uses the
/// origin.
fn in_bucket(bucket: &str, key: &str, distribution: &Distribution) -> Result<Found, Box<LineVerdict>> {
    let unknown = DeliverySettings::default();
    let delivery = distribution.config.as_ref().map_or(&unknown, |config| &config.delivery);
    let mut origins =
        origins_of(distribution, delivery).filter(|origin| is_of(bucket, origin.domain)).peekable();
    if origins.peek().is_none() {
        let error = ItemError::OtherBucket { bucket: bucket.to_owned() };
        return Err(Box::new(LineVerdict::Refused(error)));
    }
    for origin in origins {
        let prefix = origin.path;
        let rest = if prefix.is_empty() {
            Some(key)
        } else {
            key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/'))
        };
        let Some(rest) = rest else { continue };
        let path = path_of_name("/", rest);
        if is_asked_for(delivery, &path, origin) {
            return Ok(Found { path, how: Mending::FromBucket });
        }
    }
    Err(Box::new(LineVerdict::Dropped { item: None, why: Drop::NotServed }))
}

/// An origin in which a file may be.
#[derive(Clone, Copy)]
struct FileOrigin<'a> {
    domain: &'a str,
    /// The origin path, without slashes around it.
    path: &'a str,
}

/// The origins. The list of distributions names only their domains, so their paths are known once the configuration
/// was read.
fn origins_of<'a>(
    distribution: &'a Distribution,
    delivery: &'a DeliverySettings,
) -> impl Iterator<Item = FileOrigin<'a>> {
    let read = delivery.origins.iter();
    let listed = distribution.origins.iter().filter(|_| delivery.origins.is_empty());
    read.map(|origin| FileOrigin { domain: &origin.domain, path: origin.path.trim_matches('/') })
        .chain(listed.map(|domain| FileOrigin { domain, path: "" }))
}

/// Whether the behaviour of this path uses this origin. An origin group may use it.
fn is_asked_for(delivery: &DeliverySettings, path: &str, origin: FileOrigin<'_>) -> bool {
    let Some(behavior) = delivery.behavior_of(path) else { return true };
    behavior
        .origin
        .as_ref()
        .is_none_or(|domain| domain == origin.domain && behavior.origin_path.trim_matches('/') == origin.path)
}

/// Whether this is a domain name of the bucket: that of S3's API, or its website endpoint.
fn is_of(bucket: &str, domain: &str) -> bool {
    bucket_of(domain) == Some(bucket)
        || domain.strip_prefix(bucket).is_some_and(|rest| rest.starts_with(".s3-website"))
}

/// The path of a key of the distribution's own bucket, without the path of the origin where the key has it.
fn below_origin_path(key: &str, distribution: &Distribution) -> Found {
    let default = distribution.config.as_ref().and_then(|config| config.delivery.behaviors.last());
    let prefix = default.map_or("", |behavior| behavior.origin_path.trim_matches('/'));
    let rest =
        key.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('/')).filter(|_| !prefix.is_empty());
    match rest {
        Some(rest) => Found { path: path_of_name("/", rest), how: Mending::FromBucket },
        None => Found { path: path_of_name("/", key), how: Mending::NameEncoded },
    }
}

fn on_disk(file: &NamedFile, mappings: &[PathMapping]) -> Result<Found, Box<LineVerdict>> {
    let name = file.name.trim_start_matches("./");
    let folder = name.split('/').next().filter(|folder| folder.len() < name.len());
    let is_elsewhere = name.starts_with('/') || name.starts_with("../");
    if file.place == FilePlace::Local && !mappings.is_empty() {
        // The mappings say which folders are on the site, so a file of another one is not.
        return Err(Box::new(LineVerdict::Dropped { item: None, why: Drop::NotMapped }));
    }
    let is_built = folder.is_some_and(|folder| BUILD_FOLDERS.contains(&folder));
    if is_elsewhere || is_built {
        let folder = if is_elsewhere { parent(name) } else { folder.unwrap_or_default() };
        let error = ItemError::NoMapping { folder: format!("{folder}/") };
        return Err(Box::new(LineVerdict::Refused(error)));
    }
    let how =
        if file.place == FilePlace::Destination { Mending::FromDestination } else { Mending::NameEncoded };
    Ok(Found { path: path_of_name("/", name), how })
}

/// The folder of a path that begins elsewhere.
fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(parent, _)| parent)
}
