//! Merges batches of a distribution that wait at the same time, so that what several requests have in common is sent
//! once.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    batching::{CLOUDFRONT, Limits, Load},
    item::Item,
    plan::{covering, widest},
};
use crate::id::{BatchId, DistributionId, InvalidationId};

/// The most batches that are merged into one. Each of them has its own events, which are written in one transaction.
pub const MERGED_MAX: usize = 50;

/// A batch whose items are sent: by itself, or in a batch that it was merged into with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedBatch {
    pub id: BatchId,
    pub invalidation: InvalidationId,
    pub distribution: DistributionId,
    /// Its number within the invalidation, from 1.
    pub number: usize,
}

/// The note of an event of a batch that was sent with so many others.
#[must_use]
pub fn together(batches: usize) -> Option<String> {
    match batches.saturating_sub(1) {
        0 => None,
        1 => Some("together with another batch".to_owned()),
        others => Some(format!("together with {others} other batches")),
    }
}

/// What is sent in place of several batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merging {
    /// Sorted, each once, and without those that a wildcard among them covers.
    pub items: Vec<Item>,
    /// Which of the batches it replaces, by their places in the list. The first one always.
    pub joined: Vec<usize>,
}

/// Merges the first of these batches with those after it that fit beside what the distribution has in progress. `None` if
/// none does.
#[must_use]
pub fn merge(waiting: &[&[Item]], in_flight: Load, limits: Limits) -> Option<Merging> {
    let (first, others) = waiting.split_first()?;
    let mut merging = Merging { items: needed(*first), joined: vec![0] };
    for (index, other) in (1..).zip(others) {
        let items = needed(merging.items.iter().chain(*other));
        let load = Load::of(&items);
        if load.total() <= CLOUDFRONT.paths && in_flight.leaves_room_for(load, limits) {
            merging.items = items;
            merging.joined.push(index);
        }
        if merging.joined.len() == MERGED_MAX {
            break;
        }
    }
    (merging.joined.len() > 1).then_some(merging)
}

/// Whether a batch can join `first` at all, as far as their numbers of items say. What a wildcard covers needs no room.
#[must_use]
pub fn may_join(first: Load, other: Load, any_wildcard: bool, in_flight: Load, limits: Limits) -> bool {
    any_wildcard || in_flight.leaves_room_for(first.plus(other), limits)
}

/// These items, each once and without those that another one covers.
fn needed<'a>(items: impl IntoIterator<Item = &'a Item>) -> Vec<Item> {
    let each: BTreeMap<Cow<'_, str>, &Item> = items.into_iter().map(|item| (item.identity(), item)).collect();
    let widest = widest(each.values().filter_map(|item| item.prefix()));
    let mut needed: Vec<Item> =
        each.into_values().filter(|item| covering(item, &widest).is_none()).cloned().collect();
    needed.sort();
    needed
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::invalidations::batching::OURS;

    fn items(texts: &[&str]) -> Vec<Item> {
        texts.iter().map(|text| Item::from_trusted(*text)).collect()
    }

    fn merged(waiting: &[&[&str]]) -> Option<(Vec<String>, Vec<usize>)> {
        let lists: Vec<Vec<Item>> = waiting.iter().map(|texts| items(texts)).collect();
        let lists: Vec<&[Item]> = lists.iter().map(Vec::as_slice).collect();
        let Merging { items, joined } = merge(&lists, Load::default(), OURS)?;
        Some((items.iter().map(ToString::to_string).collect(), joined))
    }

    #[test]
    fn the_same_item_goes_once_and_what_a_wildcard_covers_does_not_go() {
        let (items, joined) =
            merged(&[&["/b", "/img/1", "#News"], &["/a", "/b"], &["/img/*", "#news"]]).unwrap();
        assert_eq!(items, ["#news", "/a", "/b", "/img/*"]);
        assert_eq!(joined, [0, 1, 2]);
        let (items, _) = merged(&[&["/a", "#x"], &["/*"]]).unwrap();
        assert_eq!(items, ["/*"]);
    }

    #[test]
    fn one_that_waits_alone_is_not_merged() {
        assert_eq!(merged(&[]), None);
        assert_eq!(merged(&[&["/a"]]), None);
    }

    #[test]
    fn what_does_not_fit_waits_on() {
        let many: Vec<String> = (0..3_000).map(|n| format!("/p/{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(merged(&[&many, &["/a"]]), None);
        assert_eq!(merged(&[&["/a"], &many, &["/b"]]).unwrap().1, [0, 2]);
        assert_eq!(merged(&[&many, &["/p/*"]]).unwrap(), (vec!["/p/*".to_owned()], vec![0, 1]));
        let list = |texts: &[&str]| items(texts);
        let (a, b) = (list(&["/a"]), list(&["/b"]));
        let busy = Load { paths: 2_999, wildcards: 0 };
        assert_eq!(merge(&[&a, &b], busy, OURS), None);
        assert!(merge(&[&a, &a], busy, OURS).is_some());
    }

    #[test]
    fn so_many_are_merged_at_most() {
        let list = items(&["/a"]);
        let waiting = vec![list.as_slice(); MERGED_MAX + 9];
        assert_eq!(merge(&waiting, Load::default(), OURS).unwrap().joined.len(), MERGED_MAX);
    }

    #[test]
    fn one_that_surely_has_no_room_need_not_be_read() {
        let load = |paths, wildcards| Load { paths, wildcards };
        let may = |other, any| may_join(load(2, 0), other, any, load(10, 0), OURS);
        assert!(may(load(2_988, 0), false));
        assert!(!may(load(2_989, 0), false));
        assert!(may(load(2_989, 0), true));
    }

    /// Items that meet often.
    fn item() -> impl Strategy<Value = Item> {
        "(/|/a|/b|/a/|/a/b|/a/b/)\\*?|#(t|T|u)".prop_map(Item::from_trusted)
    }

    /// Which of these paths and tags CloudFront evicts for the items. `/*` evicts what has a tag too.
    fn evicted(items: &[Item]) -> BTreeSet<&'static str> {
        let all = ["/", "/a", "/ab", "/b", "/a/", "/a/b", "/a/bc", "/a/b/", "/a/b/c", "#t", "#u"];
        let evicts = |item: &Item, what: &str| match item.prefix() {
            Some("/") => true,
            Some(prefix) => what.starts_with(prefix),
            None => item.identity() == what,
        };
        all.into_iter().filter(|what| items.iter().any(|item| evicts(item, what))).collect()
    }

    proptest! {
        #[test]
        fn the_same_is_evicted_by_fewer_items(
            waiting in vec(vec(item(), 1..5), 1..8), paths in 1usize..6, wildcards in 1usize..4,
        ) {
            let lists: Vec<&[Item]> = waiting.iter().map(Vec::as_slice).collect();
            let limits = Limits { paths, wildcards };
            let Some(Merging { items, joined }) = merge(&lists, Load::default(), limits) else { return Ok(()) };
            let all: Vec<Item> = joined.iter().flat_map(|index| waiting[*index].clone()).collect();
            prop_assert_eq!(evicted(&items), evicted(&all));
            let identities: BTreeSet<Cow<'_, str>> = items.iter().map(Item::identity).collect();
            prop_assert_eq!(identities.len(), items.len());
            prop_assert!(items.iter().all(|item| all.contains(item)));
            prop_assert!(items.is_sorted());
            for item in &items {
                let others: Vec<Item> = items.iter().filter(|other| *other != item).cloned().collect();
                prop_assert_ne!(evicted(&others), evicted(&items), "{} is not needed", item);
            }
            prop_assert!(Load::default().leaves_room_for(Load::of(&items), limits));
            prop_assert_eq!(joined[0], 0);
            prop_assert!(joined.is_sorted_by(|a, b| a < b));
        }
    }
}
