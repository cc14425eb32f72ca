//! Finds the lines that would be billed and change nothing.

use super::{Drop, LineVerdict, PlanLine};
use crate::{
    distributions::{delivery::Behavior, distribution::Distribution, managed_policy::ManagedPolicy},
    invalidations::item::Item,
};

/// Drops what has no effect on this distribution, as far as its configuration is known.
pub(super) fn drop_useless(lines: &mut [PlanLine], distribution: &Distribution) {
    for line in lines {
        let LineVerdict::Send { item, .. } = &line.verdict else { continue };
        if let Some(why) = uselessness(item, distribution) {
            line.verdict = LineVerdict::Dropped { item: Some(item.clone()), why };
        }
    }
}

fn uselessness(item: &Item, distribution: &Distribution) -> Option<Drop> {
    let config = distribution.config.as_ref()?;
    if item.is_tag() {
        return config.tag_header.is_none().then_some(Drop::TagsAreOff);
    }
    let behaviors = &config.delivery.behaviors;
    if item.is_wildcard() {
        // Which behaviours a wildcard touches is not plain from their patterns, so all of them have to be so.
        let none_caches = !behaviors.is_empty() && !behaviors.iter().any(caches);
        return none_caches.then(|| Drop::NotCached("*".to_owned()));
    }
    let path = item.as_str().split('?').next().unwrap_or_default();
    let behavior = config.delivery.behavior_of(path)?;
    (!caches(behavior)).then(|| Drop::NotCached(behavior.pattern.clone()))
}

/// Whether a behaviour may keep anything. With a largest TTL of 0 it asks the origin each time (developer guide,
/// "Managing how long content stays in the cache").
fn caches(behavior: &Behavior) -> bool {
    let policy = behavior.cache_policy.as_deref().and_then(ManagedPolicy::of_id);
    behavior.max_ttl != Some(0) && policy != Some(ManagedPolicy::CachingDisabled)
}
