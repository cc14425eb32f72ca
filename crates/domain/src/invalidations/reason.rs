//! The reason of a request: one line of text that is stored in the history.

/// The longest reason, in characters.
pub const REASON_MAX: usize = 500;

/// Why a reason is not valid, as a message for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    #[error("Use at most {REASON_MAX} characters.")]
    TooLong,
    #[error("A reason is one line of text; a control character is in it.")]
    ControlCharacter,
}

/// Checks a reason and trims it. It may be empty.
pub fn parse_reason(typed: &str) -> Result<String, ReasonError> {
    let reason = typed.trim();
    if reason.chars().count() > REASON_MAX {
        Err(ReasonError::TooLong)
    } else if reason.chars().any(char::is_control) {
        Err(ReasonError::ControlCharacter)
    } else {
        Ok(reason.to_owned())
    }
}
