//! Why something is invalidated: a line of text that the history keeps.

use super::item::invisible_in;

/// French sets it before a colon, and it looks like the blank that it is.
const NO_BREAK_SPACE: char = '\u{a0}';
/// The longest reason, in characters.
pub const REASON_MAX: usize = 500;

/// Why a reason cannot be kept, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    #[error("Use at most {REASON_MAX} characters.")]
    TooLong,
    #[error("A reason is one line of text; a control character is in it.")]
    ControlCharacter,
    #[error(
        "A reason is text that everybody can read; U+{0:04X}, which nobody sees or which turns what follows, is in it. Type it again."
    )]
    InvisibleCharacter(u32),
}

/// Reads a reason as typed; it may be empty.
pub fn parse_reason(typed: &str) -> Result<String, ReasonError> {
    let reason = typed.trim();
    if reason.chars().count() > REASON_MAX {
        Err(ReasonError::TooLong)
    } else if reason.chars().any(char::is_control) {
        Err(ReasonError::ControlCharacter)
    } else if let Some((_, c)) = invisible_in(reason).filter(|(_, c)| *c != NO_BREAK_SPACE) {
        Err(ReasonError::InvisibleCharacter(u32::from(c)))
    } else {
        Ok(reason.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_what_one_reads() {
        for good in
            ["", " build 5121 ", "neuer Preis für Zürich", "prix\u{a0}: 5 €", "價格", "👩\u{200d}🔧 mended"]
        {
            assert_eq!(parse_reason(good).as_deref(), Ok(good.trim()), "{good}");
        }
        for hidden in ['\u{202e}', '\u{200b}', '\u{feff}', '\u{2028}', '\u{e0041}'] {
            let refused = parse_reason(&format!("a{hidden}b")).unwrap_err();
            assert_eq!(refused, ReasonError::InvisibleCharacter(u32::from(hidden)));
        }
        assert_eq!(parse_reason("a\nb"), Err(ReasonError::ControlCharacter));
        assert_eq!(parse_reason(&"x".repeat(501)), Err(ReasonError::TooLong));
    }
}
