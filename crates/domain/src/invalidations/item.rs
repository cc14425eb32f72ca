//! One thing to refresh: a path, with or without a closing `*`, or a `#tag`. And how a typed line becomes one.

mod address;
mod characters;
mod error;
mod host_like;
mod line;
mod note;
mod relative;
mod several;
mod shell;
mod wrapped;

use std::fmt;

pub(crate) use address::is_scheme;
pub use error::ItemError;
pub(crate) use line::without_signature;
pub use line::{Parsed, TargetDistribution, may_name_a_host, parse_line, trimmed};
pub use note::{Doubt, Mending};

/// CloudFront's longest path, in characters (developer guide, invalidation-specifying-objects).
pub const PATH_MAX: usize = 4_000;
/// CloudFront's longest tag, without its `#` (developer guide, invalidation-specifying-tags).
pub const TAG_MAX: usize = 256;

/// One item, in the spelling in which CloudFront gets it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item(String);

impl Item {
    /// Takes an item that a row of our own or CloudFront's answer has.
    #[must_use]
    pub fn from_trusted(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes an item that the domain's own rules made.
    pub(crate) fn of_checked(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What stands for the first item of an invalidation that has none.
    #[must_use]
    pub fn of_none() -> Self {
        Self("(no items)".to_owned())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn is_tag(&self) -> bool {
        self.0.starts_with('#')
    }

    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        !self.is_tag() && self.0.ends_with('*')
    }

    /// What every path that this wildcard covers begins with.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        if self.is_wildcard() { self.0.strip_suffix('*') } else { None }
    }

    /// Equal for items that CloudFront takes for one: tags know no case, paths do.
    #[must_use]
    pub fn identity(&self) -> String {
        if self.is_tag() { self.0.to_ascii_lowercase() } else { self.0.clone() }
    }

    /// What it reaches, where that is worth saying.
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
