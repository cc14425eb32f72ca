//! Text in a form that both databases can store.

use std::borrow::Cow;

/// The character that replaces one that cannot be stored: U+FFFD.
const REPLACEMENT: &str = "\u{fffd}";

/// The text with each NUL replaced by U+FFFD.
///
/// PostgreSQL cannot store U+0000 in text ("Character Types" in its documentation) and refuses a statement with it;
/// `SQLite` stores it. No useful text contains one.
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
