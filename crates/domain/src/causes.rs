//! An error's words together with those of its causes.

use std::error::Error;

/// The error and each cause behind it, with a colon between them. Our own errors leave their source out of `Display`.
/// Those of some libraries have it in both; what was said already is not said again.
#[must_use]
pub fn with_causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        next = cause.source();
    }
    words
}
