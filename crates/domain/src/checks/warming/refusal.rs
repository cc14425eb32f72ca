//! Why a request cannot have its URLs fetched afterwards.

use crate::checks::ExpectedContent;

/// What does not go together with warming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WarmingRefusal {
    #[error("What was taken down cannot be fetched: the edge would keep an error. Ask for one or the other.")]
    TakenDown,
    #[error("Unstale runs with UNSTALE_CHECKS=off and asks no site, so nothing can be fetched afterwards.")]
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
            Self::TakenDown => "cannot be asked for together with gone: the edge would keep an error.",
            Self::ChecksOff => "cannot be asked for: Unstale runs with UNSTALE_CHECKS=off and asks no site.",
        }
    }
}
