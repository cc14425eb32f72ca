//! The check-up of a distribution: what its configuration and a few looks say, and the next step of each.

mod caching;
mod facts;
mod key_scan;
mod origins;
mod scripts;
mod seen;
mod site;
#[cfg(test)]
mod tests;
mod viewers;

use facts::Facts;

pub use key_scan::{KeyKind, KeyPlace, find_keys};
pub use origins::bucket_address;
pub use seen::{BucketSeen, CheckUp, CheckUpLooks, ScriptsSeen};

use super::super::distributions::distribution::Distribution;

/// How good what was found is. The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingState {
    /// It harms viewers, or shows what should not be shown.
    Problem,
    /// It could be better, or may be as it is wanted.
    Advice,
    /// What is known does not decide it.
    Unknown,
    Good,
}

impl FindingState {
    pub const ALL: [Self; 4] = [Self::Problem, Self::Advice, Self::Unknown, Self::Good];

    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Advice => "advice",
            Self::Unknown => "unknown",
            Self::Good => "good",
        }
    }

    /// The word on pages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Problem => "Problem",
            Self::Advice => "Advice",
            Self::Unknown => "Not known",
            Self::Good => "Good",
        }
    }
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingName {
    Deployed,
    DefaultRootObject,
    OriginAccess,
    BucketPastCloudFront,
    HttpsOnly,
    ErrorPages,
    CachePolicy,
    MinTtl,
    CacheTags,
    StandardLogs,
    KeyInScript,
}

impl FindingName {
    /// In the order in which findings of one state are shown.
    pub const ALL: [Self; 11] = [
        Self::Deployed,
        Self::KeyInScript,
        Self::BucketPastCloudFront,
        Self::OriginAccess,
        Self::HttpsOnly,
        Self::DefaultRootObject,
        Self::ErrorPages,
        Self::CachePolicy,
        Self::MinTtl,
        Self::CacheTags,
        Self::StandardLogs,
    ];

    /// The stable word, in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::DefaultRootObject => "default_root_object",
            Self::OriginAccess => "origin_access",
            Self::BucketPastCloudFront => "bucket_past_cloudfront",
            Self::HttpsOnly => "https_only",
            Self::ErrorPages => "error_pages",
            Self::CachePolicy => "cache_policy",
            Self::MinTtl => "min_ttl",
            Self::CacheTags => "cache_tags",
            Self::StandardLogs => "standard_logs",
            Self::KeyInScript => "key_in_script",
        }
    }

    /// The title on pages.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Deployed => "Enabled and deployed",
            Self::DefaultRootObject => "Default root object",
            Self::OriginAccess => "Origin access control",
            Self::BucketPastCloudFront => "Bucket without CloudFront",
            Self::HttpsOnly => "HTTPS only",
            Self::ErrorPages => "Error pages",
            Self::CachePolicy => "Cache policy",
            Self::MinTtl => "Minimum TTL",
            Self::CacheTags => "Cache tags",
            Self::StandardLogs => "Standard logs",
            Self::KeyInScript => "Key in a script",
        }
    }
}

/// One finding of a check-up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub name: FindingName,
    pub state: FindingState,
    /// What was found, in words.
    pub found: String,
    /// What to do next, in words. Empty if there is nothing to do.
    pub step: String,
    /// A command, a policy or a function to be copied. It is filled in with what is known; what is not known stands
    /// there as a placeholder, such as `YOUR-BUCKET`.
    pub snippet: Option<String>,
}

impl Finding {
    fn new(name: FindingName, state: FindingState, found: impl Into<String>) -> Self {
        Self { name, state, found: found.into(), step: String::new(), snippet: None }
    }

    fn step(self, step: impl Into<String>) -> Self {
        Self { step: step.into(), ..self }
    }

    fn snippet(self, snippet: impl Into<String>) -> Self {
        Self { snippet: Some(snippet.into()), ..self }
    }
}

/// The findings about a distribution, the worst first. `looks` are the last ones; `None` if none were made.
#[must_use]
pub fn check_up(distribution: &Distribution, looks: Option<&CheckUpLooks>) -> Vec<Finding> {
    let facts = Facts::new(distribution, looks);
    let mut findings: Vec<Finding> = FindingName::ALL.map(|name| find(name, &facts)).into();
    findings.sort_by_key(|finding| finding.state);
    findings
}

fn find(name: FindingName, facts: &Facts<'_>) -> Finding {
    match name {
        FindingName::Deployed => site::deployed(facts),
        FindingName::DefaultRootObject => site::default_root_object(facts),
        FindingName::OriginAccess => origins::origin_access(facts),
        FindingName::BucketPastCloudFront => origins::bucket_past_cloudfront(facts),
        FindingName::HttpsOnly => viewers::https_only(facts),
        FindingName::ErrorPages => viewers::error_pages(facts),
        FindingName::CachePolicy => caching::cache_policy(facts),
        FindingName::MinTtl => caching::min_ttl(facts),
        FindingName::CacheTags => site::cache_tags(facts),
        FindingName::StandardLogs => site::standard_logs(facts),
        FindingName::KeyInScript => scripts::key_in_script(facts),
    }
}
