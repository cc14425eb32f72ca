//! All that a verdict is reached from.

use super::{EdgeConfiguration, ExpectedContent, Look};
use crate::time::Timestamp;

/// The looks at one URL, and what is known about them.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The URL that was looked at, such as `https://www.example.com/news.html`.
    pub url: &'a str,
    /// When CloudFront accepted the invalidation, by our own clock. `None` for a check without an invalidation.
    pub accepted_at: Option<Timestamp>,
    /// When CloudFront was seen to have completed it. `None` if that has not been seen.
    pub completed_at: Option<Timestamp>,
    /// The look before anything was cleared, if there was one.
    pub before: Option<&'a Look>,
    pub after: &'a Look,
    pub expected: ExpectedContent,
    /// Whether nobody named this URL: it is only what a wildcard covers if anything.
    pub is_guessed: bool,
    pub configuration: &'a EdgeConfiguration,
}
