//! An item to invalidate: a path, with or without `*` at the end, or a `#tag`. The submodules parse a typed line
//! into an item.

mod address;
mod as_sent;
mod characters;
mod error;
mod host_like;
mod line;
mod name;
mod note;
mod other_text;
mod relative;
mod several;
mod shell;
mod wrapped;

use std::{borrow::Cow, fmt};

pub(crate) use address::is_scheme;
pub(crate) use as_sent::{doubts_of_item, item_as_sent};
pub(crate) use characters::{are_plain, check_encoded};
pub use error::ItemError;
pub use line::{Parsed, TargetDistribution, may_name_a_host, parse_line, trimmed};
pub(crate) use line::{doubts_of_name, without_signature};
pub(crate) use name::NOT_PLAIN_IN_LINKS;
pub use name::path_of_name;
pub use note::{Doubt, Mending};
pub(crate) use relative::{begins_with_a_host, is_relative_and_no_path};

/// CloudFront's longest path, in characters (developer guide, invalidation-specifying-objects).
pub const PATH_MAX: usize = 4_000;
/// CloudFront's longest tag, without its `#` (developer guide, invalidation-specifying-tags).
pub const TAG_MAX: usize = 256;

/// One item, exactly as it is sent to CloudFront.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(String);

impl Item {
    /// Takes an item from our own database or from a response of CloudFront, without checks.
    #[must_use]
    pub fn from_trusted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes an item that other code of this crate made, without checks.
    pub(crate) fn of_checked(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text that is stored as the first item of an invalidation without items.
    #[must_use]
    pub fn of_none() -> Self {
        Self("(no items)".to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    #[must_use]
    pub fn is_tag(&self) -> bool {
        self.0.as_bytes().first() == Some(&b'#')
    }

    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        !self.is_tag() && self.0.as_bytes().last() == Some(&b'*')
    }

    /// The prefix of every path that this wildcard covers. `None` if the item is not a wildcard.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        if self.is_wildcard() { self.0.strip_suffix('*') } else { None }
    }

    /// A text that is equal for items that CloudFront treats as the same. Paths are case-sensitive, tags are not.
    #[must_use]
    pub fn identity(&self) -> Cow<'_, str> {
        if self.is_tag() { Cow::Owned(self.0.to_ascii_lowercase()) } else { Cow::Borrowed(&self.0) }
    }

    /// What a wildcard covers, as text for people. `None` if the item is not a wildcard.
    #[must_use]
    pub fn reach(&self) -> Option<String> {
        match self.prefix()? {
            "/" => Some("everything in the distribution".to_owned()),
            prefix if prefix.ends_with('/') => Some(format!("every file below {prefix}")),
            prefix => Some(format!("everything whose path begins with {prefix}")),
        }
    }
}

impl fmt::Display for Item {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
