//! What viewers must get after an invalidation.

use std::fmt;

use crate::{
    invalidations::item::Item,
    secret::{from_hex, hex},
};

/// What people expect of a URL, besides the texts, which the look itself searches for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpectedContent {
    /// The new version, whatever it is.
    #[default]
    NewVersion,
    /// The body with this SHA-256.
    Sha256([u8; 32]),
    /// Nothing: the URL was taken down, and 403, 404 and 410 are good answers.
    Gone,
}

/// Why a text is no expected content, or why it does not fit the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExpectedContentError {
    #[error("has to be new_version, gone, or sha256: with 64 hexadecimal digits")]
    Unknown,
    #[error("can be a SHA-256 only where the request is one path without a wildcard")]
    NotOnePath,
}

const SHA256: &str = "sha256:";

impl ExpectedContent {
    /// Reads the text that [`fmt::Display`] writes. Capital digits are read too.
    pub fn parse(text: &str) -> Result<Self, ExpectedContentError> {
        match text {
            "new_version" => Ok(Self::NewVersion),
            "gone" => Ok(Self::Gone),
            other => {
                let digits = other.strip_prefix(SHA256).map(str::to_ascii_lowercase);
                let hash = digits.and_then(|digits| from_hex(&digits));
                hash.map(Self::Sha256).ok_or(ExpectedContentError::Unknown)
            }
        }
    }

    /// Checks that these items can have this content: one body has one URL.
    pub fn check(self, items: &[Item]) -> Result<(), ExpectedContentError> {
        let is_one_path = matches!(items, [item] if !item.is_tag() && !item.is_wildcard());
        if matches!(self, Self::Sha256(_)) && !is_one_path {
            return Err(ExpectedContentError::NotOnePath);
        }
        Ok(())
    }

    /// What viewers must get, in words. `None` for the new version, which every invalidation is for.
    #[must_use]
    pub fn label(self) -> Option<String> {
        match self {
            Self::NewVersion => None,
            Self::Sha256(hash) => Some(format!("the content with the SHA-256 {}", hex(&hash))),
            Self::Gone => Some("403, 404 or 410".to_owned()),
        }
    }

    /// The note of an event with what viewers must get, where that is not the new version.
    #[must_use]
    pub fn noted(self, note: &str) -> String {
        let clause = self.label().map(|label| format!("viewers must get {label}"));
        let clauses = [Some(note.to_owned()).filter(|note| !note.is_empty()), clause];
        clauses.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

/// The stable text, in the store and in the API.
impl fmt::Display for ExpectedContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewVersion => f.write_str("new_version"),
            Self::Gone => f.write_str("gone"),
            Self::Sha256(hash) => write!(f, "{SHA256}{}", hex(hash)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_expected_content_reads_back() {
        for expected in
            [ExpectedContent::NewVersion, ExpectedContent::Gone, ExpectedContent::Sha256([0xab; 32])]
        {
            assert_eq!(ExpectedContent::parse(&expected.to_string()), Ok(expected));
        }
        let capital = format!("sha256:{}", "AB".repeat(32));
        assert_eq!(ExpectedContent::parse(&capital), Ok(ExpectedContent::Sha256([0xab; 32])));
        for wrong in ["", "Gone", "sha256:", "sha256:abc", "sha256:zz", &"ab".repeat(32)] {
            assert_eq!(ExpectedContent::parse(wrong), Err(ExpectedContentError::Unknown), "{wrong}");
        }
    }

    #[test]
    fn a_hash_is_expected_of_one_path_only() {
        let hash = ExpectedContent::Sha256([1; 32]);
        let items = |texts: &[&str]| {
            texts.iter().map(|text| Item::from_trusted((*text).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(hash.check(&items(&["/a"])), Ok(()));
        for wrong in [&["/a", "/b"][..], &["/a/*"], &["#tag"], &[]] {
            assert_eq!(hash.check(&items(wrong)), Err(ExpectedContentError::NotOnePath), "{wrong:?}");
        }
        assert_eq!(ExpectedContent::Gone.check(&items(&["/a/*", "#tag"])), Ok(()));
    }
}
