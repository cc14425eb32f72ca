//! What a cache policy says: what is part of the cache key, and how long objects are kept.

use serde::{Deserialize, Serialize};

/// A cache policy of the account's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CachePolicy {
    pub name: String,
    pub query_strings: InKey,
    pub headers: InKey,
    pub cookies: InKey,
    /// `MinTTL` in seconds.
    pub min_ttl: u64,
    /// `DefaultTTL` in seconds. `None` if CloudFront did not say it.
    pub default_ttl: Option<u64>,
    /// `MaxTTL` in seconds. `None` if CloudFront did not say it.
    pub max_ttl: Option<u64>,
}

/// How much of one kind (query strings, headers, cookies) is part of the cache key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InKey {
    Nothing,
    /// Those that the policy names (`whitelist`).
    Listed,
    /// All but those that the policy names.
    AllExcept,
    All,
}

impl InKey {
    /// Whether two requests that differ in this may get different objects.
    #[must_use]
    pub const fn splits(self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Listed | Self::AllExcept | Self::All => true,
        }
    }
}

impl CachePolicy {
    /// Whether one path may have several objects in the cache that CloudFront cannot tell apart in an invalidation.
    #[must_use]
    pub const fn has_variants(&self) -> bool {
        self.headers.splits() || self.cookies.splits()
    }
}
