//! One thing that a channel is told of.

use serde::{Deserialize, Serialize};

/// What happened, with what a message says of it. It is kept as JSON, and webhooks get it in this form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// When it happened, as RFC 3339 in UTC.
    pub at: String,
    /// The path of the page that shows it, such as `/invalidations/0197…`.
    pub path: String,
    /// The ID of the invalidation. `None` for what is about none.
    pub invalidation: Option<String>,
    pub distribution: Option<NoticeDistribution>,
    /// Who requested it: an e-mail address or the name of a token. Empty where nobody did.
    pub requested_by: String,
    pub reason: String,
    /// The first items.
    pub items: Vec<String>,
    pub item_count: u64,
    /// What viewers get after it, as `freshness` of the API. `None` where it was not checked now.
    pub freshness: Option<String>,
    /// What happened and what to do, in words. May be empty.
    pub detail: String,
}

/// A distribution as messages name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDistribution {
    pub id: String,
    /// The name, the first alias or the domain name.
    pub name: String,
}

impl Notice {
    /// `/a.html, /b.html and 3 more`
    #[must_use]
    pub fn items_in_words(&self) -> String {
        let named = self.items.join(", ");
        let others = self.item_count.saturating_sub(self.items.len() as u64);
        match (named.is_empty(), others) {
            (_, 0) => named,
            (true, 1) => "1 item".to_owned(),
            (true, others) => format!("{others} items"),
            (false, others) => format!("{named} and {others} more"),
        }
    }

    /// What it is about: the distribution, or else nothing.
    #[must_use]
    pub fn about(&self) -> &str {
        self.distribution.as_ref().map_or("", |distribution| &distribution.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_a_few_items() {
        let words = |items: &[&str], item_count| {
            let items = items.iter().map(|item| (*item).to_owned()).collect();
            Notice { items, item_count, ..Notice::default() }.items_in_words()
        };
        assert_eq!(words(&[], 0), "");
        assert_eq!(words(&[], 1), "1 item");
        assert_eq!(words(&[], 3_000), "3000 items");
        assert_eq!(words(&["/a", "/b"], 2), "/a, /b");
        assert_eq!(words(&["/a"], 3), "/a and 2 more");
    }
}
