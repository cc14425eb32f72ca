//! The message of an error with the messages of its causes.

use std::error::Error;

/// The error's message and the message of each cause, separated by colons. The `Display` of Unstale's own errors
/// leaves the source out. Some libraries include it, so a cause is left out if the text already ends with its
/// message.
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
