//! Splits the items of one invalidation into batches that CloudFront accepts.

use super::item::Item;

/// The most items of each kind that one distribution may have in progress.
///
/// CloudFront's own limits are 3,000 items without a wildcard and, independently, 15 with one (developer guide,
/// `InvalidationLimits`). Unstale uses 13 of the 15, so that people who use other tools can still invalidate two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub paths: usize,
    pub wildcards: usize,
}

/// CloudFront's own limits.
pub const CLOUDFRONT: Limits = Limits { paths: 3_000, wildcards: 15 };
/// The part of CloudFront's limits that Unstale uses.
pub const OURS: Limits = Limits { paths: 3_000, wildcards: 13 };

/// The number of items of each kind. Tags count as paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    pub paths: usize,
    pub wildcards: usize,
}

impl Load {
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        let wildcards = items.iter().filter(|item| item.is_wildcard()).count();
        Self { paths: items.len() - wildcards, wildcards }
    }

    #[must_use]
    pub const fn total(self) -> usize {
        self.paths + self.wildcards
    }

    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self { paths: self.paths + more.paths, wildcards: self.wildcards + more.wildcards }
    }

    /// Whether this load and `more` together are within `limits`.
    #[must_use]
    pub const fn leaves_room_for(self, more: Self, limits: Limits) -> bool {
        self.paths + more.paths <= limits.paths && self.wildcards + more.wildcards <= limits.wildcards
    }
}

/// Splits sorted items into the fewest batches that have at most `limits` of each kind and 3,000 items in all.
///
/// The wildcards are in the first batches: they affect the most objects, and each batch has only a few of them.
#[must_use]
pub fn split(items: &[Item], limits: Limits) -> Vec<Vec<Item>> {
    let (wildcards, paths): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|item| item.is_wildcard());
    let most = CLOUDFRONT.paths.min(limits.paths);
    let mut batches: Vec<Vec<&Item>> =
        wildcards.chunks(limits.wildcards.max(1)).map(<[&Item]>::to_vec).collect();
    let mut rest = paths.as_slice();
    for batch in &mut batches {
        // CloudFront counts wildcards and paths separately, so a batch of wildcards has room for paths too.
        let room = (most - batch.len()).min(rest.len());
        let (now, later) = rest.split_at(room);
        batch.extend_from_slice(now);
        rest = later;
    }
    batches.extend(rest.chunks(most).map(<[&Item]>::to_vec));
    for batch in &mut batches {
        batch.sort();
    }
    batches.into_iter().map(|batch| batch.into_iter().cloned().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(paths: usize, wildcards: usize) -> Vec<Item> {
        let paths = (0..paths).map(|n| Item::from_trusted(format!("/p/{n}")));
        let wildcards = (0..wildcards).map(|n| Item::from_trusted(format!("/w/{n}/*")));
        paths.chain(wildcards).collect()
    }

    #[test]
    fn a_small_request_is_one_batch() {
        assert_eq!(split(&items(2, 1), OURS).len(), 1);
        assert!(split(&[], OURS).is_empty());
    }

    #[test]
    fn forty_wildcards_and_ten_thousand_paths_fit_in_four_batches() {
        let batches = split(&items(10_000, 40), OURS);
        assert_eq!(batches.len(), 4);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_doubled_or_over_a_limit(paths in 0usize..7_000, wildcards in 0usize..60) {
            let all = items(paths, wildcards);
            let batches = split(&all, OURS);
            for batch in &batches {
                let load = Load::of(batch);
                proptest::prop_assert!(load.total() <= CLOUDFRONT.paths);
                proptest::prop_assert!(Load::default().leaves_room_for(load, OURS));
                proptest::prop_assert!(!batch.is_empty());
            }
            let mut sent: Vec<Item> = batches.concat();
            let mut all = all;
            sent.sort();
            all.sort();
            proptest::prop_assert_eq!(sent, all);
        }
    }
}
