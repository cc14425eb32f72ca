//! Stand-in until the verdict lands.

/// What two looks prove of one URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Fresh,
    Unchanged,
    Stale,
    Broken,
    Unclear,
}

impl Verdict {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Broken => "broken",
            Self::Unclear => "unclear",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Fresh, Self::Unchanged, Self::Stale, Self::Broken, Self::Unclear]
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
    }
}

/// Whether viewers get what an invalidation was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    Off,
    Pending,
    Fresh,
    Unchanged,
    Stale,
    Broken,
    Unclear,
}

impl Freshness {
    pub const ALL: [Self; 7] =
        [Self::Off, Self::Pending, Self::Fresh, Self::Unchanged, Self::Stale, Self::Broken, Self::Unclear];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Pending => "pending",
            Self::Fresh => "fresh",
            Self::Unchanged => "unchanged",
            Self::Stale => "stale",
            Self::Broken => "broken",
            Self::Unclear => "unclear",
        }
    }

    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|freshness| freshness.as_str() == word)
    }
}

/// A verdict and its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    pub verdict: Verdict,
    pub cause: Option<super::CheckCause>,
}
