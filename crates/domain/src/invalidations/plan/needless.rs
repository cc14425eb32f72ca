//! Finds the lines that would be billed and change nothing.

use super::{Drop, LineVerdict, PlanLine};
use crate::{
    distributions::{
        cache_policy::CachePolicy,
        delivery::Behavior,
        distribution::{Distribution, DistributionConfig},
        managed_policy::ManagedPolicy,
    },
    invalidations::item::{Doubt, Item, Mending},
};

/// Drops what has no effect on this distribution, as far as its configuration is known.
pub(super) fn drop_useless(lines: &mut [PlanLine], distribution: &Distribution) {
    let Some(config) = &distribution.config else { return };
    let behaviors = &config.delivery.behaviors;
    // Where no behaviour caches, the TTLs are perhaps not known as they are (emulators answer with 0), so nothing is left
    // out for them.
    let some_cache = behaviors.iter().any(caches);
    let some_vary = behaviors.iter().any(has_variants);
    for line in lines {
        let LineVerdict::Send { item, mendings, doubts } = &mut line.verdict else { continue };
        cut_query(item, mendings, doubts);
        match uselessness(item, config) {
            Some(Drop::NotCached(_)) if !some_cache && !behaviors.iter().any(is_disabled) => {
                doubts.push(Doubt::CachesNothing);
            }
            Some(why) => line.verdict = LineVerdict::Dropped { item: Some(item.clone()), why },
            None if some_vary && is_of_variants(item, config) => doubts.push(Doubt::AllVariants),
            None => {}
        }
    }
}

/// Takes off a query string that is no part of the cache key. CloudFront keeps the object under the bare path, so an item
/// with the query string would be billed and do nothing.
fn cut_query(item: &mut Item, mendings: &mut Vec<Mending>, doubts: &mut Vec<Doubt>) {
    if item.is_wildcard() || !doubts.contains(&Doubt::QueryNotInKey) {
        return;
    }
    let bare = item.as_str().split('?').next().unwrap_or_default().to_owned();
    *item = Item::of_checked(bare);
    mendings.push(Mending::QueryCut);
    doubts.retain(|doubt| *doubt != Doubt::QueryNotInKey);
}

fn uselessness(item: &Item, config: &DistributionConfig) -> Option<Drop> {
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

/// Whether all copies of a path go together, because its behaviour has headers or cookies in the key.
fn is_of_variants(item: &Item, config: &DistributionConfig) -> bool {
    let path = item.as_str().split('?').next().unwrap_or_default();
    !item.is_tag() && !item.is_wildcard() && config.delivery.behavior_of(path).is_some_and(has_variants)
}

fn has_variants(behavior: &Behavior) -> bool {
    behavior.own_policy.as_ref().is_some_and(CachePolicy::has_variants)
}

/// Whether a behaviour may keep anything. With a largest TTL of 0 it asks the origin each time (developer guide,
/// "Managing how long content stays in the cache").
fn caches(behavior: &Behavior) -> bool {
    behavior.longest_ttl() != Some(0) && !is_disabled(behavior)
}

/// Whether its cache policy says that nothing is kept.
fn is_disabled(behavior: &Behavior) -> bool {
    let policy = behavior.cache_policy.as_deref().and_then(ManagedPolicy::of_id);
    policy == Some(ManagedPolicy::CachingDisabled)
}
