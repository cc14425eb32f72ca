//! Where the files of a folder, or of a bucket's prefix, are found on a site.

use crate::{encoding::encode_path, invalidations::intake::FilePlace};

/// The most mappings of one distribution.
pub const MAPPINGS_MAX: usize = 50;
/// The longest part of a mapping, in bytes. A key of S3 has at most as many (S3 user guide, "Naming objects").
pub const MAPPING_PART_MAX: usize = 1_024;

/// Files below `from` are found below `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathMapping {
    from: MappedFiles,
    /// A path of the site, as viewers ask for it. It begins and ends with a slash.
    to: String,
}

/// The files that a mapping is about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MappedFiles {
    /// A folder where tools run, such as `dist/`. Empty for the folder itself.
    Folder(String),
    Bucket {
        bucket: String,
        prefix: String,
    },
}

/// Why a mapping cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("has more than {MAPPING_PART_MAX} bytes")]
    TooLong,
    #[error("has a control character")]
    ControlCharacter,
    #[error("is no bucket; write s3://BUCKET/ or s3://BUCKET/PREFIX/")]
    NoBucket,
    #[error("is a URL; write a folder such as dist/, or s3://BUCKET/PREFIX/")]
    Url,
    #[error("has to begin with / and may have neither * nor ? nor #")]
    NoPath,
    #[error("has a % without two hexadecimal digits after it; write %25 for a percent sign")]
    BrokenEscape,
}

impl PathMapping {
    /// Reads both parts as people write them. A slash at the end is added where it is missing.
    pub fn parse(from: &str, to: &str) -> Result<Self, (MappingPart, MappingError)> {
        let from = parse_from(from.trim()).map_err(|error| (MappingPart::From, error))?;
        let to = parse_to(to.trim()).map_err(|error| (MappingPart::To, error))?;
        Ok(Self { from, to })
    }

    /// The files, as [`PathMapping::parse`] reads them.
    #[must_use]
    pub fn from(&self) -> String {
        match &self.from {
            MappedFiles::Folder(folder) => folder.clone(),
            MappedFiles::Bucket { bucket, prefix } => format!("s3://{bucket}/{prefix}"),
        }
    }

    #[must_use]
    pub fn to(&self) -> &str {
        &self.to
    }

    /// The part of the name below the mapped files. `None` if the file is not one of them.
    fn below<'n>(&self, place: &FilePlace, name: &'n str) -> Option<&'n str> {
        match (&self.from, place) {
            (MappedFiles::Bucket { bucket, prefix }, FilePlace::Bucket(of)) if bucket == of => {
                name.strip_prefix(prefix.as_str())
            }
            (
                MappedFiles::Folder(folder),
                FilePlace::Local | FilePlace::Destination | FilePlace::UnnamedBucket,
            ) => below_folder(folder, name),
            _ => None,
        }
    }
}

/// The mappings in words, for the history.
#[must_use]
pub fn describe(mappings: &[PathMapping]) -> String {
    let each = |mapping: &PathMapping| {
        let from = mapping.from();
        format!("{} is {}", if from.is_empty() { "." } else { &from }, mapping.to)
    };
    mappings.iter().map(each).collect::<Vec<_>>().join(", ")
}

/// One of the two parts of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MappingPart {
    From,
    To,
}

/// The mapping with the longest folder or prefix that the file is below, and the rest of its name.
#[must_use]
pub fn mapping_of<'m, 'n>(
    mappings: &'m [PathMapping],
    place: &FilePlace,
    name: &'n str,
) -> Option<(&'m PathMapping, &'n str)> {
    let fitting = mappings.iter().filter_map(|mapping| Some((mapping, mapping.below(place, name)?)));
    fitting.min_by_key(|(_, rest)| rest.len())
}

/// Tools that ran elsewhere print `../dist/x` or `/home/ada/site/dist/x`, so the folder may stand within the name.
fn below_folder<'n>(folder: &str, name: &'n str) -> Option<&'n str> {
    let name = name.trim_start_matches("./");
    if let Some(rest) = name.strip_prefix(folder) {
        return Some(rest);
    }
    let elsewhere = name.starts_with('/') || name.starts_with("../");
    let inner = format!("/{folder}");
    let at = name.find(&inner).filter(|_| elsewhere && !folder.is_empty())?;
    name.get(at + inner.len()..)
}

fn parse_from(text: &str) -> Result<MappedFiles, MappingError> {
    check(text)?;
    if let Some(rest) = text.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(MappingError::NoBucket);
        }
        return Ok(MappedFiles::Bucket { bucket: bucket.to_owned(), prefix: with_slash(prefix) });
    }
    if text.contains("://") {
        return Err(MappingError::Url);
    }
    let folder = text.trim_start_matches("./");
    Ok(MappedFiles::Folder(if folder == "." { String::new() } else { with_slash(folder) }))
}

fn parse_to(text: &str) -> Result<String, MappingError> {
    check(text)?;
    if !text.starts_with('/') || text.contains(['*', '?', '#']) {
        return Err(MappingError::NoPath);
    }
    let encoded = encode_path(text).ok_or(MappingError::BrokenEscape)?;
    Ok(with_slash(&encoded))
}

fn check(text: &str) -> Result<(), MappingError> {
    if text.len() > MAPPING_PART_MAX {
        Err(MappingError::TooLong)
    } else if text.chars().any(char::is_control) {
        Err(MappingError::ControlCharacter)
    } else {
        Ok(())
    }
}

fn with_slash(text: &str) -> String {
    if text.is_empty() || text.ends_with('/') { text.to_owned() } else { format!("{text}/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mappings(pairs: &[(&str, &str)]) -> Vec<PathMapping> {
        pairs.iter().map(|(from, to)| PathMapping::parse(from, to).unwrap()).collect()
    }

    #[test]
    fn the_longest_folder_that_fits_decides() {
        let mappings = mappings(&[("dist", "/"), ("dist/docs/", "/help"), ("s3://site/blog", "/blog/")]);
        let found = |place: FilePlace, name: &str| {
            mapping_of(&mappings, &place, name).map(|(mapping, rest)| format!("{}{rest}", mapping.to()))
        };
        for (name, path) in [
            ("dist/a.html", Some("/a.html")),
            ("./dist/a.html", Some("/a.html")),
            ("../dist/a.html", Some("/a.html")),
            ("/home/ada/site/dist/docs/a.html", Some("/help/a.html")),
            ("dist/docs/a.html", Some("/help/a.html")),
            ("src/dist/a.html", None),
            ("distant/a.html", None),
            ("a.html", None),
        ] {
            assert_eq!(found(FilePlace::Local, name).as_deref(), path, "{name}");
        }
        let bucket = |name: &str| FilePlace::Bucket(name.to_owned());
        assert_eq!(found(bucket("site"), "blog/x").as_deref(), Some("/blog/x"));
        assert_eq!(found(bucket("site"), "x"), None);
        assert_eq!(found(bucket("other"), "blog/x"), None);
    }

    #[test]
    fn what_is_written_is_what_is_read_again() {
        for (from, to, kept) in [
            ("dist", "/", ("dist/", "/")),
            (".", "/a b", ("", "/a%20b/")),
            ("./public/", "/x/", ("public/", "/x/")),
            ("s3://site", "/", ("s3://site/", "/")),
            ("s3://site/a/b", "/c", ("s3://site/a/b/", "/c/")),
        ] {
            let mapping = PathMapping::parse(from, to).unwrap();
            assert_eq!((mapping.from().as_str(), mapping.to()), kept);
            assert_eq!(PathMapping::parse(&mapping.from(), mapping.to()), Ok(mapping));
        }
    }

    #[test]
    fn what_names_no_folder_or_path_is_refused() {
        for (from, to, part, error) in [
            ("s3://", "/", MappingPart::From, MappingError::NoBucket),
            ("https://a.example/", "/", MappingPart::From, MappingError::Url),
            ("dist\n", "x", MappingPart::To, MappingError::NoPath),
            ("a\tb", "/", MappingPart::From, MappingError::ControlCharacter),
            ("dist", "/a*", MappingPart::To, MappingError::NoPath),
            ("dist", "/100%", MappingPart::To, MappingError::BrokenEscape),
        ] {
            assert_eq!(PathMapping::parse(from, to), Err((part, error)), "{from} {to}");
        }
    }
}
