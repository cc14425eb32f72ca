//! The items of an event.

use crate::{invalidations::item::Item, secret::sha256_hex};

/// The most items that an event contains. If there are more, the event has their count and hash, and none of them,
/// or only the first ones if the request was refused.
const ITEMS_INLINE: usize = 100;
/// The most bytes of items in an event of a refused request. The limit exists because a client can repeat a refused
/// request without end.
const LOST_MAX: usize = 16 * 1024;

/// The items of an event. A long list is replaced by its count and hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemsRecord {
    pub shown: Vec<Item>,
    pub count: usize,
    /// SHA-256 of the sorted items, each followed by a line feed. Empty if there are no items.
    pub sha256: String,
}

impl ItemsRecord {
    /// The record of sorted items. It contains all of them or, if there are too many, none.
    #[must_use]
    pub fn of(items: &[Item]) -> Self {
        if items.is_empty() {
            return Self::default();
        }
        let text = items.iter().fold(String::new(), |mut text, item| {
            text.push_str(item.as_str());
            text.push('\n');
            text
        });
        let shown = if items.len() <= ITEMS_INLINE { items.to_vec() } else { Vec::new() };
        Self { shown, count: items.len(), sha256: sha256_hex(text.as_bytes()) }
    }

    /// Like [`ItemsRecord::of`], for items that are stored only in the event, such as those of a refused request.
    /// It contains the first items up to the limits.
    #[must_use]
    pub fn of_lost(items: &[Item]) -> Self {
        let mut room = LOST_MAX;
        let fits = |item: &&Item| {
            room = room.saturating_sub(item.as_str().len());
            room > 0
        };
        let shown = items.iter().take(ITEMS_INLINE).take_while(fits).cloned().collect();
        Self { shown, ..Self::of(items) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_items_are_told_by_number_and_hash() {
        let items: Vec<Item> = (0..101).map(|n| Item::from_trusted(format!("/{n}"))).collect();
        let record = ItemsRecord::of(&items);
        assert!(record.shown.is_empty());
        assert_eq!((record.count, record.sha256.len()), (101, 64));
        let lost = ItemsRecord::of_lost(&items);
        assert_eq!((lost.shown.len(), lost.count, lost.sha256), (100, 101, record.sha256));
        let long: Vec<Item> =
            (0..9).map(|n| Item::from_trusted(format!("/{n}{}", "x".repeat(4_000)))).collect();
        assert_eq!(ItemsRecord::of_lost(&long).shown.len(), 4);
    }
}
