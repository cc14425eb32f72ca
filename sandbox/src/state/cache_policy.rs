//! Owns a cache policy of the account's own, as a distribution names it.

use serde::{Deserialize, Serialize};

/// A custom cache policy. The account has each one that a distribution names. Only shown: the edge obeys the
/// distribution's own settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CachePolicy {
    /// A UUID.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// What of each kind is in the key.
    pub query_strings: KeyPart,
    /// `none` or `whitelist` only.
    pub headers: KeyPart,
    /// As the query strings.
    pub cookies: KeyPart,
    /// `MinTTL` in seconds.
    pub min_ttl: u64,
    /// `DefaultTTL` in seconds.
    pub default_ttl: u64,
    /// `MaxTTL` in seconds.
    pub max_ttl: u64,
}

/// Which of the query strings, headers or cookies are in the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyPart {
    /// None.
    #[default]
    None,
    /// These.
    Whitelist(Vec<String>),
    /// All but these.
    AllExcept(Vec<String>),
    /// All.
    All,
}

impl KeyPart {
    pub(crate) fn shown(&self) -> (&'static str, Option<&[String]>) {
        match self {
            Self::None => ("none", None),
            Self::Whitelist(names) => ("whitelist", Some(names)),
            Self::AllExcept(names) => ("allExcept", Some(names)),
            Self::All => ("all", None),
        }
    }
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            id: "0b7f2a10-5d0c-4c35-9a63-3f1f0f2a6c01".to_owned(),
            name: "own".to_owned(),
            query_strings: KeyPart::None,
            headers: KeyPart::None,
            cookies: KeyPart::None,
            min_ttl: 1,
            default_ttl: 86_400,
            max_ttl: 31_536_000,
        }
    }
}
