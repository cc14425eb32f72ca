//! What the checks of an invalidation say in all.

use super::{ExpectedContent, Verdict};

/// What viewers get after an invalidation: the worst of its checks' verdicts.
///
/// The order of the variants is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// There are no checks.
    Off,
    Fresh,
    Unchanged,
    /// A check has no verdict yet.
    Pending,
    Unclear,
    Stale,
    Broken,
}

impl Freshness {
    pub const ALL: [Self; 7] =
        [Self::Off, Self::Pending, Self::Fresh, Self::Unchanged, Self::Stale, Self::Broken, Self::Unclear];

    /// The worst of these verdicts. `None` is a check without a verdict yet.
    #[must_use]
    pub fn of(verdicts: impl IntoIterator<Item = Option<Verdict>>) -> Self {
        let each = verdicts.into_iter().map(|verdict| verdict.map_or(Self::Pending, Self::from));
        each.max().unwrap_or(Self::Off)
    }

    /// The stable word, in the store and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Pending => "pending",
            Self::Fresh => Verdict::Fresh.as_str(),
            Self::Unchanged => Verdict::Unchanged.as_str(),
            Self::Stale => Verdict::Stale.as_str(),
            Self::Broken => Verdict::Broken.as_str(),
            Self::Unclear => Verdict::Unclear.as_str(),
        }
    }

    /// What it says, in one word for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Off => "Not checked",
            Self::Pending => "Checking",
            Self::Fresh => "Fresh",
            Self::Unchanged => "Unchanged",
            Self::Stale => "Stale",
            Self::Broken => "Broken",
            Self::Unclear => "Unclear",
        }
    }

    /// What it says where this was expected: viewers no longer get a URL that was taken down.
    #[must_use]
    pub const fn label_for(self, expected: ExpectedContent) -> &'static str {
        match (self, expected) {
            (Self::Fresh, ExpectedContent::Gone) => "Gone",
            _ => self.label(),
        }
    }

    /// The freshness of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|freshness| freshness.as_str() == word)
    }
}

impl From<Verdict> for Freshness {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fresh => Self::Fresh,
            Verdict::Unchanged => Self::Unchanged,
            Verdict::Stale => Self::Stale,
            Verdict::Broken => Self::Broken,
            Verdict::Unclear => Self::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_verdict_counts() {
        let worst_first = [
            Some(Verdict::Broken),
            Some(Verdict::Stale),
            Some(Verdict::Unclear),
            None,
            Some(Verdict::Unchanged),
            Some(Verdict::Fresh),
        ];
        let words = ["broken", "stale", "unclear", "pending", "unchanged", "fresh"];
        for (n, word) in words.into_iter().enumerate() {
            let freshness = Freshness::of(worst_first[n..].iter().rev().copied());
            assert_eq!(freshness.as_str(), word);
        }
        assert_eq!(Freshness::of([]), Freshness::Off);
    }

    #[test]
    fn each_word_is_one_freshness() {
        for freshness in Freshness::ALL {
            assert_eq!(Freshness::parse(freshness.as_str()), Some(freshness));
        }
        assert_eq!(Freshness::parse("Fresh"), None);
    }
}
