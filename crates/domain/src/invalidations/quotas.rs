//! Limits on what one actor may request. They keep the cost low if a session is stolen or a script has a bug, and
//! keep the queue free for others.

use std::time::Duration;

use crate::time::Timestamp;

/// How long an item counts after it was requested.
pub const SPAN: Duration = Duration::from_hours(24);
/// The default of [`Quotas::daily_items`].
pub const DAILY_ITEMS: u64 = 50_000;
/// The most batches of all actors together that may wait to be sent. At CloudFront's pace, that takes more than a
/// day.
pub const QUEUE: usize = 50_000;
/// The most requests of one actor that may wait for a second person.
pub const PROPOSALS: usize = 50;

/// The limits that are configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// The most items that one person or token may request within [`SPAN`]. `None` means no limit.
    pub daily_items: Option<u64>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { daily_items: Some(DAILY_ITEMS) }
    }
}

/// What an actor has requested within [`SPAN`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuotaUsage {
    pub items: u64,
    /// When the first of these items was requested.
    pub since: Option<Timestamp>,
}

impl Quotas {
    /// Why the actor may not request `items` more items, as a message. `None` if the actor may.
    #[must_use]
    pub fn refusal(self, items: usize, spent: QuotaUsage) -> Option<String> {
        let most = self.daily_items?;
        let left = most.saturating_sub(spent.items);
        let items = u64::try_from(items).unwrap_or(u64::MAX);
        if items <= left {
            return None;
        }
        let later = match spent.since {
            Some(since) if spent.items > 0 => format!(
                "; there is room again from {}",
                since.plus(SPAN).to_string().split_at(16).0.replace('T', " ") + " UTC on"
            ),
            _ => String::new(),
        };
        Some(format!(
            "one person or token may request {most} items in 24 hours, of which {left} are left, and this has {items}{later}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_may_be_spent_and_no_more() {
        let quotas = Quotas { daily_items: Some(10) };
        let since = Timestamp::parse("2026-11-22T14:05:33Z");
        let spent = QuotaUsage { items: 7, since };
        assert_eq!(quotas.refusal(3, spent), None);
        assert_eq!(
            quotas.refusal(4, spent).as_deref(),
            Some(
                "one person or token may request 10 items in 24 hours, of which 3 are left, and this has 4; there is room again from 2026-11-23 14:05 UTC on"
            )
        );
        let unspent = quotas.refusal(11, QuotaUsage::default()).unwrap_or_default();
        assert!(unspent.ends_with("and this has 11"), "{unspent}");
        assert_eq!(Quotas { daily_items: None }.refusal(usize::MAX, spent), None);
    }
}
