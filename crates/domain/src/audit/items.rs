//! The items of an event.

use crate::{invalidations::item::Item, secret::sha256_hex};

/// Up to this many items stand in the event itself; more are told by count, hash and reference.
const ITEMS_INLINE: usize = 100;
/// So much of items that are kept nowhere else stands in an event, in bytes: whoever is refused may ask again and again.
const LOST_MAX: usize = 16 * 1024;

/// The items of an event: themselves where they are few, else their number and hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemsRecord {
    pub shown: Vec<Item>,
    pub count: usize,
    /// SHA-256 over the sorted items, each followed by a line feed; empty where there are none.
    pub sha256: String,
}

impl ItemsRecord {
    /// Records sorted items.
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

    /// The same for items that are kept nowhere else: the first ones stand in the event, as far as there is room.
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
