//! Reads what a cache policy says.

use aws_sdk_cloudfront::types;
use unstale_domain::{
    distributions::cache_policy::{CachePolicy, InKey},
    storable::storable,
};

/// The policy with its ID. `None` if a part is missing or says what is not documented: it is then not known.
pub(crate) fn cache_policy(row: &types::CachePolicySummary) -> Option<(String, CachePolicy)> {
    let policy = row.cache_policy()?;
    let id = storable(policy.id().trim()).into_owned();
    let config = policy.cache_policy_config()?;
    let key = config.parameters_in_cache_key_and_forwarded_to_origin()?;
    let read = CachePolicy {
        name: storable(config.name().trim()).into_owned(),
        query_strings: in_key(key.query_strings_config()?.query_string_behavior().as_str())?,
        headers: in_key(key.headers_config()?.header_behavior().as_str())?,
        cookies: in_key(key.cookies_config()?.cookie_behavior().as_str())?,
        min_ttl: u64::try_from(config.min_ttl()).ok()?,
        default_ttl: seconds(config.default_ttl()),
        max_ttl: seconds(config.max_ttl()),
    };
    (!id.is_empty()).then_some((id, read))
}

/// `HeaderBehavior`, `CookieBehavior`, `QueryStringBehavior` (API reference, `CachePolicyConfig`).
fn in_key(behavior: &str) -> Option<InKey> {
    match behavior.trim() {
        "none" => Some(InKey::Nothing),
        "whitelist" => Some(InKey::Listed),
        "allExcept" => Some(InKey::AllExcept),
        "all" => Some(InKey::All),
        _ => None,
    }
}

fn seconds(ttl: Option<i64>) -> Option<u64> {
    ttl.and_then(|ttl| u64::try_from(ttl).ok())
}
