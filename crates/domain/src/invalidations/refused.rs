//! The items of an invalidation that CloudFront refused, and what became of the others.

use std::collections::HashSet;

use super::{invalidation::Batch, item::Item};

/// The most items that are named in a sentence.
const NAMED: usize = 10;

/// The items that CloudFront refused, each in a batch of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedItems {
    pub items: Vec<Item>,
    /// The number of items of the whole invalidation.
    pub of: usize,
    /// How many of the others CloudFront accepted.
    accepted: usize,
    /// How many of the others are still to be sent, as far as nobody has to act.
    open: usize,
}

impl RefusedItems {
    /// `None` if CloudFront refused no single item.
    #[must_use]
    pub fn of(batches: &[Batch]) -> Option<Self> {
        let uncut: Vec<&Batch> = batches.iter().filter(|batch| !batch.is_cut()).collect();
        let mut items: Vec<Item> = uncut.iter().filter_map(|batch| batch.refused_item()).cloned().collect();
        if items.is_empty() {
            return None;
        }
        items.sort();
        // A batch that a person gave up and the one that replaced it have the same items.
        let count = |counted: fn(&Batch) -> bool| {
            let batches = uncut.iter().filter(|batch| counted(batch));
            batches.flat_map(|batch| &batch.items).collect::<HashSet<_>>().len()
        };
        Some(Self {
            items,
            of: count(|_| true),
            accepted: count(|batch| batch.accepted_at.is_some()),
            open: count(|batch| batch.accepted_at.is_none() && batch.state.is_active()),
        })
    }

    /// Whether CloudFront refused every item.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.items.len() >= self.of
    }

    /// `CloudFront refused 1 of 300 items: /a~b. The others were sent.`
    #[must_use]
    pub fn describe(&self) -> String {
        let named: Vec<&str> = self.items.iter().take(NAMED).map(Item::as_str).collect();
        let more = match self.items.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}: {}{more}. {}", self.headline(), named.join(", "), self.others())
    }

    /// `CloudFront refused 1 of 300 items`
    #[must_use]
    pub fn headline(&self) -> String {
        match (self.items.len(), self.is_everything()) {
            (1, true) => "CloudFront refused the only item".to_owned(),
            (count, true) => format!("CloudFront refused all {count} items"),
            (count, false) => format!("CloudFront refused {count} of {} items", self.of),
        }
    }

    /// What became of the others.
    #[must_use]
    pub fn others(&self) -> String {
        let others = self.of.saturating_sub(self.items.len());
        match (others, self.accepted) {
            (0, _) => "Nothing was sent.".to_owned(),
            (others, accepted) if accepted >= others => "The others were sent.".to_owned(),
            (_, _) if self.open > 0 => "The others are being sent.".to_owned(),
            (_, 0) => "Of the others, none were sent.".to_owned(),
            (others, accepted) => format!("Of the others, {accepted} of {others} were sent."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalidations::{
        halves::tests::{batch, refused},
        invalidation::BatchState,
    };

    #[test]
    fn what_was_refused_is_told_with_what_became_of_the_others() {
        let told = |batches: &[Batch]| RefusedItems::of(batches).map(|refused| refused.describe());
        let sent = |number, items: &[&str]| {
            let mut sent = batch(number, items, BatchState::Completed);
            sent.accepted_at = Some(sent.created_at);
            sent
        };
        let cut = Batch { cut_into: Some([2, 3]), ..refused(1, &["/a", "/b~", "/c"]) };
        let all = [cut.clone(), sent(2, &["/a", "/c"]), refused(3, &["/b~"])];
        assert_eq!(told(&all).unwrap(), "CloudFront refused 1 of 3 items: /b~. The others were sent.");
        let open = [cut.clone(), batch(2, &["/a", "/c"], BatchState::Queued), refused(3, &["/b~"])];
        assert!(told(&open).unwrap().ends_with("The others are being sent."));
        let cancelled = [cut.clone(), batch(2, &["/a", "/c"], BatchState::Cancelled), refused(3, &["/b~"])];
        assert!(told(&cancelled).unwrap().ends_with("Of the others, none were sent."));
        let some = [sent(1, &["/a"]), batch(2, &["/c"], BatchState::Cancelled), refused(3, &["/b~"])];
        assert!(told(&some).unwrap().ends_with("Of the others, 1 of 2 were sent."));
        assert_eq!(
            told(&[refused(1, &["/b~"])]).unwrap(),
            "CloudFront refused the only item: /b~. Nothing was sent."
        );
        let both = [refused(1, &["/b~"]), refused(2, &["/a~"])];
        assert_eq!(told(&both).unwrap(), "CloudFront refused all 2 items: /a~, /b~. Nothing was sent.");
        assert_eq!(told(&[cut, sent(2, &["/a"])]), None);
        assert_eq!(told(&[refused(1, &["/a", "/b~"])]), None, "it is not known which");
    }

    #[test]
    fn a_sentence_names_ten_items() {
        let many: Vec<Batch> = (0..12).map(|n| refused(n, &[&format!("/{n}~")])).collect();
        let told = RefusedItems::of(&many).unwrap().describe();
        assert!(told.contains("/7~ and 2 more. Nothing"), "{told}");
    }
}
