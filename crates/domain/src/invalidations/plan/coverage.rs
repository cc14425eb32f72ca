//! What one line of a request does to others: refused, repeated and covered lines.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, hash_map::Entry},
    ops::Bound::{Included, Unbounded},
};

use super::{Drop, LineVerdict, PlanLine};
use crate::{
    access::Access,
    distributions::distribution::Distribution,
    invalidations::item::{Item, ItemError},
};

pub(super) fn refuse_ungranted(lines: &mut [PlanLine], distribution: &Distribution, access: &Access) {
    if !access.is_narrowed() {
        return;
    }
    let allowed = access.describe(&distribution.id);
    for line in lines {
        if line.item_to_send().is_some_and(|item| !access.covers(&distribution.id, item)) {
            line.verdict = LineVerdict::Refused(ItemError::NotGranted(allowed.clone()));
        }
    }
}

pub(super) fn drop_repeats(lines: &mut [PlanLine]) {
    let mut first: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(lines.len());
    let mut repeats = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let LineVerdict::Send { item, .. } = &line.verdict else { continue };
        // One line can name two files, so that the number alone does not tell a repeat.
        match first.entry(item.identity()) {
            Entry::Vacant(free) => {
                free.insert(line.number);
            }
            Entry::Occupied(earlier) => repeats.push((index, item.clone(), *earlier.get())),
        }
    }
    for (index, item, earlier) in repeats {
        lines[index].verdict = LineVerdict::Dropped { item: Some(item), why: Drop::Repeats(earlier) };
    }
}

/// Drops what a wildcard covers. Gives the prefixes of the widest wildcards.
pub(super) fn drop_covered(lines: &mut [PlanLine]) -> BTreeSet<String> {
    let widest = widest_prefixes(lines);
    for line in lines {
        let LineVerdict::Send { item, .. } = &line.verdict else { continue };
        if let Some(wildcard) = covering(item, &widest) {
            line.verdict = LineVerdict::Dropped { item: Some(item.clone()), why: Drop::CoveredBy(wildcard) };
        }
    }
    widest
}

/// The prefixes of all wildcards of these lines, without those that another wildcard covers.
pub(super) fn widest_prefixes(lines: &[PlanLine]) -> BTreeSet<String> {
    widest(lines.iter().filter_map(|line| line.item_to_send()?.prefix()))
}

/// These prefixes of wildcards, without those that another one covers.
pub(in crate::invalidations) fn widest<'a>(prefixes: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let mut prefixes: Vec<&str> = prefixes.into_iter().collect();
    prefixes.sort_unstable();
    let mut widest: Vec<&str> = Vec::new();
    for prefix in prefixes {
        if !widest.last().is_some_and(|wider| prefix.starts_with(wider)) {
            widest.push(prefix);
        }
    }
    widest.into_iter().map(str::to_owned).collect()
}

/// Another wildcard that covers this item.
///
/// No prefix in the set begins with another, so only the last one that is not greater than the item can cover it.
pub(in crate::invalidations) fn covering(item: &Item, widest: &BTreeSet<String>) -> Option<Item> {
    if item.is_tag() {
        // Only `/*` covers a tag, because objects with the tag can have any path.
        return widest.contains("/").then(|| Item::of_checked("/*"));
    }
    let reach = item.prefix().unwrap_or(item.as_str());
    let wider = widest.range::<str, _>((Unbounded, Included(reach))).next_back()?;
    let is_itself = item.prefix() == Some(wider.as_str());
    (!is_itself && reach.starts_with(wider.as_str())).then(|| Item::of_checked(format!("{wider}*")))
}
