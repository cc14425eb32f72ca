//! Addresses of S3 in the form of the AWS CLI: `s3://BUCKET/PREFIX` and `s3://BUCKET/KEY`.

use std::fmt;

const SCHEME: &str = "s3://";
/// The longest key of an object, in bytes (S3 user guide, "Naming Amazon S3 objects").
const KEY_MAX: usize = 1_024;
/// What is left of it for a prefix: the names of backups are shorter than the rest.
const PREFIX_MAX: usize = 900;

/// A bucket, and how the keys of what is kept there begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Prefix {
    bucket: String,
    /// Empty, or with a `/` at its end.
    prefix: String,
}

/// One object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Object {
    bucket: String,
    key: String,
}

/// Why a text is no address of S3 that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum S3AddressError {
    #[error("it is an address of another kind; write a path such as /mnt/backups, or s3://BUCKET/PREFIX")]
    OtherScheme,
    #[error("an address of S3 begins with s3:// in small letters, such as s3://example-backups/unstale")]
    Scheme,
    #[error("it names no bucket; write s3://BUCKET/PREFIX, such as s3://example-backups/unstale")]
    NoBucket,
    #[error(
        "{0:?} is not the name of a bucket, which has 3 to 63 small letters, digits, hyphens and dots; write \
         s3://BUCKET/PREFIX, such as s3://example-backups/unstale"
    )]
    Bucket(String),
    #[error(
        "{0} is a directory bucket, which needs another kind of sign-in; name a general purpose bucket, such as \
         s3://example-backups/unstale"
    )]
    DirectoryBucket(String),
    #[error(
        "its prefix has a space, a control character, an empty part, or . or .. as a part; write one such as \
         s3://example-backups/unstale"
    )]
    Prefix,
    #[error("its prefix is longer than 900 bytes; write a short one, such as s3://example-backups/unstale")]
    TooLong,
    #[error(
        "it names no object; write s3://BUCKET/KEY, such as s3://example-backups/unstale/unstale-20261130T120000Z.db"
    )]
    NoObject,
    #[error(
        "its key has a control character, . or .. as a part, or more than 1,024 bytes; write one such as \
         s3://example-backups/unstale/unstale-20261130T120000Z.db"
    )]
    Key,
}

/// Whether the text means S3. `s3:/bucket` is a slip, and nobody's folder.
pub(super) fn is_of_s3(text: &str) -> bool {
    text.get(..3).is_some_and(|begin| begin.eq_ignore_ascii_case("s3:"))
}

/// The bucket, and what stands behind it.
fn parts(text: &str) -> Result<(&str, &str), S3AddressError> {
    let rest = text.strip_prefix(SCHEME).ok_or(S3AddressError::Scheme)?;
    let (bucket, rest) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(S3AddressError::NoBucket);
    }
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let ends = [bucket.as_bytes().first(), bucket.as_bytes().last()];
    let is_named = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(is_allowed)
        && ends.into_iter().flatten().all(u8::is_ascii_alphanumeric)
        && !bucket.contains("..");
    if !is_named {
        return Err(S3AddressError::Bucket(bucket.to_owned()));
    }
    if bucket.ends_with("--x-s3") {
        return Err(S3AddressError::DirectoryBucket(bucket.to_owned()));
    }
    Ok((bucket, rest))
}

/// What an address on the web would drop, so that another object would be meant.
fn has_dots(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "." | ".."))
}

impl S3Prefix {
    pub fn parse(text: &str) -> Result<Self, S3AddressError> {
        let (bucket, rest) = parts(text)?;
        let path = rest.strip_suffix('/').unwrap_or(rest);
        let has_space = |c: char| c.is_whitespace() || c.is_control();
        let is_odd = path.contains(has_space) || has_dots(path) || path.split('/').any(str::is_empty);
        if !rest.is_empty() && is_odd {
            return Err(S3AddressError::Prefix);
        }
        if path.len() > PREFIX_MAX {
            return Err(S3AddressError::TooLong);
        }
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        Ok(Self { bucket: bucket.to_owned(), prefix })
    }

    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// How the keys begin: empty, or with a `/` at its end.
    #[must_use]
    pub fn key_prefix(&self) -> &str {
        &self.prefix
    }

    /// The object of this name.
    #[must_use]
    pub fn object(&self, name: &str) -> S3Object {
        S3Object { bucket: self.bucket.clone(), key: format!("{}{name}", self.prefix) }
    }
}

impl S3Object {
    /// Reads an address of S3. `None` if the text means a file.
    #[must_use]
    pub fn given(text: &str) -> Option<Result<Self, S3AddressError>> {
        is_of_s3(text).then(|| Self::parse(text))
    }

    fn parse(text: &str) -> Result<Self, S3AddressError> {
        let (bucket, key) = parts(text)?;
        if key.is_empty() || key.ends_with('/') {
            return Err(S3AddressError::NoObject);
        }
        if key.len() > KEY_MAX || has_dots(key) || key.contains(char::is_control) {
            return Err(S3AddressError::Key);
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Where it is, as the place of a backup: its key up to the last `/`.
    #[must_use]
    pub fn folder(&self) -> S3Prefix {
        let end = self.key.rfind('/').map_or(0, |at| at + 1);
        S3Prefix { bucket: self.bucket.clone(), prefix: self.key[..end].to_owned() }
    }
}

impl fmt::Display for S3Prefix {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix.strip_suffix('/') {
            Some(prefix) => write!(out, "{SCHEME}{}/{prefix}", self.bucket),
            None => write!(out, "{SCHEME}{}", self.bucket),
        }
    }
}

impl fmt::Display for S3Object {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{SCHEME}{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_an_address_is_named() {
        use S3AddressError as Error;
        let bucket = |name: &str| Error::Bucket(name.to_owned());
        for (text, error) in [
            ("S3://backups", Error::Scheme),
            ("s3:/backups", Error::Scheme),
            ("s3:backups", Error::Scheme),
            ("s3://", Error::NoBucket),
            ("s3:///unstale", Error::NoBucket),
            ("s3://ab", bucket("ab")),
            ("s3://Backups", bucket("Backups")),
            ("s3://my backups", bucket("my backups")),
            ("s3://my..backups", bucket("my..backups")),
            ("s3://..", bucket("..")),
            ("s3://-backups", bucket("-backups")),
            ("s3://user:word@backups", bucket("user:word@backups")),
            ("s3://backups--use1-az4--x-s3/a", Error::DirectoryBucket("backups--use1-az4--x-s3".to_owned())),
            ("s3://backups/a/../b", Error::Prefix),
            ("s3://backups/./b", Error::Prefix),
            ("s3://backups//b", Error::Prefix),
            ("s3://backups/b//", Error::Prefix),
            ("s3://backups//", Error::Prefix),
            ("s3://backups/my unstale", Error::Prefix),
            ("s3://backups/unstale ", Error::Prefix),
            ("s3://backups/a\nb", Error::Prefix),
            (&format!("s3://backups/{}", "a".repeat(901)), Error::TooLong),
        ] {
            assert_eq!(S3Prefix::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn an_object_has_a_key_and_a_folder() {
        let object = |text: &str| S3Object::given(text).unwrap();
        let backup = object("s3://backups/eu/unstale-20261130T120000Z.db").unwrap();
        assert_eq!((backup.bucket(), backup.key()), ("backups", "eu/unstale-20261130T120000Z.db"));
        assert_eq!(backup.folder(), S3Prefix::parse("s3://backups/eu").unwrap());
        assert_eq!(backup.folder().object("unstale-20261130T120000Z.db"), backup);
        let other = object("s3://backups/My copy, of Monday.sqlite").unwrap();
        assert_eq!((other.key(), other.folder().key_prefix()), ("My copy, of Monday.sqlite", ""));
        assert_eq!(other.to_string(), "s3://backups/My copy, of Monday.sqlite");
        for (text, error) in [
            ("s3://backups", S3AddressError::NoObject),
            ("s3://backups/eu/", S3AddressError::NoObject),
            ("s3://backups/../x.db", S3AddressError::Key),
            ("s3://backups/a\tb", S3AddressError::Key),
            ("s3:///x.db", S3AddressError::NoBucket),
        ] {
            assert_eq!(object(text), Err(error), "{text}");
        }
        assert_eq!(S3Object::given("/mnt/backups/x.db"), None);
        assert_eq!(S3Object::given("s3.db"), None);
    }
}
