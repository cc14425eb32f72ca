//! Text as both engines can keep it.

use std::borrow::Cow;

/// What stands in the place of a character that cannot be kept, U+FFFD.
const REPLACEMENT: &str = "\u{fffd}";

/// The text with a replacement character for each NUL.
///
/// PostgreSQL's text has no room for U+0000 ("Character Types" in its documentation) and refuses a statement with it,
/// where `SQLite` keeps it. Nothing that people or programs have a use for contains one.
#[must_use]
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', REPLACEMENT).into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_nul_is_replaced() {
        assert!(matches!(storable("a\u{1}\u{fffd}ü"), Cow::Borrowed("a\u{1}\u{fffd}ü")));
        assert_eq!(storable("\0a\0"), "\u{fffd}a\u{fffd}");
    }
}
