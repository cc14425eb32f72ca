//! Why a request cannot have its URLs fetched afterwards.

use crate::checks::ExpectedContent;

/// What does not go together with warming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WarmingRefusal {
    #[error("Removed URLs cannot be fetched: the edge would keep an error. Choose one of the two.")]
    TakenDown,
    #[error("Checks are switched off (UNSTALE_CHECKS=off), so nothing can be fetched afterwards.")]
    ChecksOff,
}

impl WarmingRefusal {
    /// Checks that a request may have its URLs fetched, where it asks for that.
    pub fn check(is_wanted: bool, expected: ExpectedContent, are_checks_on: bool) -> Result<(), Self> {
        if !is_wanted {
            Ok(())
        } else if !are_checks_on {
            Err(Self::ChecksOff)
        } else if expected == ExpectedContent::Gone {
            Err(Self::TakenDown)
        } else {
            Ok(())
        }
    }

    /// What is wrong with the field, for programs and for the history.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::TakenDown => "cannot be used together with gone: the edge would keep an error.",
            Self::ChecksOff => "cannot be used: checks are switched off (UNSTALE_CHECKS=off).",
        }
    }
}
