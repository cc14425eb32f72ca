//! `ListCachePolicies`: AWS's managed policies, then the account's own, which distributions name.

use super::errors::ApiError;
use super::get_invalidation::time;
use super::paging::Page;
use super::reply::Reply;
use super::shapes::texts;
use crate::state::{CachePolicy, KeyPart, State};
use crate::xml::Element;

const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

/// Which policies are asked for.
fn wanted_type(query: &str) -> Result<Option<&'static str>, ApiError> {
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "Type");
    match given.as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("") => Ok(None),
        Some("custom") => Ok(Some("custom")),
        Some("managed") => Ok(Some("managed")),
        Some(_) => Err(ApiError::invalid_argument("The parameter Type is not valid.")),
    }
}

pub(crate) fn answer(state: &State, query: &str) -> Result<Reply, ApiError> {
    let page = Page::of(query)?;
    let wanted = wanted_type(query)?;
    let mut all: Vec<(&str, CachePolicy)> = managed().map(|policy| ("managed", policy)).collect();
    for policy in state.distributions.iter().filter_map(|known| known.cache_policy.as_ref()) {
        if !all.iter().any(|(_, known)| known.id == policy.id) {
            all.push(("custom", policy.clone()));
        }
    }
    all.retain(|(kind, _)| wanted.is_none_or(|wanted| wanted == *kind));
    let (rows, truncated) = page.rows(&all, |(_, known)| &known.id)?;
    let next = rows.last().filter(|_| truncated);
    // Unlike the other lists it has neither `Marker` nor `IsTruncated` (service model, `CachePolicyList`).
    let list = Element::new("CachePolicyList")
        .maybe(next.map(|(_, last)| Element::text("NextMarker", &last.id)))
        .leaf("MaxItems", page.size);
    let rows = rows.iter().map(|(kind, policy)| summary(state, kind, policy)).collect();
    Ok(Reply::ok(list.list(rows)))
}

fn summary(state: &State, kind: &str, policy: &CachePolicy) -> Element {
    let named = |known: &&crate::state::Distribution| known.cache_policy.as_ref() == Some(policy);
    let changed = state.distributions.iter().find(named).map(|known| known.last_modified);
    let key = Element::new("ParametersInCacheKeyAndForwardedToOrigin")
        .leaf("EnableAcceptEncodingGzip", true)
        .leaf("EnableAcceptEncodingBrotli", true)
        .child(part("HeadersConfig", "HeaderBehavior", "Headers", &policy.headers))
        .child(part("CookiesConfig", "CookieBehavior", "Cookies", &policy.cookies))
        .child(part("QueryStringsConfig", "QueryStringBehavior", "QueryStrings", &policy.query_strings));
    let config = Element::new("CachePolicyConfig")
        .leaf("Comment", "")
        .leaf("Name", &policy.name)
        .leaf("DefaultTTL", policy.default_ttl)
        .leaf("MaxTTL", policy.max_ttl)
        .leaf("MinTTL", policy.min_ttl)
        .child(key);
    let policy = Element::new("CachePolicy")
        .leaf("Id", &policy.id)
        .leaf("LastModifiedTime", time(changed.unwrap_or_default()))
        .child(config);
    Element::new("CachePolicySummary").leaf("Type", kind).child(policy)
}

fn part(name: &'static str, behavior: &'static str, names: &'static str, part: &KeyPart) -> Element {
    let (word, listed) = part.shown();
    let listed = listed.map(|listed| listed.iter().map(String::as_str).collect::<Vec<_>>());
    Element::new(name).leaf(behavior, word).maybe(listed.map(|listed| texts(names, "Name", &listed)))
}

/// Developer guide, "Use managed cache policies".
fn managed() -> impl Iterator<Item = CachePolicy> {
    let host = || KeyPart::Whitelist(vec!["host".to_owned()]);
    let none = || KeyPart::None;
    let optimized = [1, DAY, YEAR];
    [
        ("658327ea-f89d-4fab-a63d-7e88639e58f6", "Managed-CachingOptimized", none(), none(), optimized),
        ("4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "Managed-CachingDisabled", none(), none(), [0, 0, 0]),
        (
            "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
            "UseOriginCacheControlHeaders",
            none(),
            host(),
            [0, 0, YEAR],
        ),
        (
            "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
            "UseOriginCacheControlHeaders-QueryStrings",
            KeyPart::All,
            host(),
            [0, 0, YEAR],
        ),
    ]
    .into_iter()
    .map(|(id, name, query_strings, headers, [min_ttl, default_ttl, max_ttl])| CachePolicy {
        id: id.to_owned(),
        name: name.to_owned(),
        query_strings,
        cookies: if headers == KeyPart::None { KeyPart::None } else { KeyPart::All },
        headers,
        min_ttl,
        default_ttl,
        max_ttl,
    })
}
