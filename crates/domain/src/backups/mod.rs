//! Where backups of the database are kept, and what that place has to allow.

mod action;
mod address;

use std::{fmt, path::PathBuf};

pub use action::BackupAction;
pub use address::{S3AddressError, S3Object, S3Prefix};

/// Where the service keeps its backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupPlace {
    Folder(PathBuf),
    S3(S3Prefix),
}

impl BackupPlace {
    /// Reads a path, or `s3://BUCKET/PREFIX`.
    pub fn parse(text: &str) -> Result<Self, S3AddressError> {
        if address::is_of_s3(text) {
            return S3Prefix::parse(text).map(Self::S3);
        }
        if text.contains("://") {
            return Err(S3AddressError::OtherScheme);
        }
        Ok(Self::Folder(PathBuf::from(text)))
    }
}

impl fmt::Display for BackupPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(out),
            Self::S3(prefix) => prefix.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_folder_and_an_address_of_s3_a_bucket() {
        for path in ["/mnt/backups", "backups", "./s3", ""] {
            assert_eq!(BackupPlace::parse(path), Ok(BackupPlace::Folder(path.into())));
        }
        for (text, shown) in [
            ("s3://backups", "s3://backups"),
            ("s3://backups/", "s3://backups"),
            ("s3://my.backups-1/unstale/eu/", "s3://my.backups-1/unstale/eu"),
        ] {
            let place = BackupPlace::parse(text).unwrap();
            assert!(matches!(place, BackupPlace::S3(_)));
            assert_eq!(place.to_string(), shown);
        }
        for other in ["gs://backups", "https://backups.s3.amazonaws.com/"] {
            assert_eq!(BackupPlace::parse(other), Err(S3AddressError::OtherScheme), "{other}");
        }
    }
}
